#include "datagen/skr/order.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "datagen/skr/order_impl.h"

enum { EXTRA = 2 }; /* of a row: tail, drawn */
static const ptrdiff_t most_floats = (ptrdiff_t)1 << 29;

const char *const fh_order_names[] = {
    "as_sampled", "greedy", "greedy_spectrum", "clusters", "hilbert", "by_strategy", NULL};

/* ---- gathering ----------------------------------------------------------------------------------- */

static ptrdiff_t share(ptrdiff_t count, int ranks, int rank)
{
  return count / ranks * rank + (rank < count % ranks ? rank : count % ranks);
}

/* rows of all ranks to rank 0 */
static fh_status gather(MPI_Comm comm, ptrdiff_t count, ptrdiff_t width, const float *own,
                        float *all)
{
  int rank = 0, ranks = 1, columns = 0;
  int *counts = NULL, *starts = NULL;
  MPI_Datatype row = MPI_DATATYPE_NULL;
  MPI_Comm_rank(comm, &rank), MPI_Comm_size(comm, &ranks);
  FH_TRY(fh_size_int(width, &columns));
  FH_NEW(counts, 2 * ranks);
  starts = counts + ranks;
  for (int r = 0; r < ranks; r++) {
    starts[r] = (int)share(count, ranks, r);
    counts[r] = (int)share(count, ranks, r + 1) - starts[r];
  }
  MPI_Type_contiguous(columns, MPI_FLOAT, &row);
  MPI_Type_commit(&row);
  const int code = MPI_Gatherv(own, counts[rank], row, all, counts, starts, row, 0, comm);
  MPI_Type_free(&row);
  fh_free(counts);
  FH_CHECK(code == MPI_SUCCESS, FH_ERR_LIBRARY, "MPI: the inputs to be ordered cannot be gathered");
  return FH_OK;
}

/* ---- points from rows ---------------------------------------------------------------------------- */

typedef struct {
  double variance;
  ptrdiff_t from;
} coordinate;

static int by_variance(const void *a, const void *b)
{
  const coordinate *p = a, *q = b;
  if (p->variance != q->variance) return p->variance > q->variance ? -1 : 1;
  return p->from < q->from ? -1 : 1;
}

/* moments of the coordinates over the rows that could be drawn */
static fh_status sort_coordinates(ptrdiff_t count, ptrdiff_t dim, const float *rows, double *mean,
                                  coordinate *order)
{
  const ptrdiff_t width = dim + EXTRA;
  double drawn = 0.0;
  for (ptrdiff_t k = 0; k < dim; k++) order[k].from = k;
  for (ptrdiff_t i = 0; i < count; i++) {
    const float *row = rows + i * width;
    if (row[dim + 1] == 0.0f) continue;
    drawn += 1.0;
    for (ptrdiff_t k = 0; k < dim; k++) {
      const double v = (double)row[k], step = v - mean[k];
      mean[k] += step / drawn;
      order[k].variance += step * (v - mean[k]);
    }
  }
  qsort(order, (size_t)dim, sizeof *order, by_variance);
  return FH_OK;
}

static void fill_points(const float *rows, const double *mean, const coordinate *order, fh_cloud *p)
{
  for (ptrdiff_t i = 0; i < p->count; i++) {
    const float *row = rows + i * (p->dim + EXTRA);
    float *x = p->x + i * p->dim;
    double square = 0.0;
    for (ptrdiff_t k = 0; k < p->dim; k++) {
      x[k] = (float)((double)row[order[k].from] - mean[order[k].from]);
      square += (double)x[k] * (double)x[k];
    }
    p->tail[i] = row[p->dim];
    p->squares[i] = (float)square;
  }
}

static fh_status fill_gram(fh_cloud *p)
{
  int n = 0, dim = 0;
  FH_TRY(fh_size_int(p->count, &n));
  FH_TRY(fh_size_int(p->dim, &dim));
  FH_NEW(p->gram, p->count * p->count);
  cblas_ssyrk(CblasRowMajor, CblasUpper, CblasNoTrans, n, dim, 1.0f, p->x, dim, 0.0f, p->gram, n);
  for (ptrdiff_t i = 0; i < p->count; i++)
    for (ptrdiff_t j = 0; j < i; j++) p->gram[i * p->count + j] = p->gram[j * p->count + i];
  return FH_OK;
}

