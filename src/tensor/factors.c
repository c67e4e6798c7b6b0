#include "tensor/factors.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "tensor/tensor_impl.h"

/* ---- life ------------------------------------------------------------------------------------------- */

int fh_factors_shape(const fh_factors *f, int part, ptrdiff_t shape[FH_FACTOR_MODES])
{
  const int j = f->kind == FH_FACTOR_TT ? part : part - 1;
  if (f->kind == FH_FACTOR_TT) {
    shape[0] = f->rank[j];
    shape[1] = f->n[j];
    shape[2] = f->rank[j + 1];
    return 3;
  }
  if (part == 0) {
    const int count = fh_rank_count(f->kind, f->modes);
    memcpy(shape, f->rank, (size_t)count * sizeof *shape);
    return count;
  }
  shape[0] = f->n[j];
  shape[1] = f->rank[f->kind == FH_FACTOR_CP ? 0 : j];
  return 2;
}

ptrdiff_t fh_factors_size(const fh_factors *f, int part)
{
  ptrdiff_t shape[FH_FACTOR_MODES];
  const int modes = fh_factors_shape(f, part, shape);
  return fh_product(modes, shape);
}

ptrdiff_t fh_factors_dense_size(const fh_factors *f)
{
  return fh_product(f->modes, f->n);
}

static fh_status allocate(fh_factors *f)
{
  for (int p = 0; p < f->parts; p++) {
    ptrdiff_t shape[FH_FACTOR_MODES], size = 0;
    FH_TRY(fh_tensor_fits(fh_factors_shape(f, p, shape), shape, &size));
    FH_NEW(f->part[p], 2 * size);
  }
  return FH_OK;
}

fh_status fh_factors_create(fh_factor_kind kind, int modes, const ptrdiff_t *n,
                            const ptrdiff_t *rank, fh_factors **factors)
{
  fh_factors *f = NULL;
  ptrdiff_t size = 0;
  *factors = NULL;
  FH_CHECK(modes >= 1 && modes <= FH_FACTOR_MODES && kind != FH_FACTOR_NONE, FH_ERR_ARG,
           "a tensor of %d modes cannot have factors of kind %d; 1 to %d modes can", modes, kind,
           FH_FACTOR_MODES);
  FH_TRY(fh_tensor_fits(modes, n, &size));
  FH_NEW(f, 1);
  f->kind = kind;
  f->modes = modes;
  f->parts = kind == FH_FACTOR_TT ? modes : modes + 1;
  memcpy(f->n, n, (size_t)modes * sizeof *n);
  memcpy(f->rank, rank, (size_t)fh_rank_count(kind, modes) * sizeof *rank);
  const fh_status st = allocate(f);
  if (st != FH_OK) fh_factors_destroy(&f);
  *factors = f;
  FH_TRY(st);
  return FH_OK;
}

void fh_factors_destroy(fh_factors **factors)
{
  fh_factors *f = *factors;
  if (!f) return;
  for (int p = 0; p < f->parts; p++) fh_free(f->part[p]);
  fh_free(f);
  *factors = NULL;
}

/* ---- the tensor ------------------------------------------------------------------------------------- */

/* the larger half of the modes first, so that the two halves are about as large */
int fh_half_of_modes(int modes, const ptrdiff_t *n)
{
  int best = 1;
  double least = (double)INFINITY;
  for (int h = 1; h < modes; h++) {
    const double sum = (double)fh_product(h, n) + (double)fh_product(modes - h, n + h);
    if (sum < least) {
      least = sum;
      best = h;
    }
  }
  return best;
}

void fh_khatri_rao(const fh_factors *f, int first, int last, bool conjugate, fh_z *out)
{
  const ptrdiff_t rank = f->rank[0], rows = fh_product(last - first, f->n + first);
  for (ptrdiff_t i = 0; i < rows; i++) {
    fh_z *row = out + i * rank;
    for (ptrdiff_t r = 0; r < rank; r++) row[r] = 1;
    ptrdiff_t index = i;
    for (int j = last - 1; j >= first; j--) {
      fh_z_times(rank, fh_z_in(f->part[1 + j]) + index % f->n[j] * rank, conjugate, row);
      index /= f->n[j];
    }
  }
}

