/* dense - complex matrices by BLAS and LAPACK, and the unfoldings of tensors */
#include <cblas.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "tensor/tensor_impl.h"

/* LAPACK, as Fortran sees it (OpenBLAS brings it along; there is no header that is everywhere) */
void zgeqrf_(const int *m, const int *n, fh_z *a, const int *lda, fh_z *tau, fh_z *work,
             const int *lwork, int *info);
void zgesdd_(const char *job, const int *m, const int *n, fh_z *a, const int *lda, double *s,
             fh_z *u, const int *ldu, fh_z *vt, const int *ldvt, fh_z *work, const int *lwork,
             double *rwork, int *iwork, int *info);
void zposv_(const char *uplo, const int *n, const int *columns, fh_z *a, const int *lda, fh_z *b,
            const int *ldb, int *info);

fh_status fh_tensor_fits(int modes, const ptrdiff_t *n, ptrdiff_t *size)
{
  int as_int = 0;
  FH_TRY(fh_size_product(modes, n, size));
  FH_TRY(fh_size_int(*size, &as_int));
  return FH_OK;
}

void fh_z_multiply(fh_z_form fa, fh_z_form fb, ptrdiff_t m, ptrdiff_t n, ptrdiff_t k, const fh_z *a,
                   const fh_z *b, fh_z *c)
{
  static const CBLAS_TRANSPOSE forms[] = {CblasNoTrans, CblasTrans, CblasConjTrans};
  const fh_z one = 1, zero = 0;
  cblas_zgemm(CblasRowMajor, forms[fa], forms[fb], (int)m, (int)n, (int)k, &one, a,
              (int)(fa == FH_Z_PLAIN ? k : m), b, (int)(fb == FH_Z_PLAIN ? n : k), &zero, c,
              (int)n);
}

void fh_z_adjoint(ptrdiff_t rows, ptrdiff_t columns, const fh_z *in, fh_z *out)
{
  for (ptrdiff_t i = 0; i < rows; i++)
    for (ptrdiff_t j = 0; j < columns; j++) out[j * rows + i] = conj(in[i * columns + j]);
}

void fh_z_times(ptrdiff_t n, const fh_z *x, bool conjugate, fh_z *y)
{
  const double *a = (const double *)x, sign = conjugate ? -1 : 1;
  double *b = (double *)y;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double re = b[2 * i], im = b[2 * i + 1], im_x = sign * a[2 * i + 1];
    b[2 * i] = re * a[2 * i] - im * im_x;
    b[2 * i + 1] = re * im_x + im * a[2 * i];
  }
}

double fh_z_energy(ptrdiff_t n, const fh_z *x)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += creal(x[i]) * creal(x[i]) + cimag(x[i]) * cimag(x[i]);
  return sum;
}

/* ---- singular vectors ----------------------------------------------------------------------------- */

/* LAPACK reads the row-major a (m x n) as its transposed (n x m): its right vectors are our left ones,
 * stored as we store them. A wide a is first reduced to its triangle of m x m, which has the same. */
static fh_status triangle(int m, int n, fh_z *a, fh_z **r)
{
  fh_z *tau = NULL, *work = NULL, best = 0;
  int info = 0, query = -1;
  zgeqrf_(&n, &m, a, &n, &best, &best, &query, &info);
  const int room = (int)creal(best);
  FH_NEW(tau, m);
  work = fh_calloc(room, sizeof *work);
  if (work) zgeqrf_(&n, &m, a, &n, tau, work, &room, &info);
  fh_free(tau);
  FH_CHECK(work, FH_ERR_MEMORY, "out of memory: a QR decomposition needs %d numbers", room);
  fh_free(work);
  FH_CHECK(info == 0, FH_ERR_NUMERIC, "LAPACK's zgeqrf ended with %d on a matrix of %d x %d", info,
           n, m);
  FH_NEW(*r, (ptrdiff_t)m * m);
  for (int j = 0; j < m; j++)
    memcpy(*r + (ptrdiff_t)m * j, a + (ptrdiff_t)n * j, (size_t)(j + 1) * sizeof **r);
  return FH_OK;
}

typedef struct {
  fh_z *left, *work;
  double *real;
  int *whole;
} svd_room;

static fh_status make_room(int rows, int columns, int lwork, svd_room *room)
{
  const ptrdiff_t least = rows < columns ? rows : columns, most = rows < columns ? columns : rows;
  FH_NEW(room->left, rows * least);
  FH_NEW(room->work, lwork);
  FH_NEW(room->real, 7 * least * least + 2 * most * least + 7 * least);
  FH_NEW(room->whole, 8 * least);
  return FH_OK;
}

