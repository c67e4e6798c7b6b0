#include "tensor/rank.h"

#include <math.h>
#include <string.h>

int fh_rank_count(fh_factor_kind kind, int modes)
{
  return kind == FH_FACTOR_CP ? 1 : kind == FH_FACTOR_TT ? modes + 1 : modes;
}

static double product(int n, const ptrdiff_t *s)
{
  double p = 1;
  for (int i = 0; i < n; i++) p *= (double)s[i];
  return p;
}

static double larger(double a, double b)
{
  return a > b ? a : b;
}

/* ---- from a fraction --------------------------------------------------------------------------- */

static fh_status cp(int modes, const ptrdiff_t *s, double fraction, ptrdiff_t *rank)
{
  double sum = 0;
  for (int i = 0; i < modes; i++) sum += (double)s[i];
  rank[0] = (ptrdiff_t)rint(fraction * product(modes, s) / sum);
  FH_CHECK(rank[0] >= 1, FH_ERR_USAGE,
           "a fraction %g of %g weights leaves a CP rank of %td: give a larger -rank", fraction,
           product(modes, s), rank[0]);
  return FH_OK;
}

/* c with all c^free + squares c = fraction all; the left side grows with c */
static double solve_tucker(double all, int free, double squares, double fraction)
{
  double low = 0, high = larger(fraction, 1);
  for (int i = 0; i < 200; i++) {
    const double c = 0.5 * (low + high);
    if (all * pow(c, free) + squares * c < fraction * all)
      low = c;
    else
      high = c;
  }
  return 0.5 * (low + high);
}

static fh_status tucker(int modes, const ptrdiff_t *s, double fraction, const bool *fixed,
                        ptrdiff_t *rank)
{
  const double all = product(modes, s);
  double squares = 0;
  int free = 0;
  for (int i = 0; i < modes; i++) {
    squares += (double)s[i] * (double)s[i];
    free += !(fixed && fixed[i]);
  }
  const double most = larger(fraction, 1);
  FH_CHECK(all * pow(most, free) + squares * most >= fraction * all && (free || fraction > 1),
           FH_ERR_USAGE, "a fraction %g cannot be reached with %d of %d modes fixed", fraction,
           modes - free, modes);
  const double c = solve_tucker(all, free, squares, fraction);
  for (int i = 0; i < modes; i++)
    rank[i] = fixed && fixed[i] ? s[i] : (ptrdiff_t)larger(rint((double)s[i] * c), 1);
  return FH_OK;
}

static fh_status tt(int modes, const ptrdiff_t *s, double fraction, ptrdiff_t *rank)
{
  double mean[FH_FACTOR_MODES] = {0}, a = 0;
  rank[0] = rank[modes] = 1;
  if (modes < 2) return FH_OK;
  for (int i = 0; i + 1 < modes; i++) mean[i] = (double)(s[i] + s[i + 1]) / 2;
  for (int i = 1; i + 1 < modes; i++) a += mean[i - 1] * (double)s[i] * mean[i];
  if (modes == 2) a = mean[0] * mean[0] * (double)s[0];
  const double b = (double)s[0] * mean[0] + (double)s[modes - 1] * mean[modes - 2];
  const double f = (-b + sqrt(b * b + 4 * a * product(modes, s) * fraction)) / (2 * a);
  for (int i = 1; i < modes; i++) rank[i] = (ptrdiff_t)larger(rint(mean[i - 1] * f), 1);
  return FH_OK;
}

fh_status fh_rank_from_fraction(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                                double fraction, const bool *fixed, ptrdiff_t *rank)
{
  FH_CHECK(modes >= 1 && modes <= FH_FACTOR_MODES, FH_ERR_ARG, "a tensor of %d modes; 1 to %d",
           modes, FH_FACTOR_MODES);
  FH_CHECK(fraction > 0, FH_ERR_USAGE, "-rank %g leaves nothing: give a fraction above 0",
           fraction);
  if (kind == FH_FACTOR_CP) return cp(modes, shape, fraction, rank);
  if (kind == FH_FACTOR_TUCKER) return tucker(modes, shape, fraction, fixed, rank);
  return tt(modes, shape, fraction, rank);
}

/* ---- as given ------------------------------------------------------------------------------------ */