static fh_status expand_cp(const fh_factors *f, fh_z *w)
{
  const int half = fh_half_of_modes(f->modes, f->n);
  const ptrdiff_t rank = f->rank[0], rows = fh_product(half, f->n),
                  columns = fh_product(f->modes - half, f->n + half);
  fh_z *left = NULL, *right = NULL;
  FH_NEW(left, rows * rank);
  right = fh_calloc(columns * rank, sizeof *right);
  if (right) {
    fh_khatri_rao(f, 0, half, false, left);
    fh_khatri_rao(f, half, f->modes, false, right);
    const fh_z *weight = fh_z_in(f->part[0]);
    for (ptrdiff_t i = 0; i < rows; i++) fh_z_times(rank, weight, false, left + i * rank);
    fh_z_multiply(FH_Z_PLAIN, FH_Z_TRANSPOSED, rows, columns, rank, left, right, w);
  }
  fh_free(left);
  FH_CHECK(right, FH_ERR_MEMORY, "out of memory: %td x %td numbers", columns, rank);
  fh_free(right);
  return FH_OK;
}

/* one mode after the other, the last first; the results alternate between w and room */
static void expand_tucker(const fh_factors *f, fh_z *w, fh_z *room)
{
  ptrdiff_t n[FH_FACTOR_MODES];
  const fh_z *in = fh_z_in(f->part[0]);
  memcpy(n, f->rank, (size_t)f->modes * sizeof *n);
  for (int j = f->modes - 1; j >= 0; j--) {
    fh_z *out = j % 2 ? room : w;
    fh_along(f->modes, n, j, f->n[j], fh_z_in(f->part[1 + j]), in, out);
    n[j] = f->n[j];
    in = out;
  }
}

/* the product of the first cores, one core longer each time */
static void expand_tt(const fh_factors *f, fh_z *w, fh_z *room)
{
  ptrdiff_t rows = f->n[0];
  fh_z *turn[2] = {f->modes % 2 ? w : room, f->modes % 2 ? room : w};
  memcpy(turn[0], f->part[0], (size_t)(rows * f->rank[1]) * sizeof *w);
  for (int j = 1; j < f->modes; j++) {
    const ptrdiff_t columns = f->n[j] * f->rank[j + 1];
    fh_z_multiply(FH_Z_PLAIN, FH_Z_PLAIN, rows, columns, f->rank[j], turn[(j + 1) % 2],
                  fh_z_in(f->part[j]), turn[j % 2]);
    rows *= f->n[j];
  }
}

/* of the largest product on the way to the tensor */
static ptrdiff_t room_of(const fh_factors *f)
{
  ptrdiff_t most = fh_factors_dense_size(f), rows = 1;
  for (int j = 0; j < f->modes; j++) {
    rows *= f->n[j];
    if (f->kind == FH_FACTOR_TT && rows * f->rank[j + 1] > most) most = rows * f->rank[j + 1];
  }
  return most;
}

fh_status fh_factors_expand(const fh_factors *f, double *w)
{
  if (f->kind == FH_FACTOR_CP) return expand_cp(f, fh_z_of(w));
  const ptrdiff_t size = fh_factors_dense_size(f), most = room_of(f);
  fh_z *room = NULL, *out = NULL;
  FH_NEW(room, most);
  if (most > size) out = fh_calloc(most, sizeof *out);
  if (most > size && !out) {
    fh_free(room);
    FH_RAISE(FH_ERR_MEMORY, "out of memory: %td complex numbers", most);
  }
  fh_z *to = out ? out : fh_z_of(w);
  if (f->kind == FH_FACTOR_TUCKER)
    expand_tucker(f, to, room);
  else
    expand_tt(f, to, room);
  if (out) memcpy(w, out, (size_t)size * sizeof *out);
  fh_free(room);
  fh_free(out);
  return FH_OK;
}

fh_status fh_factors_error(const fh_factors *f, const double *w, double *error)
{
  const ptrdiff_t size = fh_factors_dense_size(f);
  double *mine = NULL, off = 0, all = 0;
  FH_NEW(mine, 2 * size);
  const fh_status st = fh_factors_expand(f, mine);
  for (ptrdiff_t i = 0; st == FH_OK && i < 2 * size; i++) {
    off += (mine[i] - w[i]) * (mine[i] - w[i]);
    all += w[i] * w[i];
  }
  fh_free(mine);
  FH_TRY(st);
  *error = off == 0 ? 0 : sqrt(off / all);
  return FH_OK;
}
