/* cp - alternating least squares for CP, in halves: the modes left and right of the cut that makes the
 * tensor most square share one large product each a sweep (a dimension tree of two branches) */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "tensor/decompose.h"
#include "tensor/tensor_impl.h"

typedef struct {
  const fh_z *w;
  fh_factors *f;
  int half;
  ptrdiff_t rows, columns, rank; /* of w cut in halves */
  double energy;                 /* |w|^2 */
  fh_z *products;                /* conjugated rows of one half, (rows or columns) x rank */
  fh_z *partial;                 /* w times them, (columns or rows) x rank */
  fh_z *gram, *grams;            /* rank x rank: of all factors but one; of each */
  fh_z *right, *kept, *term;     /* n_j x rank, n_j x rank, rank */
} als;

static fh_status als_create(const double *w, fh_factors *f, als *a)
{
  ptrdiff_t longest = 1;
  a->w = fh_z_in(w);
  a->f = f;
  a->half = fh_half_of_modes(f->modes, f->n);
  a->rows = fh_product(a->half, f->n);
  a->columns = fh_product(f->modes - a->half, f->n + a->half);
  a->rank = f->rank[0];
  a->energy = fh_z_energy(a->rows * a->columns, a->w);
  for (int j = 0; j < f->modes; j++) longest = f->n[j] > longest ? f->n[j] : longest;
  const ptrdiff_t most = a->rows > a->columns ? a->rows : a->columns, square = a->rank * a->rank;
  FH_NEW(a->products, most * a->rank);
  FH_NEW(a->partial, most * a->rank);
  FH_NEW(a->gram, square);
  FH_NEW(a->grams, f->modes * square);
  FH_NEW(a->right, longest * a->rank);
  FH_NEW(a->kept, longest * a->rank);
  FH_NEW(a->term, a->rank);
  return FH_OK;
}

static void als_clear(als *a)
{
  fh_free(a->products);
  fh_free(a->partial);
  fh_free(a->gram);
  fh_free(a->grams);
  fh_free(a->right);
  fh_free(a->kept);
  fh_free(a->term);
}

static fh_z *factor_of(const als *a, int j)
{
  return fh_z_of(a->f->part[1 + j]);
}

/* ---- one factor ------------------------------------------------------------------------------------- */

/* right (n_j x R) = sum of partial over the other modes first .. last - 1, times their conjugated rows */
static void right_side(als *a, int j, int first, int last)
{
  const ptrdiff_t *n = a->f->n, rank = a->rank, rows = fh_product(last - first, n + first);
  memset(a->right, 0, (size_t)(n[j] * rank) * sizeof *a->right);
  for (ptrdiff_t i = 0; i < rows; i++) {
    ptrdiff_t index = i, mine = 0;
    memcpy(a->term, a->partial + i * rank, (size_t)rank * sizeof *a->term);
    for (int k = last - 1; k >= first; k--) {
      const ptrdiff_t at = index % n[k];
      const fh_z *row = factor_of(a, k) + at * rank;
      index /= n[k];
      if (k == j)
        mine = at;
      else
        fh_z_times(rank, row, true, a->term);
    }
    for (ptrdiff_t r = 0; r < rank; r++) a->right[mine * rank + r] += a->term[r];
  }
}

/* the matrix of the normal equations for factor j: conjugated products of the others' F^H F */
static void normal_matrix(als *a, int j)
{
  const ptrdiff_t square = a->rank * a->rank;
  for (ptrdiff_t i = 0; i < square; i++) a->gram[i] = 1;
  for (int k = 0; k < a->f->modes; k++)
    if (k != j) fh_z_times(square, a->grams + k * square, true, a->gram);
}