/* the largest rank of entry i that the shape can use */
static double most_of(fh_factor_kind kind, int modes, const ptrdiff_t *s, int i)
{
  if (kind == FH_FACTOR_TUCKER) return (double)s[i];
  if (kind == FH_FACTOR_TT) return fmin(product(i, s), product(modes - i, s + i));
  double largest = 1;
  for (int k = 0; k < modes; k++) largest = larger(largest, (double)s[k]);
  return product(modes, s) / largest;
}

static fh_status check_ranks(fh_factor_kind kind, int modes, const ptrdiff_t *s,
                             const ptrdiff_t *rank)
{
  for (int i = 0; i < fh_rank_count(kind, modes); i++)
    FH_CHECK(rank[i] >= 1 && (double)rank[i] <= most_of(kind, modes, s, i), FH_ERR_USAGE,
             "option -rank asks for rank %td in place %d where the weight can use 1 to %.0f",
             rank[i], i, most_of(kind, modes, s, i));
  return FH_OK;
}

static fh_status whole(double value, ptrdiff_t *rank)
{
  FH_CHECK(value >= 1 && value == rint(value) && value < 1e9, FH_ERR_USAGE,
           "option -rank: %g is no rank; give a fraction up to 1, or whole numbers", value);
  *rank = (ptrdiff_t)value;
  return FH_OK;
}

fh_status fh_rank_resolve(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                          const fh_real_list *given, const bool *fixed, ptrdiff_t *rank)
{
  const int count = fh_rank_count(kind, modes);
  FH_CHECK(given->count >= 1, FH_ERR_USAGE, "option -rank is empty: give a fraction, or ranks");
  if (given->count == 1 && given->value[0] <= 1)
    return fh_rank_from_fraction(kind, modes, shape, given->value[0], fixed, rank);
  const bool bonds = kind == FH_FACTOR_TT && given->count == modes - 1;
  FH_CHECK(given->count == 1 || given->count == count || bonds, FH_ERR_USAGE,
           "option -rank has %d numbers; this factorisation of a tensor with %d modes has %d ranks",
           given->count, modes, count);
  for (int i = 0; i < count; i++) {
    const int from = given->count == 1 ? 0 : bonds ? i - 1 : i;
    rank[i] = 1;
    if (kind == FH_FACTOR_TT && (i == 0 || i == modes) && given->count != count) continue;
    FH_TRY(whole(given->value[from], &rank[i]));
    if (kind == FH_FACTOR_TUCKER && fixed && fixed[i]) rank[i] = shape[i];
  }
  return check_ranks(kind, modes, shape, rank);
}

void fh_rank_of_layer(fh_factor_kind kind, int modes, const fh_real_list *given, int layers,
                      int layer, fh_real_list *own)
{
  const int count = fh_rank_count(kind, modes);
  *own = *given;
  if (given->count != count * layers) return;
  own->count = count;
  for (int i = 0; i < count; i++) own->value[i] = given->value[layer * count + i];
}

fh_status fh_rank_express(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                          const ptrdiff_t *rank, fh_real_list *list)
{
  const int count = fh_rank_count(kind, modes);
  FH_CHECK(list->count + count <= FH_LIST_MAX, FH_ERR_USAGE,
           "the ranks of all layers are more than the %d numbers that a model file can list: give "
           "one -rank for all, or -joint_factorization",
           FH_LIST_MAX);
  double sum = 0;
  for (int i = 0; i < modes; i++) sum += (double)shape[i];
  for (int i = 0; i < count; i++) {
    const bool one = kind == FH_FACTOR_CP && rank[i] == 1;
    list->value[list->count++] = one ? fmin(1, sum / product(modes, shape)) : (double)rank[i];
  }
  return FH_OK;
}

ptrdiff_t fh_rank_parameters(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                             const ptrdiff_t *rank)
{
  ptrdiff_t n = kind == FH_FACTOR_TUCKER ? 1 : kind == FH_FACTOR_CP ? rank[0] : 0;
  for (int i = 0; i < modes; i++) {
    if (kind == FH_FACTOR_CP) n += shape[i] * rank[0];
    if (kind == FH_FACTOR_TT) n += rank[i] * shape[i] * rank[i + 1];
    if (kind == FH_FACTOR_TUCKER) n *= rank[i];
  }
  for (int i = 0; i < modes && kind == FH_FACTOR_TUCKER; i++) n += shape[i] * rank[i];
  return n;
}
