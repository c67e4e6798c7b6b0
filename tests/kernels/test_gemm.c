/* The BLAS wrapper against the sum, all four transpositions, rows longer than the matrix. */
#include <math.h>
#include <stdio.h>

#include "base/rng.h"
#include "kernels/gemm.h"

enum { M = 5, N = 7, K = 4, LD = 9 };

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_rng r = {.seed = 3, .stream = FH_STREAM_TEST};
  fh_real a[LD * LD], b[LD * LD], c[LD * LD], old[LD * LD];
  int failures = 0;
  for (int t = 0; t < 4; t++) {
    const bool at = t & 1, bt = t & 2;
    for (int i = 0; i < LD * LD; i++) {
      a[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
      b[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i + 1000);
      c[i] = old[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i + 2000);
    }
    if (fh_gemm(at, bt, M, N, K, 2, a, LD, b, LD, -1, c, LD) != FH_OK) failures++;
    for (int i = 0; i < LD; i++)
      for (int j = 0; j < LD; j++) {
        double want = (double)old[i * LD + j];
        if (i < M && j < N) want = -want;
        for (int k = 0; i < M && j < N && k < K; k++)
          want += 2.0 * (double)a[at ? k * LD + i : i * LD + k] *
                  (double)b[bt ? j * LD + k : k * LD + j];
        if (!(fabs((double)c[i * LD + j] - want) <= 40 * FH_REAL_EPSILON)) {
          printf("FAIL transposed %d %d: entry %d %d is %g, not %g\n", at, bt, i, j,
                 (double)c[i * LD + j], want);
          failures++;
        }
      }
  }
  const ptrdiff_t huge = (ptrdiff_t)1 << 40;
  if (fh_gemm(false, false, 1, 1, huge, 1, a, huge, b, 1, 0, c, 1) != FH_ERR_ARG) {
    printf("FAIL: a size that BLAS cannot hold was accepted\n");
    failures++;
  }
  if (!failures) printf("gemm: four transpositions\n");
  MPI_Finalize();
  return failures != 0;
}
