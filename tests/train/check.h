/* check - what the tests of src/train share: counted failures, one line at the end */
#pragma once

#include <math.h>
#include <mpi.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/real.h"
#include "base/rng.h"
#include "base/status.h"
#include "program/shape.h"

static int failures;

static inline void expect(bool ok, const char *what)
{
  if (ok) return;
  if (failures++ > 20) return;
  printf("FAILED: %s (%s)\n", what, fh_status_message());
}

/* |got - want| <= tolerance max(1, |want|) */
static inline void near(double got, double want, double tolerance, const char *what)
{
  const double scale = fabs(want) > 1 ? fabs(want) : 1;
  if (fabs(got - want) <= tolerance * scale) return;
  if (failures++ > 20) return;
  printf("FAILED: %s: %.17g, should be %.17g (tolerance %g)\n", what, got, want, tolerance);
}

/* The call fails with this code and a sentence that holds the words. */
static inline void refused(fh_status got, fh_status want, const char *words)
{
  if (got == want && strstr(fh_status_message(), words)) return;
  failures++;
  printf("FAILED: error %d (%s) instead of %d with '%s'\n", (int)got, fh_status_message(),
         (int)want, words);
}

/* The call must succeed, or the test ends here. */
#define MUST(call)                                                                                 \
  do {                                                                                             \
    if ((call) != FH_OK) {                                                                         \
      fh_status_print(stdout);                                                                     \
      MPI_Abort(MPI_COMM_WORLD, 1);                                                                \
    }                                                                                              \
  } while (0)

static inline fh_shape box_shape(ptrdiff_t batch, ptrdiff_t channels, int dim, const ptrdiff_t *n)
{
  fh_grid grid;
  MUST(fh_grid_box(dim, n, FH_PERIODIC, FH_CELL, &grid));
  return (fh_shape){batch, channels, fh_layout_whole(&grid)};
}

/* Reproducible noise: number i of series. */
static inline double noise(uint64_t series, ptrdiff_t i)
{
  const fh_rng r = {1, FH_STREAM_TEST, series, 0};
  return fh_rng_normal(&r, (uint64_t)i);
}

static inline void fill_noise(uint64_t series, ptrdiff_t n, fh_real *x)
{
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)noise(series, i);
}

/* Ends a test on all ranks: rank 0 prints the line. */
static inline int finish(const char *name)
{
  int rank, all;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  if (rank == 0 && !all) printf("%s (%s): passed\n", name, FH_PRECISION);
  MPI_Finalize();
  return all ? 1 : 0;
}
