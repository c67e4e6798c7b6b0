/* Decompositions of complex tensors: exactly low-rank ones come back, errors stay within the theorems'
 * bounds, ranks found for an error are enough and not more, no sweep raises an error. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "tensor/decompose.h"

static int checks, failures;

static void expect(int ok, const char *what, double a, double b)
{
  checks++;
  if (ok) return;
  failures++;
  printf("FAIL %s (%.10g, %.10g)\n", what, a, b);
}

static const fh_sweeps many = {2000, 0, 0, 1};
static const char *const kind_names[] = {"none", "CP", "Tucker", "TT"};

/* ---- tensors ---------------------------------------------------------------------------------------- */

typedef struct {
  int modes;
  ptrdiff_t n[FH_FACTOR_MODES], rank[4][FH_FACTOR_MODES + 1]; /* rank: by kind */
} example;

static const example examples[] = {
    {4, {6, 7, 5, 4}, {{0}, {3}, {2, 3, 2, 3}, {1, 2, 3, 2, 1}}},
    {3, {5, 9, 4}, {{0}, {2}, {2, 3, 2}, {1, 3, 2, 1}}},
    {2, {12, 9}, {{0}, {3}, {2, 2}, {1, 3, 1}}},
    {5, {2, 4, 5, 3, 3}, {{0}, {2}, {2, 2, 3, 2, 2}, {1, 2, 3, 2, 3, 1}}},
    {6, {2, 3, 3, 2, 3, 2}, {{0}, {2}, {2, 2, 2, 2, 2, 2}, {1, 2, 2, 3, 2, 2, 1}}},
    {4, {1, 9, 1, 8}, {{0}, {2}, {1, 2, 1, 2}, {1, 1, 2, 2, 1}}},
};
enum { N_EXAMPLES = sizeof examples / sizeof *examples };

static ptrdiff_t size_of(const example *e)
{
  ptrdiff_t size = 1;
  for (int j = 0; j < e->modes; j++) size *= e->n[j];
  return size;
}

static void draw(uint64_t key, ptrdiff_t reals, double *x)
{
  const fh_rng rng = {7, FH_STREAM_TEST, key, 0};
  for (ptrdiff_t i = 0; i < reals; i++) x[i] = fh_rng_normal(&rng, (uint64_t)i);
}

/* a tensor that has factors of that kind with the ranks of e */
static fh_status make_low(const example *e, fh_factor_kind kind, uint64_t key, double **w)
{
  fh_factors *f = NULL;
  FH_TRY(fh_factors_create(kind, e->modes, e->n, e->rank[kind], &f));
  for (int p = 0; p < f->parts; p++)
    draw(key * 16 + (uint64_t)p, 2 * fh_factors_size(f, p), f->part[p]);
  *w = fh_calloc(2 * size_of(e), sizeof **w);
  const fh_status st = *w ? fh_factors_expand(f, *w) : FH_ERR_MEMORY;
  fh_factors_destroy(&f);
  return st;
}

/* one whose entries fall off with their indices, so that every rank costs some error */
static fh_status make_smooth(const example *e, uint64_t key, double **w)
{
  FH_NEW(*w, 2 * size_of(e));
  draw(key, 2 * size_of(e), *w);
  for (ptrdiff_t i = 0; i < size_of(e); i++) {
    ptrdiff_t rest = i;
    double scale = 1;
    for (int j = e->modes - 1; j >= 0; j--) {
      scale *= pow(0.45, (double)(rest % e->n[j]));
      rest /= e->n[j];
    }
    (*w)[2 * i] *= scale;
    (*w)[2 * i + 1] *= scale;
  }
  return FH_OK;
}

static double norm(ptrdiff_t n, const double *w)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < 2 * n; i++) sum += w[i] * w[i];
  return sqrt(sum);
}

/* ---- the definition of the factors ------------------------------------------------------------------- */

static ptrdiff_t product(int count, const ptrdiff_t *n)
{
  ptrdiff_t p = 1;
  for (int i = 0; i < count; i++) p *= n[i];
  return p;
}

typedef struct {
  double re, im;
} number;

static number times(number a, const double *b)
{
  return (number){a.re * b[0] - a.im * b[1], a.re * b[1] + a.im * b[0]};
}

