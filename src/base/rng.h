/**
 * rng - random numbers as a function of a counter
 *
 * Philox4x64-10 (Salmon et al., SC11; Random123). There is no state: a number is named by
 * key = (seed, stream) and counter = (sample, field, index, 0), so that it does not depend on the
 * number of ranks, on the order of the calls or on the resolution, and a restart needs no state.
 */
#pragma once

#include <stdint.h>

/** Streams in use; each consumer of randomness has its own. */
typedef enum {
  FH_STREAM_FIELD =
      1,              /* coefficients and sources of a sample: field = which, index = wave vector */
  FH_STREAM_INIT = 2, /* model parameters: sample = hash of the parameter's name */
  FH_STREAM_SHUFFLE = 3, /* order of the samples: sample = epoch */
  FH_STREAM_TEST = 4,    /* data made up by tests */
  FH_STREAM_DROPOUT = 5
} fh_stream;

typedef struct {
  uint64_t seed;
  fh_stream stream;
  uint64_t sample, field;
} fh_rng;

/** Four independent 64-bit words of index. */
void fh_rng_words(const fh_rng *r, uint64_t index, uint64_t words[4]);
/** Uniform on (0, 1): never 0, never 1. */
double fh_rng_uniform(const fh_rng *r, uint64_t index);
/** Standard normal (Box-Muller on the words of index). */
double fh_rng_normal(const fh_rng *r, uint64_t index);
/** Two independent standard normals of index. */
void fh_rng_normal2(const fh_rng *r, uint64_t index, double z[2]);
/** A permutation of 0..n-1 (Fisher-Yates driven by r). */
void fh_rng_permutation(const fh_rng *r, int64_t n, int64_t *order);
/** A 64-bit FNV-1a hash of a name, to key what has a name. */
uint64_t fh_rng_hash(const char *name);
