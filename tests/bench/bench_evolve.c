/* Milliseconds of processor time, one rank: a product of two functions by transforms (fftw_plane.h), and a time
 * step of Navier-Stokes, four of them and the rest (least of several).
 *
 *   bench_evolve [seconds a case] [largest size]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "datagen/generate.h"
#include "datagen/labeller.h"
#include "datagen/spectral/fftw_plane.h"

#define MUST(call)                                                                                 \
  do {                                                                                             \
    if ((call) != FH_OK) {                                                                         \
      fh_status_print(stderr);                                                                     \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                                \
    }                                                                                              \
  } while (0)

static double processor(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void nothing(void *context, ptrdiff_t first, ptrdiff_t count, double *values)
{
  (void)context, (void)first, (void)count, (void)values;
}

static double time_product(ptrdiff_t size, double seconds)
{
  const ptrdiff_t n[2] = {size, size};
  fh_plane *plane = NULL;
  double *modes[2], best = 1e9;
  MUST(fh_plane_create(MPI_COMM_WORLD, n, NULL, &plane));
  for (int f = 0; f < 2; f++)
    modes[f] = fh_calloc(2 * fh_plane_where(plane)->modes, sizeof(double));
  const double *const in[2] = {modes[0], modes[1]};
  for (double total = 0.0; total < seconds;) {
    const double start = processor();
    for (int i = 0; i < 4; i++) MUST(fh_plane_product(plane, 2, in, modes, nothing, NULL));
    const double t = processor() - start;
    if (t / 4 < best) best = t / 4;
    total += t;
  }
  for (int f = 0; f < 2; f++) fh_free(modes[f]);
  fh_plane_destroy(&plane);
  return best;
}

static double time_step(ptrdiff_t size, double seconds)
{
  enum { STEPS = 10 };
  const fh_field *fields = NULL;
  fh_generate_config c;
  fh_labeller *l = NULL;
  double best = 1e9;
  MUST(fh_generate_prepare("navier-stokes", NULL, &c, &fields));
  c.size = (fh_int_list){1, {size}};
  MUST(fh_config_set(fields, c.problem_config, "dt", "1e-4"));
  MUST(fh_config_set(fields, c.problem_config, "end_time", "1e-3"));
  MUST(fh_labeller_create(MPI_COMM_WORLD, &c, &l));
  for (double total = 0.0; total < seconds;) {
    fh_sample_record record;
    char why[256];
    const double start = processor();
    MUST(fh_labeller_make(l, 0, &record, why));
    const double t = processor() - start;
    if (t / STEPS < best) best = t / STEPS;
    total += t;
  }
  fh_labeller_destroy(&l);
  return best;
}

int main(int argc, char **argv)
{
  int none = 1;
  const double seconds = argc > 1 ? strtod(argv[1], NULL) : 0.5;
  const ptrdiff_t largest = argc > 2 ? strtol(argv[2], NULL, 10) : 1024;
  if (PetscInitialize(&none, &argv, NULL, NULL)) return 1;
  printf("%8s %12s %12s\n", "size", "product, ms", "step, ms");
  for (ptrdiff_t size = 64; size <= largest; size *= 2)
    printf("%8td %12.3f %12.3f\n", size, 1e3 * time_product(size, seconds),
           1e3 * time_step(size, seconds));
  return PetscFinalize() != 0;
}