/* one entry, by the sums of factors.h */
static number entry(const fh_factors *f, const ptrdiff_t *s)
{
  const int d = f->modes;
  ptrdiff_t terms = f->kind == FH_FACTOR_CP       ? f->rank[0]
                    : f->kind == FH_FACTOR_TUCKER ? product(d, f->rank)
                                                  : product(d + 1, f->rank);
  number sum = {0, 0};
  for (ptrdiff_t t = 0; t < terms; t++) {
    ptrdiff_t r[FH_FACTOR_MODES + 1], rest = t;
    const int count = fh_rank_count(f->kind, d);
    for (int j = count - 1; j >= 0; j--) {
      r[j] = rest % f->rank[j];
      rest /= f->rank[j];
    }
    number x = {1, 0};
    if (f->kind != FH_FACTOR_TT) x = times(x, f->part[0] + 2 * t);
    for (int j = 0; j < d; j++) {
      const double *part = f->part[f->kind == FH_FACTOR_TT ? j : j + 1];
      const ptrdiff_t at = f->kind == FH_FACTOR_TT
                               ? (r[j] * f->n[j] + s[j]) * f->rank[j + 1] + r[j + 1]
                           : f->kind == FH_FACTOR_CP ? s[j] * f->rank[0] + r[0]
                                                     : s[j] * f->rank[j] + r[j];
      x = times(x, part + 2 * at);
    }
    sum = (number){sum.re + x.re, sum.im + x.im};
  }
  return sum;
}

static fh_status check_expand(const example *e, fh_factor_kind kind)
{
  fh_factors *f = NULL;
  double *w = NULL, worst = 0;
  FH_TRY(fh_factors_create(kind, e->modes, e->n, e->rank[kind], &f));
  for (int p = 0; p < f->parts; p++)
    draw((uint64_t)(100 + p), 2 * fh_factors_size(f, p), f->part[p]);
  FH_NEW(w, 2 * size_of(e));
  FH_TRY(fh_factors_expand(f, w));
  for (ptrdiff_t i = 0; i < size_of(e); i++) {
    ptrdiff_t s[FH_FACTOR_MODES], rest = i;
    for (int j = e->modes - 1; j >= 0; j--) {
      s[j] = rest % e->n[j];
      rest /= e->n[j];
    }
    const number x = entry(f, s);
    worst = fmax(worst, fmax(fabs(x.re - w[2 * i]), fabs(x.im - w[2 * i + 1])));
  }
  expect(worst <= 1e-12 * (1 + norm(size_of(e), w)), "expanded as defined", worst, e->modes);
  fh_free(w);
  fh_factors_destroy(&f);
  return FH_OK;
}

/* ---- low rank comes back ----------------------------------------------------------------------------- */

static fh_status check_recovery(const example *e, fh_factor_kind kind)
{
  fh_factors *f = NULL;
  double *w = NULL, error = (double)NAN;
  char what[96];
  snprintf(what, sizeof what, "%s of %d modes recovered", kind_names[kind], e->modes);
  FH_TRY(make_low(e, kind, 3, &w));
  FH_TRY(fh_decompose(kind, e->modes, e->n, w, e->rank[kind], &many, &f));
  FH_TRY(fh_factors_error(f, w, &error));
  expect(error <= 1e-12, what, error, 1e-12);
  fh_factors_destroy(&f);
  /* and the ranks themselves, from an error that only they reach */
  FH_TRY(fh_decompose_to(kind, e->modes, e->n, w, 1e-9, &many, &f));
  FH_TRY(fh_factors_error(f, w, &error));
  expect(error <= 1e-9, "error asked for", error, 1e-9);
  for (int j = 0; j < fh_rank_count(kind, e->modes); j++)
    expect(f->rank[j] == e->rank[kind][j], what, (double)f->rank[j], (double)e->rank[kind][j]);
  fh_factors_destroy(&f);
  fh_free(w);
  return FH_OK;
}

/* ---- bounds ------------------------------------------------------------------------------------------ */

/* |W - best of rank r| of the matrix that rows x columns makes of w (Eckart-Young) */
static fh_status best_of_matrix(ptrdiff_t rows, ptrdiff_t columns, const double *w, ptrdiff_t r,
                                double *error)
{
  const ptrdiff_t n[] = {rows, columns}, rank[] = {1, r, 1};
  fh_factors *f = NULL;
  FH_TRY(fh_tt_svd(2, n, w, rank, 0, &f, error));
  double relative = 0;
  FH_TRY(fh_factors_error(f, w, &relative));
  const double all = norm(rows * columns, w);
  expect(fabs(relative * all - *error) <= 1e-12 * all, "dropped values are the error of a matrix",
         relative * all, *error);
  fh_factors_destroy(&f);
  return FH_OK;
}

