/* decompose - any kind, to given ranks or to an error */
#include "tensor/decompose.h"

#include <math.h>
#include <string.h>

#include "tensor/tensor_impl.h"

void fh_rank_clip(fh_factor_kind kind, int modes, const ptrdiff_t *n, ptrdiff_t *rank)
{
  if (kind == FH_FACTOR_TT) {
    for (int j = 1; j < modes; j++)
      if (rank[j] > rank[j - 1] * n[j - 1]) rank[j] = rank[j - 1] * n[j - 1];
    for (int j = modes - 1; j > 0; j--)
      if (rank[j] > rank[j + 1] * n[j]) rank[j] = rank[j + 1] * n[j];
  }
  /* lowering one may leave another too large */
  for (int pass = 0; kind == FH_FACTOR_TUCKER && pass < modes; pass++)
    for (int j = 0; j < modes; j++) {
      const ptrdiff_t others = fh_product(j, rank) * fh_product(modes - j - 1, rank + j + 1);
      if (rank[j] > others) rank[j] = others;
    }
}

/* ---- given ranks ------------------------------------------------------------------------------------ */

static fh_status tucker(int modes, const ptrdiff_t *n, const double *w, const ptrdiff_t *rank,
                        const fh_sweeps *sweeps, fh_factors **f)
{
  FH_TRY(fh_hosvd(modes, n, w, rank, f));
  const fh_status st = fh_hooi(w, sweeps, *f);
  if (st != FH_OK) fh_factors_destroy(f);
  FH_TRY(st);
  return FH_OK;
}

/* the components of *f stay, as many as rank says are there in the end */
static fh_status cp(int modes, const ptrdiff_t *n, const double *w, ptrdiff_t rank,
                    const fh_sweeps *sweeps, fh_factors **f, double *error)
{
  fh_status st = fh_cp_grow(modes, n, w, rank, sweeps->seed, f);
  if (st == FH_OK) st = fh_cp_als(w, sweeps, *f, error, NULL);
  if (st != FH_OK) fh_factors_destroy(f);
  FH_TRY(st);
  return FH_OK;
}

fh_status fh_decompose(fh_factor_kind kind, int modes, const ptrdiff_t *n, const double *w,
                       const ptrdiff_t *rank, const fh_sweeps *sweeps, fh_factors **factors)
{
  double error = 0;
  *factors = NULL;
  if (kind == FH_FACTOR_TT) return fh_tt_svd(modes, n, w, rank, 0, factors, NULL);
  if (kind == FH_FACTOR_TUCKER) return tucker(modes, n, w, rank, sweeps, factors);
  return cp(modes, n, w, rank[0], sweeps, factors, &error);
}

/* ---- to an error ------------------------------------------------------------------------------------ */

/* clipped ranks may miss by a little what the unclipped ones reach: then they grow */
static fh_status tucker_to(int modes, const ptrdiff_t *n, const double *w, double error,
                           const fh_sweeps *sweeps, const fh_factors *complete, fh_factors **f)
{
  ptrdiff_t rank[FH_FACTOR_MODES];
  double reached = (double)INFINITY;
  FH_TRY(fh_hosvd_ranks(complete, error, rank));
  fh_rank_clip(FH_FACTOR_TUCKER, modes, n, rank);
  for (;;) {
    bool grown = false;
    fh_factors_destroy(f);
    FH_TRY(tucker(modes, n, w, rank, sweeps, f));
    FH_TRY(fh_factors_error(*f, w, &reached));
    if (reached <= error) return FH_OK;
    for (int j = 0; j < modes; j++)
      if (rank[j] < complete->rank[j]) {
        rank[j]++;
        grown = true;
      }
    if (!grown) return FH_OK; /* complete: what is left is rounding */
  }
}

static ptrdiff_t cp_limit(int modes, const ptrdiff_t *n)
{
  ptrdiff_t sum = 1;
  for (int j = 0; j < modes; j++) sum += n[j];
  return fh_product(modes, n) / sum;
}

static fh_status copy(const fh_factors *f, fh_factors **c)
{
  FH_TRY(fh_factors_create(f->kind, f->modes, f->n, f->rank, c));
  for (int p = 0; p < f->parts; p++)
    memcpy((*c)->part[p], f->part[p], (size_t)(2 * fh_factors_size(f, p)) * sizeof(double));
  return FH_OK;
}

/* between low, which misses the error (NULL: rank 0), and *f, which reaches it */
static fh_status bisect(const double *w, double error, const fh_sweeps *sweeps, fh_factors **low,
                        fh_factors **f)
{
  for (;;) {
    const ptrdiff_t below = *low ? (*low)->rank[0] : 0, above = (*f)->rank[0];
    fh_factors *middle = NULL;
    double reached = (double)INFINITY;
    /* every rank up to 50, then to 2 % */
    if (above - below <= 1 + above / 50) return FH_OK;
    if (*low) FH_TRY(copy(*low, &middle));
    FH_TRY(cp((*f)->modes, (*f)->n, w, (below + above) / 2, sweeps, &middle, &reached));
    fh_factors **to = reached <= error ? f : low;
    fh_factors_destroy(to);
    *to = middle;
  }
}

static fh_status cp_to(int modes, const ptrdiff_t *n, const double *w, double error,
                       const fh_sweeps *given, fh_factors **low, fh_factors **f)
{
  fh_sweeps sweeps = *given;
  const ptrdiff_t limit = cp_limit(modes, n);
  double reached = (double)INFINITY;
  sweeps.target = error;
  for (ptrdiff_t rank = 1;; rank *= 2) {
    if (rank > limit) rank = limit;
    FH_CHECK(rank >= 1, FH_ERR_USAGE, "a tensor of %td numbers is too small for CP",
             fh_product(modes, n));
    if (*low) FH_TRY(copy(*low, f));
    FH_TRY(cp(modes, n, w, rank, &sweeps, f, &reached));
    if (reached <= error) return bisect(w, error, &sweeps, low, f);
    FH_CHECK(
        rank < limit, FH_ERR_USAGE,
        "CP of rank %td, with as many numbers as the tensor itself, reaches the relative error "
        "%.3g, not %.3g: ask for a larger error, or take tucker or tt",
        rank, reached, error);
    fh_factors_destroy(low);
    *low = *f;
    *f = NULL;
  }
}

fh_status fh_decompose_to(fh_factor_kind kind, int modes, const ptrdiff_t *n, const double *w,
                          double error, const fh_sweeps *sweeps, fh_factors **factors)
{
  fh_factors *other = NULL;
  fh_status st = FH_OK;
  *factors = NULL;
  if (kind == FH_FACTOR_TT) return fh_tt_svd(modes, n, w, NULL, error, factors, NULL);
  if (kind == FH_FACTOR_TUCKER) {
    st = fh_hosvd(modes, n, w, NULL, &other);
    if (st == FH_OK) st = tucker_to(modes, n, w, error, sweeps, other, factors);
  } else {
    st = cp_to(modes, n, w, error, sweeps, &other, factors);
  }
  fh_factors_destroy(&other);
  if (st != FH_OK) fh_factors_destroy(factors);
  FH_TRY(st);
  return FH_OK;
}
