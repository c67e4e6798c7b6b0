/* tucker - HOSVD, ranks of an error, HOOI */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/decompose.h"
#include "tensor/tensor_impl.h"

/* ---- projections ------------------------------------------------------------------------------------ */

/* two tensors of w's size to write into by turns, and one factor */
typedef struct {
  fh_z *turn[2], *factor;
} room;

static fh_status room_create(const fh_factors *f, room *r)
{
  ptrdiff_t factor = 1;
  for (int j = 0; j < f->modes; j++) {
    const ptrdiff_t size = fh_factors_size(f, 1 + j);
    if (size > factor) factor = size;
  }
  for (int i = 0; i < 2; i++) FH_NEW(r->turn[i], fh_factors_dense_size(f));
  FH_NEW(r->factor, factor);
  return FH_OK;
}

static void room_clear(room *r)
{
  fh_free(r->turn[0]);
  fh_free(r->turn[1]);
  fh_free(r->factor);
}

/* w times the adjoint of every factor but that of mode except (-1: of all); sizes into n */
static const fh_z *project(const fh_factors *f, const fh_z *w, int except, room *r, ptrdiff_t *n)
{
  int writes = 0;
  memcpy(n, f->n, (size_t)f->modes * sizeof *n);
  for (int j = 0; j < f->modes; j++) {
    if (j == except) continue;
    fh_z *out = r->turn[writes++ % 2];
    fh_z_adjoint(f->n[j], f->rank[j], fh_z_in(f->part[1 + j]), r->factor);
    fh_along(f->modes, n, j, f->rank[j], r->factor, w, out);
    n[j] = f->rank[j];
    w = out;
  }
  return w;
}

static void set_core(fh_factors *f, const double *w, room *r)
{
  ptrdiff_t n[FH_FACTOR_MODES];
  const fh_z *core = project(f, fh_z_in(w), -1, r, n);
  memcpy(f->part[0], core, (size_t)fh_product(f->modes, n) * sizeof *core);
}

/* ---- HOSVD ------------------------------------------------------------------------------------------ */

static fh_status fill(const double *w, fh_factors *f)
{
  room r = {{NULL, NULL}, NULL};
  fh_status st = FH_OK;
  for (int j = 0; st == FH_OK && j < f->modes; j++)
    st = fh_unfolding_vectors(f->modes, f->n, j, fh_z_in(w), f->rank[j], fh_z_of(f->part[1 + j]));
  if (st == FH_OK) st = room_create(f, &r);
  if (st == FH_OK) set_core(f, w, &r);
  room_clear(&r);
  return st;
}

fh_status fh_hosvd(int modes, const ptrdiff_t *n, const double *w, const ptrdiff_t *rank,
                   fh_factors **factors)
{
  ptrdiff_t most[FH_FACTOR_MODES], size = 0;
  FH_TRY(fh_tensor_fits(modes, n, &size));
  for (int j = 0; j < modes; j++) {
    most[j] = n[j] < size / n[j] ? n[j] : size / n[j];
    if (rank && rank[j] < most[j]) most[j] = rank[j];
  }
  FH_TRY(fh_factors_create(FH_FACTOR_TUCKER, modes, n, most, factors));
  const fh_status st = fill(w, *factors);
  if (st != FH_OK) fh_factors_destroy(factors);
  FH_TRY(st);
  return FH_OK;
}

/* ---- ranks of an error ------------------------------------------------------------------------------ */

/* what the core holds within the block of the leading rank[] entries where index j is rank[j] - 1 */
static double slice_energy(const fh_factors *f, const ptrdiff_t *rank, int j)
{
  ptrdiff_t index[FH_FACTOR_MODES] = {0}, stride[FH_FACTOR_MODES], at = 0;
  const int last = f->modes - 1;
  const fh_z *core = fh_z_in(f->part[0]);
  double sum = 0;
  for (int k = last; k >= 0; k--) stride[k] = fh_product(last - k, f->rank + k + 1);
  index[j] = rank[j] - 1;
  at = index[j] * stride[j];
  for (;;) {
    sum += fh_z_energy(j == last ? 1 : rank[last], core + at);
    int k = last - 1;
    for (; k >= 0; k--) {
      if (k == j) continue;
      at += stride[k];
      if (++index[k] < rank[k]) break;
      at -= rank[k] * stride[k];
      index[k] = 0;
    }
    if (k < 0) return sum;
  }
}