/* unit columns; their lengths become the weights */
static void normalise(als *a, int j)
{
  fh_z *f = factor_of(a, j), *weight = fh_z_of(a->f->part[0]);
  const ptrdiff_t n = a->f->n[j], rank = a->rank;
  for (ptrdiff_t r = 0; r < rank; r++) {
    double sum = 0;
    for (ptrdiff_t i = 0; i < n; i++)
      sum += creal(f[i * rank + r]) * creal(f[i * rank + r]) +
             cimag(f[i * rank + r]) * cimag(f[i * rank + r]);
    weight[r] = sqrt(sum);
    /* a column that has vanished keeps its old direction, with weight 0 */
    for (ptrdiff_t i = 0; i < n; i++)
      f[i * rank + r] = sum > 0 ? f[i * rank + r] / weight[r] : a->kept[i * rank + r];
  }
  fh_z_multiply(FH_Z_ADJOINT, FH_Z_PLAIN, rank, rank, n, f, f, a->grams + j * rank * rank);
}

/* F (Gamma + mu) = right + mu F_old: the best factor, but for directions that nothing determines */
static void solve(als *a, int j)
{
  fh_z *f = factor_of(a, j);
  const fh_z *weight = fh_z_in(a->f->part[0]);
  const ptrdiff_t n = a->f->n[j], rank = a->rank;
  bool definite = false;
  memcpy(a->kept, f, (size_t)(n * rank) * sizeof *f);
  for (double mu = 1e-12; !definite && mu < 1; mu *= 100) {
    normal_matrix(a, j); /* columns are of length 1, so its diagonal is 1 */
    for (ptrdiff_t r = 0; r < rank; r++) a->gram[r * (rank + 1)] += mu;
    for (ptrdiff_t i = 0; i < n * rank; i++)
      f[i] = a->right[i] + mu * weight[i % rank] * a->kept[i];
    fh_solve_definite(rank, a->gram, n, f, &definite);
  }
  normalise(a, j);
}

/* ---- sweeps ----------------------------------------------------------------------------------------- */

static void sweep(als *a)
{
  const int modes = a->f->modes;
  fh_khatri_rao(a->f, a->half, modes, true, a->products);
  fh_z_multiply(FH_Z_PLAIN, FH_Z_PLAIN, a->rows, a->rank, a->columns, a->w, a->products,
                a->partial);
  for (int j = 0; j < a->half; j++) {
    right_side(a, j, 0, a->half);
    solve(a, j);
  }
  fh_khatri_rao(a->f, 0, a->half, true, a->products);
  fh_z_multiply(FH_Z_TRANSPOSED, FH_Z_PLAIN, a->columns, a->rank, a->rows, a->w, a->products,
                a->partial);
  for (int j = a->half; j < modes; j++) {
    right_side(a, j, a->half, modes);
    solve(a, j);
  }
}

/* |w - CP|^2 from what the last solve has left: exact to about 1e-15 |w|^2 */
static double cheap_residual(als *a)
{
  const int j = a->f->modes - 1;
  const ptrdiff_t n = a->f->n[j], rank = a->rank;
  const fh_z *f = factor_of(a, j), *weight = fh_z_in(a->f->part[0]);
  double inner = 0, own = 0;
  for (ptrdiff_t i = 0; i < n * rank; i++)
    inner += creal(conj(a->right[i]) * f[i] * weight[i % rank]);
  normal_matrix(a, j);
  for (ptrdiff_t r = 0; r < rank; r++)
    for (ptrdiff_t s = 0; s < rank; s++)
      own += creal(weight[r] * conj(weight[s]) * a->gram[r * rank + s] *
                   conj(a->grams[(ptrdiff_t)j * rank * rank + r * rank + s]));
  return a->energy - 2 * inner + own;
}

static fh_status relative_error(als *a, double *error)
{
  const double squares = cheap_residual(a);
  if (squares > 1e-8 * a->energy) return *error = sqrt(squares / a->energy), FH_OK;
  return fh_factors_error(a->f, (const double *)a->w, error);
}

/* unit columns, all of a component's length in its weight */
static void start(als *a)
{
  fh_z *weight = fh_z_of(a->f->part[0]);
  for (ptrdiff_t r = 0; r < a->rank; r++) a->term[r] = weight[r];
  for (int j = 0; j < a->f->modes; j++) {
    memcpy(a->kept, factor_of(a, j), (size_t)(a->f->n[j] * a->rank) * sizeof *a->kept);
    normalise(a, j);
    for (ptrdiff_t r = 0; r < a->rank; r++) a->term[r] *= weight[r];
  }
  memcpy(weight, a->term, (size_t)a->rank * sizeof *weight);
}

