#include "kernels/cgemm.h"

#include <cblas.h>

#include "base/size.h"

#ifdef FH_DOUBLE
#define GEMM cblas_zgemm
#else
#define GEMM cblas_cgemm
#endif

static CBLAS_TRANSPOSE blas(fh_matrix_form form)
{
  return form == FH_AS_IS ? CblasNoTrans : form == FH_ADJOINT ? CblasConjTrans : CblasTrans;
}

void fh_cgemm(fh_matrix_form form_a, fh_matrix_form form_b, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k,
              const fh_real *a, const fh_real *b, bool add, fh_real *c)
{
  const fh_real one[2] = {1, 0}, zero[2] = {0, 0};
  GEMM(CblasRowMajor, blas(form_a), blas(form_b), (int)m, (int)n, (int)k, one, a,
       (int)(form_a == FH_AS_IS ? k : m), b, (int)(form_b == FH_AS_IS ? n : k), add ? one : zero, c,
       (int)n);
}

fh_status fh_cgemm_fits(ptrdiff_t m, ptrdiff_t n, ptrdiff_t k)
{
  int as_int = 0;
  FH_TRY(fh_size_int(m, &as_int));
  FH_TRY(fh_size_int(n, &as_int));
  FH_TRY(fh_size_int(k, &as_int));
  return FH_OK;
}

void fh_add_conjugate(ptrdiff_t n, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    y[2 * i] += x[2 * i];
    y[2 * i + 1] -= x[2 * i + 1];
  }
}

void fh_conjugate(ptrdiff_t n, const fh_real *x, fh_real *y)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    y[2 * i] = x[2 * i];
    y[2 * i + 1] = -x[2 * i + 1];
  }
}