static fh_status check_tt_bound(const example *e)
{
  double *w = NULL, sum = 0, most = 0, dropped = 0, error = 0;
  fh_factors *f = NULL;
  const ptrdiff_t *rank = e->rank[FH_FACTOR_TT];
  FH_TRY(make_smooth(e, 11, &w));
  FH_TRY(fh_tt_svd(e->modes, e->n, w, rank, 0, &f, &dropped));
  FH_TRY(fh_factors_error(f, w, &error));
  error *= norm(size_of(e), w);
  for (int j = 1; j < e->modes; j++) {
    double best = 0;
    const ptrdiff_t rows = product(j, e->n);
    FH_TRY(best_of_matrix(rows, size_of(e) / rows, w, rank[j], &best));
    sum += best * best;
    most = fmax(most, best);
  }
  const double slack = 1e-12 * norm(size_of(e), w);
  expect(error <= sqrt(sum) + slack, "TT-SVD within the root of the sum", error, sqrt(sum));
  expect(error >= most - slack, "no train beats a bond's best matrix", error, most);
  expect(fabs(error - dropped) <= slack, "TT-SVD knows its error", error, dropped);
  fh_factors_destroy(&f);
  fh_free(w);
  return FH_OK;
}

/* squares of the core's entries with index rank or more along mode j */
static double tail(const fh_factors *complete, int j, ptrdiff_t rank)
{
  const ptrdiff_t after = product(complete->modes - j - 1, complete->rank + j + 1);
  double sum = 0;
  for (ptrdiff_t i = 0; i < fh_factors_size(complete, 0); i++) {
    const double *x = complete->part[0] + 2 * i;
    if (i / after % complete->rank[j] >= rank) sum += x[0] * x[0] + x[1] * x[1];
  }
  return sum;
}

static fh_status check_tucker_bounds(const example *e)
{
  const ptrdiff_t *rank = e->rank[FH_FACTOR_TUCKER];
  double *w = NULL, hosvd = 0, cut_error = 0, hooi = 0, sum = 0, most = 0;
  fh_factors *f = NULL, *complete = NULL, *cut = NULL;
  FH_TRY(make_smooth(e, 12, &w));
  const double all = norm(size_of(e), w);
  FH_TRY(fh_hosvd(e->modes, e->n, w, NULL, &complete));
  FH_TRY(fh_hosvd(e->modes, e->n, w, rank, &f));
  FH_TRY(fh_factors_error(f, w, &hosvd));
  FH_TRY(fh_tucker_cut(complete, rank, &cut));
  FH_TRY(fh_factors_error(cut, w, &cut_error));
  expect(fabs(hosvd - cut_error) <= 1e-12, "the complete one cut is the truncated one", hosvd,
         cut_error);
  for (int j = 0; j < e->modes; j++) {
    const double t = tail(complete, j, rank[j]);
    sum += t;
    most = fmax(most, t);
  }
  expect(hosvd * all <= sqrt(sum) + 1e-12 * all, "HOSVD within its tails", hosvd * all, sqrt(sum));
  for (int sweeps = 1; sweeps <= 4; sweeps++) {
    const fh_sweeps one = {1, 0, 0, 0};
    const double before = sweeps == 1 ? hosvd : hooi;
    FH_TRY(fh_hooi(w, &one, f));
    FH_TRY(fh_factors_error(f, w, &hooi));
    expect(hooi <= before + 1e-14, "HOOI never raises the error", hooi, before);
  }
  expect(hosvd <= sqrt((double)e->modes) * hooi + 1e-12, "HOSVD is quasi-optimal", hosvd, hooi);
  expect(hooi * all >= sqrt(most) - 1e-12 * all, "no Tucker beats a mode's tail", hooi * all,
         sqrt(most));
  fh_factors_destroy(&f);
  fh_factors_destroy(&complete);
  fh_factors_destroy(&cut);
  fh_free(w);
  return FH_OK;
}

