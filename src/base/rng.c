#include "base/rng.h"

#include <Random123/philox.h>

#include "base/box_muller.h"

void fh_rng_words(const fh_rng *r, uint64_t index, uint64_t words[4])
{
  const philox4x64_key_t key = {{r->seed, (uint64_t)r->stream}};
  const philox4x64_ctr_t counter = {{r->sample, r->field, index, 0}};
  const philox4x64_ctr_t out = philox4x64(counter, key);
  for (int i = 0; i < 4; i++) words[i] = out.v[i];
}

double fh_rng_uniform(const fh_rng *r, uint64_t index)
{
  uint64_t w[4];
  fh_rng_words(r, index, w);
  return fh_open_unit(w[0]);
}

void fh_rng_normal2(const fh_rng *r, uint64_t index, double z[2])
{
  uint64_t w[4];
  fh_rng_words(r, index, w);
  fh_box_muller(w[0], w[1], z, z + 1);
}

double fh_rng_normal(const fh_rng *r, uint64_t index)
{
  double z[2];
  fh_rng_normal2(r, index, z);
  return z[0];
}

void fh_rng_permutation(const fh_rng *r, int64_t n, int64_t *order)
{
  for (int64_t i = 0; i < n; i++) order[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    uint64_t w[4];
    fh_rng_words(r, (uint64_t)i, w);
    /* multiply-high maps 64 random bits onto 0..i; the bias is below 2^-60 for any real n */
    const int64_t j = (int64_t)(((unsigned __int128)w[0] * (uint64_t)(i + 1)) >> 64);
    const int64_t t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
}

uint64_t fh_rng_hash(const char *name)
{
  uint64_t h = 1469598103934665603ull;
  for (; *name; name++) h = (h ^ (unsigned char)*name) * 1099511628211ull;
  return h;
}