static fh_status make_points(const fh_order_config *config, ptrdiff_t count, ptrdiff_t dim,
                             const float *rows, fh_cloud *p)
{
  double *mean = NULL;
  coordinate *order = NULL;
  p->count = count, p->dim = dim;
  FH_NEW(p->x, count * dim);
  FH_NEW(p->tail, count);
  FH_NEW(p->squares, count);
  FH_NEW(mean, dim);
  order = fh_calloc(dim, sizeof *order);
  if (order) {
    (void)sort_coordinates(count, dim, rows, mean, order);
    fill_points(rows, mean, order, p);
  }
  fh_free(mean);
  const bool enough = order != NULL;
  fh_free(order);
  FH_CHECK(enough, FH_ERR_MEMORY, "out of memory: an order by %td coefficients", dim);
  if (config->kind == FH_ORDER_GREEDY) FH_TRY(fill_gram(p));
  return FH_OK;
}

static void drop_points(fh_cloud *p)
{
  fh_free(p->x), fh_free(p->tail), fh_free(p->squares), fh_free(p->gram);
}

double fh_cloud_distance(const fh_cloud *p, ptrdiff_t i, ptrdiff_t j)
{
  const float *a = p->x + i * p->dim, *b = p->x + j * p->dim;
  float sum[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  ptrdiff_t k = 0;
  for (; k + 4 <= p->dim; k += 4)
    for (int l = 0; l < 4; l++) sum[l] += (a[k + l] - b[k + l]) * (a[k + l] - b[k + l]);
  for (; k < p->dim; k++) sum[0] += (a[k] - b[k]) * (a[k] - b[k]);
  return sqrt((double)(sum[0] + sum[1] + sum[2] + sum[3]));
}

/* ---- the tour, on rank 0 ------------------------------------------------------------------------- */

static void measure(const fh_cloud *p, ptrdiff_t n, const ptrdiff_t *subset, double *mean,
                    double *bound)
{
  *mean = *bound = 0.0;
  for (ptrdiff_t i = 1; i < n; i++) {
    const double d = fh_cloud_distance(p, subset[i - 1], subset[i]);
    const double rest = (double)p->tail[subset[i - 1]] + (double)p->tail[subset[i]];
    *mean += d / (double)(n - 1);
    *bound += sqrt(d * d + rest * rest) / (double)(n - 1);
  }
}

static fh_status sort_points(const fh_order_config *config, const fh_cloud *p, ptrdiff_t n,
                             ptrdiff_t *subset, fh_order_report *report)
{
  double bound = 0.0;
  measure(p, n, subset, &report->before, &bound);
  if (config->kind == FH_ORDER_CLUSTERS) {
    FH_TRY(fh_order_clusters(p, n, subset));
  } else if (config->kind == FH_ORDER_HILBERT) {
    FH_TRY(fh_order_hilbert(p, n, subset));
  } else {
    FH_TRY(fh_order_greedy(p, n, subset));
  }
  if (config->two_opt) FH_TRY(fh_order_two_opt(p, n, subset));
  measure(p, n, subset, &report->after, &report->after_bound);
  return FH_OK;
}

/* samples that could be drawn first, in their tour, then the others */
static fh_status sort_rows(const fh_order_config *config, ptrdiff_t count, ptrdiff_t dim,
                           const float *rows, const int64_t *wanted, int64_t *tour,
                           fh_order_report *report)
{
  fh_cloud points = {0, 0, NULL, NULL, NULL, NULL};
  ptrdiff_t *subset = NULL, n = 0, after = 0;
  FH_NEW(subset, count);
  for (ptrdiff_t i = 0; i < count; i++)
    if (rows[i * (dim + EXTRA) + dim + 1] != 0.0f) subset[n++] = i;
  fh_status st = make_points(config, count, dim, rows, &points);
  if (st == FH_OK && n > 0) st = sort_points(config, &points, n, subset, report);
  for (ptrdiff_t i = 0; i < n; i++) tour[i] = wanted[subset[i]];
  for (ptrdiff_t i = 0; i < count; i++)
    if (rows[i * (dim + EXTRA) + dim + 1] == 0.0f) tour[n + after++] = wanted[i];
  drop_points(&points);
  fh_free(subset);
  return st;
}

static fh_status check(const fh_order_config *config, ptrdiff_t count, ptrdiff_t dim)
{
  if (config->kind != FH_ORDER_GREEDY) return FH_OK;
  const double floats = (double)count * (2.0 * (double)dim + (double)count);
  FH_CHECK(floats <= (double)most_floats, FH_ERR_USAGE,
           "sequence_order greedy compares %td samples of %td points, %.3g GiB, at most 2 are "
           "allowed: take greedy_spectrum",
           count, dim, floats * 4.0 / 1073741824.0);
  return FH_OK;
}

static fh_status draw_and_sort(MPI_Comm comm, const fh_order_config *config, fh_problem *p,
                               uint64_t seed, ptrdiff_t count, const int64_t *wanted, int64_t *tour,
                               fh_order_report *report, float **own, float **all)
{
  int rank = 0, ranks = 1;
  const ptrdiff_t dim = fh_order_dim(p, config), width = dim + EXTRA;
  const double start = fh_clock();
  MPI_Comm_rank(comm, &rank), MPI_Comm_size(comm, &ranks);
  const ptrdiff_t from = share(count, ranks, rank), to = share(count, ranks, rank + 1);
  report->coefficients = dim;
  FH_TRY(check(config, count, dim));
  *own = fh_calloc((to - from) * width, sizeof **own);
  *all = fh_calloc(rank == 0 ? count * width : 1, sizeof **all);
  fh_status st = FH_OK;
  if (*own && *all) st = fh_order_rows(p, seed, config, wanted, from, to, dim, *own);
  FH_TRY(fh_status_agree(comm, st));
  st = *own && *all ? FH_OK
                    : fh_status_raise(FH_ERR_MEMORY, __FILE__, __LINE__, __func__,
                                      "out of memory: %td samples of %td coefficients", count, dim);
  FH_TRY(fh_status_agree(comm, st));
  FH_TRY(fh_status_agree(comm, gather(comm, count, width, *own, *all)));
  report->sampling = fh_clock() - start;
  if (rank == 0) st = sort_rows(config, count, dim, *all, wanted, tour, report);
  report->sorting = fh_clock() - start - report->sampling;
  return fh_status_agree(comm, st);
}

fh_status fh_order_tour(MPI_Comm comm, const fh_order_config *config, fh_problem *p, uint64_t seed,
                        ptrdiff_t count, const int64_t *wanted, int64_t *tour,
                        fh_order_report *report)
{
  float *own = NULL, *all = NULL;
  int size = 0;
  *report = (fh_order_report){.coefficients = 0};
  memcpy(tour, wanted, (size_t)count * sizeof *tour);
  if (config->kind == FH_ORDER_AS_SAMPLED || count < 2) return FH_OK;
  FH_TRY(fh_size_int(count, &size));
  const fh_status st =
      draw_and_sort(comm, config, p, seed, count, wanted, tour, report, &own, &all);
  fh_free(own), fh_free(all);
  FH_TRY(st);
  FH_TRY_MPI(MPI_Bcast(tour, size, MPI_INT64_T, 0, comm));
  FH_TRY_MPI(MPI_Bcast(report, (int)sizeof *report, MPI_BYTE, 0, comm));
  return FH_OK;
}

fh_status fh_order_chain(int kind, ptrdiff_t count, const int64_t *tour, int groups, int group,
                         int64_t **chain, ptrdiff_t *length)
{
  const ptrdiff_t from = share(count, groups, group), to = share(count, groups, group + 1);
  int64_t *c = NULL;
  FH_NEW(c, count / groups + 1);
  *length = 0;
  if (kind == FH_ORDER_AS_SAMPLED) {
    for (ptrdiff_t i = group; i < count; i += groups) c[(*length)++] = tour[i];
  } else {
    for (ptrdiff_t i = from; i < to; i++) c[(*length)++] = tour[i];
  }
  *chain = c;
  return FH_OK;
}