/* HOOI must do something: a tensor on which HOSVD is not optimal */
static fh_status check_hooi_improves(void)
{
  const example *e = &examples[0];
  double *w = NULL, before = 0, after = 0;
  fh_factors *f = NULL;
  FH_NEW(w, 2 * size_of(e));
  draw(21, 2 * size_of(e), w);
  FH_TRY(fh_hosvd(e->modes, e->n, w, e->rank[FH_FACTOR_TUCKER], &f));
  FH_TRY(fh_factors_error(f, w, &before));
  FH_TRY(fh_hooi(w, &many, f));
  FH_TRY(fh_factors_error(f, w, &after));
  expect(after <= 0.99 * before, "HOOI improves on HOSVD", after, before);
  fh_factors_destroy(&f);
  fh_free(w);
  return FH_OK;
}

/* ---- ALS --------------------------------------------------------------------------------------------- */

/* noise has no low rank, and 20 components of 4 modes with up to 7 values each are dependent */
static fh_status check_monotone(ptrdiff_t rank, bool smooth)
{
  const example *e = &examples[0];
  const fh_sweeps one = {1, 0, 0, 0};
  fh_factors *f = NULL;
  double *w = NULL, error = 1, grown = 0, first = 0;
  FH_NEW(w, 2 * size_of(e));
  draw(31, 2 * size_of(e), w);
  if (smooth) {
    fh_free(w);
    FH_TRY(make_smooth(e, 31, &w));
  }
  FH_TRY(fh_cp_grow(e->modes, e->n, w, rank, 5, &f));
  for (int i = 0; i < 60; i++) {
    const double before = error;
    ptrdiff_t done = 0;
    double measured = 0;
    FH_TRY(fh_cp_als(w, &one, f, &error, &done));
    FH_TRY(fh_factors_error(f, w, &measured));
    expect(done == 1 && error <= before + 1e-12, "ALS never raises the error", error, before);
    expect(fabs(error - measured) <= 1e-9, "ALS knows its error", error, measured);
    if (i == 0) first = error;
  }
  expect(error < 0.98 * first, "ALS improves", error, first);
  FH_TRY(fh_cp_grow(e->modes, e->n, w, rank + 3, 5, &f));
  FH_TRY(fh_factors_error(f, w, &grown));
  expect(fabs(grown - error) <= 1e-12, "new components change nothing yet", grown, error);
  FH_TRY(fh_cp_als(w, &one, f, &grown, NULL));
  expect(grown < error, "and then help", grown, error);
  fh_factors_destroy(&f);
  fh_free(w);
  return FH_OK;
}

/* ---- errors asked for -------------------------------------------------------------------------------- */

/* before HOOI comes to help: the ranks that the core's slices ask for are enough by themselves */
static fh_status check_hosvd_ranks(const example *e, double wanted)
{
  ptrdiff_t rank[FH_FACTOR_MODES];
  double *w = NULL, error = (double)NAN;
  fh_factors *complete = NULL, *cut = NULL;
  FH_TRY(make_smooth(e, 42, &w));
  FH_TRY(fh_hosvd(e->modes, e->n, w, NULL, &complete));
  FH_TRY(fh_hosvd_ranks(complete, wanted, rank));
  FH_TRY(fh_tucker_cut(complete, rank, &cut));
  FH_TRY(fh_factors_error(cut, w, &error));
  expect(error <= wanted * (1 + 1e-9), "cut to the ranks of an error", error, wanted);
  expect(error >= 0.3 * wanted, "the error is made use of", error, wanted);
  fh_factors_destroy(&complete);
  fh_factors_destroy(&cut);
  fh_free(w);
  return FH_OK;
}

static fh_status check_target(const example *e, fh_factor_kind kind, double wanted)
{
  const fh_sweeps some = {200, 1e-4, 0, 1};
  double *w = NULL, error = (double)NAN;
  fh_factors *f = NULL;
  FH_TRY(make_smooth(e, 41, &w));
  FH_TRY(fh_decompose_to(kind, e->modes, e->n, w, wanted, &some, &f));
  FH_TRY(fh_factors_error(f, w, &error));
  expect(error <= wanted * (1 + 1e-9), "error asked for is reached", error, wanted);
  /* one rank less anywhere, and it is not (for CP as far as ALS finds) */
  for (int j = 0; kind != FH_FACTOR_CP && j < fh_rank_count(kind, e->modes); j++) {
    ptrdiff_t rank[FH_FACTOR_MODES + 1];
    memcpy(rank, f->rank, sizeof rank);
    if (--rank[j] < 1) continue;
    fh_factors *less = NULL;
    FH_TRY(fh_decompose(kind, e->modes, e->n, w, rank, &some, &less));
    FH_TRY(fh_factors_error(less, w, &error));
    /* HOOI may do better than the truncated HOSVD that chose, and a bond may profit from another's
       unused share: but not by much */
    expect(error > 0.7 * wanted, "ranks are not larger than they must be", error, wanted);
    fh_factors_destroy(&less);
  }
  fh_factors_destroy(&f);
  fh_free(w);
  return FH_OK;
}

