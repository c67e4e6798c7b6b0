/* When a factor is renewed, on costs that are made up: noise must not renew it, drift must. */
#include "base/rng.h"
#include "datagen/common.h"
#include "datagen/skr/frozen.h"

enum { SYSTEMS = 2000, PRICE = 28, COST = 12 };

/* systems cost COST, more by drift a system since the last factor, and scatter by `noise` of that; returns
   the factors made, and the mean cost of a system in *mean */
static int follow(double drift, double noise, double *mean)
{
  const fh_rng rng = {1, FH_STREAM_TEST, 0, 0};
  fh_frozen f = {.systems = 0};
  int factors = 0;
  double total = 0.0;
  for (int i = 0; i < SYSTEMS; i++) {
    if (fh_frozen_is_old(&f)) {
      fh_frozen_renewed(&f, PRICE);
      factors++;
      total += PRICE;
    }
    const double cost = (COST + drift * f.systems) *
                        (1.0 + noise * (2.0 * fh_rng_uniform(&rng, (uint64_t)i) - 1.0));
    fh_frozen_used(&f, cost, (int)cost);
    total += cost;
  }
  *mean = total / SYSTEMS;
  return factors;
}

int main(int argc, char **argv)
{
  double mean;
  MPI_Init(&argc, &argv);
  EXPECT(follow(0.0, 0.0, &mean) == 1, "a sequence without drift or noise renews its factor");
  const int noisy = follow(0.0, 0.3, &mean);
  EXPECT(noisy < SYSTEMS / 20 && mean < COST * 1.1, "noise of 30 %%: %d factors, %g a system",
         noisy, mean);
  for (double drift = 0.05; drift < 3.0; drift *= 4.0) {
    /* at best: a factor every n systems, n^2 = 2 price / drift */
    const double n = fmax(1.0, sqrt(2.0 * PRICE / drift)),
                 best = COST + PRICE / n + 0.5 * drift * (n - 1.0);
    const int factors = follow(drift, 0.1, &mean);
    EXPECT(mean < 1.12 * best, "drift %g: %d factors, %g a system, %g at best", drift, factors,
           mean, best);
  }
  fh_frozen f = {.systems = 0};
  fh_frozen_renewed(&f, 1.0);
  EXPECT(fh_frozen_patience(&f, 5, 1000) == 1000, "nothing is known of a step yet");
  fh_frozen_used(&f, 0.3, 1); /* of which two thirds are no step */
  EXPECT(fh_frozen_patience(&f, 5, 1000) == 20, "patience %d", fh_frozen_patience(&f, 5, 1000));
  printf("frozen: noise, drift, patience\n");
  return MPI_Finalize();
}
