#include "kernels/gemm.h"

#include <cblas.h>

#include "base/size.h"

#ifdef FH_DOUBLE
#define GEMM cblas_dgemm
#else
#define GEMM cblas_sgemm
#endif

fh_status fh_gemm(bool at, bool bt, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, fh_real alpha,
                  const fh_real *a, ptrdiff_t lda, const fh_real *b, ptrdiff_t ldb, fh_real beta,
                  fh_real *c, ptrdiff_t ldc)
{
  const ptrdiff_t size[6] = {m, n, k, lda, ldb, ldc};
  int as_int[6];
  for (int i = 0; i < 6; i++) FH_TRY(fh_size_int(size[i], &as_int[i]));
  GEMM(CblasRowMajor, at ? CblasTrans : CblasNoTrans, bt ? CblasTrans : CblasNoTrans, as_int[0],
       as_int[1], as_int[2], alpha, a, as_int[3], b, as_int[4], beta, c, as_int[5]);
  return FH_OK;
}