/* right singular vectors of a column-major matrix of rows x columns, into vt (min x columns) */
static fh_status right_vectors(int rows, int columns, fh_z *a, fh_z *vt, double *sigma)
{
  const int least = rows < columns ? rows : columns, query = -1;
  svd_room room = {NULL, NULL, NULL, NULL};
  fh_z best = 0;
  double none = 0;
  int info = 0;
  zgesdd_("S", &rows, &columns, a, &rows, sigma, &best, &rows, vt, &least, &best, &query, &none,
          &info, &info);
  const int lwork = (int)creal(best);
  fh_status st = make_room(rows, columns, lwork, &room);
  if (st == FH_OK)
    zgesdd_("S", &rows, &columns, a, &rows, sigma, room.left, &rows, vt, &least, room.work, &lwork,
            room.real, room.whole, &info);
  fh_free(room.left);
  fh_free(room.work);
  fh_free(room.real);
  fh_free(room.whole);
  FH_TRY(st);
  FH_CHECK(info == 0, FH_ERR_NUMERIC, "LAPACK's zgesdd ended with %d on a matrix of %d x %d", info,
           rows, columns);
  return FH_OK;
}

fh_status fh_left_vectors(ptrdiff_t m, ptrdiff_t n, fh_z *a, fh_z *u, double *sigma)
{
  int rows = 0, columns = 0;
  fh_z *r = NULL;
  FH_TRY(fh_size_int(m, &rows));
  FH_TRY(fh_size_int(n, &columns));
  if (n <= m) return right_vectors(columns, rows, a, u, sigma);
  FH_TRY(triangle(rows, columns, a, &r));
  const fh_status st = right_vectors(rows, rows, r, u, sigma);
  fh_free(r);
  return st;
}

void fh_solve_definite(ptrdiff_t n, fh_z *h, ptrdiff_t rows, fh_z *b, bool *definite)
{
  /* as LAPACK reads them: the transposed of h, and one right-hand side a row of b */
  const int size = (int)n, columns = (int)rows;
  int info = 0;
  zposv_("L", &size, &columns, h, &size, b, &size, &info);
  *definite = info == 0;
}

/* ---- along the modes of a tensor ------------------------------------------------------------------ */

ptrdiff_t fh_product(int count, const ptrdiff_t *n)
{
  ptrdiff_t p = 1;
  for (int i = 0; i < count; i++) p *= n[i];
  return p;
}

void fh_unfold(int modes, const ptrdiff_t *n, int j, const fh_z *w, fh_z *out)
{
  const ptrdiff_t before = fh_product(j, n), after = fh_product(modes - j - 1, n + j + 1);
  for (ptrdiff_t i = 0; i < n[j]; i++)
    for (ptrdiff_t p = 0; p < before; p++)
      memcpy(out + (i * before + p) * after, w + (p * n[j] + i) * after, (size_t)after * sizeof *w);
}

void fh_along(int modes, const ptrdiff_t *n, int j, ptrdiff_t rows, const fh_z *matrix,
              const fh_z *w, fh_z *out)
{
  const ptrdiff_t before = fh_product(j, n), after = fh_product(modes - j - 1, n + j + 1);
  if (after == 1) {
    fh_z_multiply(FH_Z_PLAIN, FH_Z_TRANSPOSED, before, rows, n[j], w, matrix, out);
    return;
  }
  for (ptrdiff_t p = 0; p < before; p++)
    fh_z_multiply(FH_Z_PLAIN, FH_Z_PLAIN, rows, after, n[j], matrix, w + p * n[j] * after,
                  out + p * rows * after);
}

fh_status fh_unfolding_vectors(int modes, const ptrdiff_t *n, int j, const fh_z *w, ptrdiff_t rank,
                               fh_z *u)
{
  const ptrdiff_t size = fh_product(modes, n), rest = size / n[j],
                  least = n[j] < rest ? n[j] : rest;
  fh_z *a = NULL, *all = NULL;
  double *values = NULL;
  FH_NEW(a, size);
  all = fh_calloc(n[j] * least, sizeof *all);
  values = fh_calloc(least, sizeof *values);
  fh_status st = all && values ? FH_OK : FH_ERR_MEMORY;
  if (st == FH_OK) {
    fh_unfold(modes, n, j, w, a);
    st = fh_left_vectors(n[j], rest, a, all, values);
  }
  for (ptrdiff_t i = 0; st == FH_OK && i < n[j]; i++)
    memcpy(u + i * rank, all + i * least, (size_t)rank * sizeof *u);
  fh_free(a);
  fh_free(all);
  fh_free(values);
  FH_TRY(st);
  return FH_OK;
}