/* ---- the corners ------------------------------------------------------------------------------------- */

static fh_status check_corners(void)
{
  const example *e = &examples[1];
  double *zero = NULL, *w = NULL, error = (double)NAN;
  fh_factors *f = NULL;
  FH_NEW(zero, 2 * size_of(e));
  for (int kind = FH_FACTOR_CP; kind <= FH_FACTOR_TT; kind++) {
    FH_TRY(fh_decompose((fh_factor_kind)kind, e->modes, e->n, zero, e->rank[kind], &many, &f));
    FH_TRY(fh_factors_error(f, zero, &error));
    expect(error == 0, "zero is zero", error, kind);
    fh_factors_destroy(&f);
    FH_TRY(fh_decompose_to((fh_factor_kind)kind, e->modes, e->n, zero, 0.1, &many, &f));
    expect(f->rank[0] == 1 && f->rank[1] <= 1, "zero has the rank one", f->rank[0], f->rank[1]);
    fh_factors_destroy(&f);
  }
  /* CP cannot give noise back with fewer numbers than it has */
  FH_NEW(w, 2 * size_of(e));
  draw(51, 2 * size_of(e), w);
  const fh_sweeps few = {20, 1e-2, 0, 1};
  const fh_status st = fh_decompose_to(FH_FACTOR_CP, e->modes, e->n, w, 1e-6, &few, &f);
  expect(st == FH_ERR_USAGE && !f && strstr(fh_status_message(), "not 1e-06"), "noise", st, 0);
  fh_status_clear();
  ptrdiff_t tt[] = {1, 30, 30, 1}, tucker[] = {5, 9, 1};
  fh_rank_clip(FH_FACTOR_TT, 3, e->n, tt);
  expect(tt[1] == 5 && tt[2] == 4, "clipped train", (double)tt[1], (double)tt[2]);
  fh_rank_clip(FH_FACTOR_TUCKER, 3, e->n, tucker);
  expect(tucker[0] == 5 && tucker[1] == 5, "clipped core", (double)tucker[0], (double)tucker[1]);
  fh_free(zero);
  fh_free(w);
  return FH_OK;
}

static fh_status check_all(void)
{
  for (int i = 0; i < N_EXAMPLES; i++) {
    const example *e = &examples[i];
    for (int kind = FH_FACTOR_CP; kind <= FH_FACTOR_TT; kind++) {
      FH_TRY(check_expand(e, (fh_factor_kind)kind));
      FH_TRY(check_recovery(e, (fh_factor_kind)kind));
    }
    FH_TRY(check_tt_bound(e));
    FH_TRY(check_tucker_bounds(e));
  }
  FH_TRY(check_hooi_improves());
  FH_TRY(check_monotone(4, false));
  FH_TRY(check_monotone(20, false));
  FH_TRY(check_monotone(20, true));
  for (int kind = FH_FACTOR_CP; kind <= FH_FACTOR_TT; kind++) {
    FH_TRY(check_target(&examples[0], (fh_factor_kind)kind, 0.5));
    FH_TRY(check_target(&examples[0], (fh_factor_kind)kind, 0.1));
    FH_TRY(check_target(&examples[1], (fh_factor_kind)kind, 0.01));
  }
  FH_TRY(check_hosvd_ranks(&examples[0], 0.1));
  FH_TRY(check_hosvd_ranks(&examples[3], 0.3));
  return check_corners();
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = check_all();
  if (st != FH_OK) fh_status_print(stdout);
  if (st == FH_OK && !failures) printf("decompositions: %d checks\n", checks);
  MPI_Finalize();
  return st != FH_OK || failures;
}