static fh_status run(als *a, const fh_sweeps *s, double *error, ptrdiff_t *done)
{
  start(a);
  FH_TRY(fh_factors_error(a->f, (const double *)a->w, error));
  for (ptrdiff_t i = 0; i < s->sweeps; i++) {
    const double before = *error;
    if (before <= s->target || before == 0) break;
    sweep(a);
    FH_TRY(relative_error(a, error));
    if (done) (*done)++;
    if (!(before - *error > s->tolerance * before)) break;
  }
  return FH_OK;
}

fh_status fh_cp_als(const double *w, const fh_sweeps *sweeps, fh_factors *factors, double *error,
                    ptrdiff_t *done)
{
  als a = {.w = NULL};
  fh_status st = als_create(w, factors, &a);
  if (st == FH_OK) st = run(&a, sweeps, error, done);
  als_clear(&a);
  FH_TRY(st);
  return FH_OK;
}

/* ---- more components -------------------------------------------------------------------------------- */

static void copy_components(const fh_factors *from, fh_factors *to)
{
  const ptrdiff_t few = from->rank[0], many = to->rank[0];
  for (int p = 0; p < from->parts; p++)
    for (ptrdiff_t i = 0; i < fh_factors_size(from, p) / few; i++)
      memcpy(to->part[p] + 2 * i * many, from->part[p] + 2 * i * few,
             (size_t)(2 * few) * sizeof *to->part[p]);
}

/* columns first .. of factor j: singular vectors of the residual as far as there are any, then random */
static fh_status new_columns(fh_factors *f, int j, ptrdiff_t first, const double *residual,
                             uint64_t seed)
{
  const ptrdiff_t n = f->n[j], rank = f->rank[0], rest = fh_factors_dense_size(f) / n;
  const ptrdiff_t most = n < rest ? n : rest, wanted = rank - first;
  const ptrdiff_t vectors = wanted < most ? wanted : most;
  const fh_rng rng = {seed, FH_STREAM_INIT, fh_rng_hash("cp"), (uint64_t)j};
  double *factor = f->part[1 + j];
  fh_z *u = NULL;
  FH_NEW(u, n * vectors);
  const fh_status st = fh_unfolding_vectors(f->modes, f->n, j, fh_z_in(residual), vectors, u);
  for (ptrdiff_t i = 0; st == FH_OK && i < n; i++)
    for (ptrdiff_t r = first; r < rank; r++) {
      double *z = factor + 2 * (i * rank + r);
      if (r - first < vectors)
        memcpy(z, u + i * vectors + r - first, sizeof *u);
      else
        fh_rng_normal2(&rng, (uint64_t)(i + r * n), z);
    }
  fh_free(u);
  FH_TRY(st);
  return FH_OK;
}

static fh_status subtract(const double *w, const fh_factors *f, double *residual)
{
  const ptrdiff_t size = 2 * fh_factors_dense_size(f);
  FH_TRY(fh_factors_expand(f, residual));
  for (ptrdiff_t i = 0; i < size; i++) residual[i] = w[i] - residual[i];
  return FH_OK;
}

fh_status fh_cp_grow(int modes, const ptrdiff_t *n, const double *w, ptrdiff_t rank, uint64_t seed,
                     fh_factors **factors)
{
  fh_factors *more = NULL;
  double *residual = NULL;
  FH_TRY(fh_factors_create(FH_FACTOR_CP, modes, n, &rank, &more));
  residual = fh_calloc(2 * fh_factors_dense_size(more), sizeof *residual);
  fh_status st = residual ? FH_OK : FH_ERR_MEMORY;
  if (st == FH_OK && *factors) copy_components(*factors, more);
  if (st == FH_OK) st = subtract(w, more, residual);
  const ptrdiff_t first = *factors ? (*factors)->rank[0] : 0;
  for (int j = 0; st == FH_OK && j < modes; j++) st = new_columns(more, j, first, residual, seed);
  fh_free(residual);
  if (st != FH_OK) fh_factors_destroy(&more);
  FH_TRY(st);
  fh_factors_destroy(factors);
  *factors = more;
  return FH_OK;
}