fh_status fh_hosvd_ranks(const fh_factors *f, double error, ptrdiff_t *rank)
{
  const double all = fh_z_energy(fh_factors_size(f, 0), fh_z_in(f->part[0]));
  double left = error * error * all;
  memcpy(rank, f->rank, (size_t)f->modes * sizeof *rank);
  for (;;) {
    int best = -1;
    double best_price = (double)INFINITY, best_energy = 0;
    const ptrdiff_t now = fh_rank_parameters(FH_FACTOR_TUCKER, f->modes, f->n, rank);
    for (int j = 0; j < f->modes; j++) {
      if (rank[j] == 1) continue;
      const double energy = slice_energy(f, rank, j);
      rank[j]--;
      const ptrdiff_t then = fh_rank_parameters(FH_FACTOR_TUCKER, f->modes, f->n, rank);
      rank[j]++;
      const double price = energy / (double)(now - then);
      if (energy > left || !(price < best_price)) continue;
      best = j;
      best_price = price;
      best_energy = energy;
    }
    if (best < 0) return FH_OK;
    rank[best]--;
    left -= best_energy;
  }
}

/* the leading block of part p: rows of length, the leading columns of them */
static void copy_leading(const fh_factors *from, fh_factors *to, int p)
{
  ptrdiff_t big[FH_FACTOR_MODES], small[FH_FACTOR_MODES];
  const int modes = fh_factors_shape(from, p, big), last = modes - 1;
  fh_factors_shape(to, p, small);
  const ptrdiff_t rows = fh_product(last, small);
  for (ptrdiff_t row = 0; row < rows; row++) {
    ptrdiff_t rest = row, at = 0, step = 1;
    for (int k = last - 1; k >= 0; k--) {
      at += rest % small[k] * step;
      rest /= small[k];
      step *= big[k];
    }
    memcpy(to->part[p] + 2 * row * small[last], from->part[p] + 2 * at * big[last],
           (size_t)(2 * small[last]) * sizeof *to->part[p]);
  }
}

fh_status fh_tucker_cut(const fh_factors *f, const ptrdiff_t *rank, fh_factors **cut)
{
  FH_TRY(fh_factors_create(FH_FACTOR_TUCKER, f->modes, f->n, rank, cut));
  for (int p = 0; p < f->parts; p++) copy_leading(f, *cut, p);
  return FH_OK;
}

/* ---- HOOI ------------------------------------------------------------------------------------------- */

static fh_status sweep(const double *w, fh_factors *f, room *r)
{
  for (int j = 0; j < f->modes; j++) {
    ptrdiff_t n[FH_FACTOR_MODES];
    const fh_z *rest = project(f, fh_z_in(w), j, r, n);
    FH_TRY(fh_unfolding_vectors(f->modes, n, j, rest, f->rank[j], fh_z_of(f->part[1 + j])));
  }
  set_core(f, w, r);
  return FH_OK;
}

fh_status fh_hooi(const double *w, const fh_sweeps *sweeps, fh_factors *f)
{
  room r = {{NULL, NULL}, NULL};
  const double all = fh_z_energy(fh_factors_dense_size(f), fh_z_in(w));
  fh_status st = room_create(f, &r);
  double off = all - fh_z_energy(fh_factors_size(f, 0), fh_z_in(f->part[0]));
  for (ptrdiff_t i = 0; st == FH_OK && i < sweeps->sweeps && off > 1e-15 * all; i++) {
    const double before = off;
    st = sweep(w, f, &r);
    off = all - fh_z_energy(fh_factors_size(f, 0), fh_z_in(f->part[0]));
    /* of squares, so twice the share */
    if (!(before - off > 2 * sweeps->tolerance * before)) break;
  }
  room_clear(&r);
  FH_TRY(st);
  return FH_OK;
}
