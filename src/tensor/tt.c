/* tt - the tensor train by singular value decompositions from the first bond to the last */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/decompose.h"
#include "tensor/tensor_impl.h"

/* what is left to decompose, (r_j n_j) x columns, and room for its vectors */
typedef struct {
  fh_z *rest, *copy, *next, *vectors;
  double *sigma;
  ptrdiff_t columns;
  double dropped, allowed; /* squares: so far; over all bonds, if an error was asked for */
} train;

static fh_status train_create(int modes, const ptrdiff_t *n, const double *w, train *t)
{
  ptrdiff_t size = 0;
  FH_TRY(fh_tensor_fits(modes, n, &size));
  FH_NEW(t->rest, size);
  FH_NEW(t->copy, size);
  FH_NEW(t->next, size);
  FH_NEW(t->vectors, size);
  FH_NEW(t->sigma, size);
  memcpy(t->rest, w, (size_t)size * sizeof *t->rest);
  t->columns = size;
  return FH_OK;
}

static void train_clear(train *t)
{
  fh_free(t->rest);
  fh_free(t->copy);
  fh_free(t->next);
  fh_free(t->vectors);
  fh_free(t->sigma);
}

/* the fewest singular values that may stay: the others' squares sum to at most budget */
static ptrdiff_t fewest(ptrdiff_t count, const double *sigma, double budget)
{
  double sum = 0;
  while (count > 1) {
    sum += sigma[count - 1] * sigma[count - 1];
    if (sum > budget) break;
    count--;
  }
  return count;
}

static double tail(ptrdiff_t first, ptrdiff_t count, const double *sigma)
{
  double sum = 0;
  for (ptrdiff_t i = count - 1; i >= first; i--) sum += sigma[i] * sigma[i];
  return sum;
}

/* splits the core (r x n x s) off what is left; *s enters as the largest rank and leaves as the rank;
 * budget: what the squares of the dropped values may sum to, < 0: only *s counts */
static fh_status split(train *t, ptrdiff_t r, ptrdiff_t n, double budget, ptrdiff_t *s,
                       double **core)
{
  const ptrdiff_t rows = r * n, columns = t->columns / n, least = rows < columns ? rows : columns;
  memcpy(t->copy, t->rest, (size_t)(rows * columns) * sizeof *t->copy);
  FH_TRY(fh_left_vectors(rows, columns, t->copy, t->vectors, t->sigma));
  if (*s > least) *s = least;
  if (budget >= 0) *s = fewest(*s, t->sigma, budget);
  t->dropped += tail(*s, least, t->sigma);
  FH_NEW(*core, 2 * rows * *s);
  for (ptrdiff_t i = 0; i < rows; i++)
    memcpy(*core + 2 * i * *s, t->vectors + i * least, (size_t)*s * sizeof *t->vectors);
  fh_z_multiply(FH_Z_ADJOINT, FH_Z_PLAIN, *s, columns, rows, fh_z_in(*core), t->rest, t->next);
  fh_z *swap = t->rest;
  t->rest = t->next;
  t->next = swap;
  t->columns = columns;
  return FH_OK;
}

static fh_status split_all(int modes, const ptrdiff_t *n, train *t, const ptrdiff_t *given,
                           ptrdiff_t *rank, double **core)
{
  rank[0] = rank[modes] = 1;
  for (int j = 0; j + 1 < modes; j++) {
    /* an even share of what the bonds before have left over */
    const double budget = fmax(t->allowed - t->dropped, 0) / (modes - 1 - j);
    rank[j + 1] = given ? given[j + 1] : t->columns;
    FH_TRY(split(t, rank[j], n[j], given ? -1 : budget, &rank[j + 1], &core[j]));
  }
  const ptrdiff_t size = rank[modes - 1] * n[modes - 1];
  FH_NEW(core[modes - 1], 2 * size);
  memcpy(core[modes - 1], t->rest, (size_t)size * sizeof *t->rest);
  return FH_OK;
}

static fh_status hand_over(int modes, const ptrdiff_t *n, const ptrdiff_t *rank, double **core,
                           fh_factors **factors)
{
  FH_TRY(fh_factors_create(FH_FACTOR_TT, modes, n, rank, factors));
  for (int j = 0; j < modes; j++)
    memcpy((*factors)->part[j], core[j],
           (size_t)(2 * fh_factors_size(*factors, j)) * sizeof **core);
  return FH_OK;
}

fh_status fh_tt_svd(int modes, const ptrdiff_t *n, const double *w, const ptrdiff_t *rank,
                    double error, fh_factors **factors, double *dropped)
{
  train t = {NULL, NULL, NULL, NULL, NULL, 0, 0, 0};
  ptrdiff_t found[FH_FACTOR_MODES + 1];
  double *core[FH_FACTOR_MODES] = {NULL};
  *factors = NULL;
  fh_status st = train_create(modes, n, w, &t);
  if (st == FH_OK) t.allowed = error * error * fh_z_energy(t.columns, t.rest);
  if (st == FH_OK) st = split_all(modes, n, &t, rank, found, core);
  if (st == FH_OK) st = hand_over(modes, n, found, core, factors);
  if (dropped) *dropped = sqrt(t.dropped);
  for (int j = 0; j < modes; j++) fh_free(core[j]);
  train_clear(&t);
  FH_TRY(st);
  return FH_OK;
}
