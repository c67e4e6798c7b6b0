/* Tours for very many samples: clusters with greedy tours inside, and a Hilbert curve. */
#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/skr/order_impl.h"

/* ---- Hilbert curve ------------------------------------------------------------------------------- */

enum { AXES = 6, BITS = 10 };

/* Skilling, AIP Conf. Proc. 707 (2004): coordinates to the transposed index, in place */
static void to_hilbert(int axes, unsigned x[AXES])
{
  for (unsigned q = 1u << (BITS - 1); q > 1; q >>= 1)
    for (int i = 0; i < axes; i++) {
      if (x[i] & q) {
        x[0] ^= q - 1;
      } else {
        const unsigned t = (x[0] ^ x[i]) & (q - 1);
        x[0] ^= t, x[i] ^= t;
      }
    }
  for (int i = 1; i < axes; i++) x[i] ^= x[i - 1];
  unsigned t = 0;
  for (unsigned q = 1u << (BITS - 1); q > 1; q >>= 1)
    if (x[axes - 1] & q) t ^= q - 1;
  for (int i = 0; i < axes; i++) x[i] ^= t;
}

typedef struct {
  uint64_t key;
  ptrdiff_t row;
} place_on_curve;

static int by_key(const void *a, const void *b)
{
  const place_on_curve *p = a, *q = b;
  if (p->key != q->key) return p->key < q->key ? -1 : 1;
  return p->row < q->row ? -1 : 1;
}

static uint64_t key_of(int axes, const float *x, const float *low, const float *high)
{
  unsigned at[AXES] = {0};
  uint64_t key = 0;
  for (int a = 0; a < axes; a++) {
    const float width = high[a] - low[a];
    const float t = width > 0.0f ? (x[a] - low[a]) / width : 0.0f;
    at[a] = (unsigned)((double)t * ((1 << BITS) - 1));
  }
  to_hilbert(axes, at);
  for (int bit = BITS - 1; bit >= 0; bit--)
    for (int a = 0; a < axes; a++) key = key << 1 | (at[a] >> bit & 1u);
  return key;
}

fh_status fh_order_hilbert(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset)
{
  const int axes = p->dim < AXES ? (int)p->dim : AXES;
  float low[AXES], high[AXES];
  place_on_curve *curve = NULL;
  FH_NEW(curve, n);
  for (int a = 0; a < axes; a++) low[a] = INFINITY, high[a] = -INFINITY;
  for (ptrdiff_t i = 0; i < n; i++)
    for (int a = 0; a < axes; a++) {
      const float v = p->x[subset[i] * p->dim + a];
      if (v < low[a]) low[a] = v;
      if (v > high[a]) high[a] = v;
    }
  for (ptrdiff_t i = 0; i < n; i++)
    curve[i] = (place_on_curve){key_of(axes, p->x + subset[i] * p->dim, low, high), subset[i]};
  qsort(curve, (size_t)n, sizeof *curve, by_key);
  for (ptrdiff_t i = 0; i < n; i++) subset[i] = curve[i].row;
  fh_free(curve);
  return FH_OK;
}

/* ---- clusters ------------------------------------------------------------------------------------ */

enum { PER_CLUSTER = 500, ROUNDS = 4, BLOCK = 256 };

typedef struct {
  ptrdiff_t count, dim;
  float *centre;                /* [count][dim] */
  float *square, *block, *rows; /* [count], [BLOCK][count], [BLOCK][dim] */
  ptrdiff_t *of;                /* [n] cluster of subset[i] */
  ptrdiff_t *first, *member;    /* [count + 1], [n]: subset by cluster */
  double *sum;                  /* [count][dim] */
} clusters;

static void drop_clusters(clusters *c)
{
  fh_free(c->centre), fh_free(c->square), fh_free(c->block), fh_free(c->rows);
  fh_free(c->of), fh_free(c->first), fh_free(c->member), fh_free(c->sum);
}

/* centres: samples at equal distances along a Hilbert curve, which subset is in already */
static fh_status build_clusters(const fh_cloud *p, ptrdiff_t n, const ptrdiff_t *subset,
                                clusters *c)
{
  c->count = (n + PER_CLUSTER - 1) / PER_CLUSTER;
  c->dim = p->dim;
  FH_NEW(c->centre, c->count * c->dim);
  FH_NEW(c->square, c->count);
  FH_NEW(c->block, BLOCK * c->count);
  FH_NEW(c->rows, BLOCK * c->dim);
  FH_NEW(c->of, n);
  FH_NEW(c->first, c->count + 1);
  FH_NEW(c->member, n);
  FH_NEW(c->sum, c->count * c->dim);
  for (ptrdiff_t k = 0; k < c->count; k++)
    memcpy(c->centre + k * c->dim, p->x + subset[(2 * k + 1) * n / (2 * c->count)] * p->dim,
           (size_t)c->dim * sizeof *c->centre);
  return FH_OK;
}

/* every sample to its nearest centre, BLOCK of them by one product of matrices */
static void assign(const fh_cloud *p, ptrdiff_t n, const ptrdiff_t *subset, clusters *c)
{
  const int dim = (int)c->dim, count = (int)c->count;
  for (ptrdiff_t k = 0; k < c->count; k++)
    c->square[k] = cblas_sdot(dim, c->centre + k * dim, 1, c->centre + k * dim, 1);
  for (ptrdiff_t from = 0; from < n; from += BLOCK) {
    const int size = (int)(n - from < BLOCK ? n - from : BLOCK);
    for (int i = 0; i < size; i++)
      memcpy(c->rows + (ptrdiff_t)i * dim, p->x + subset[from + i] * p->dim,
             (size_t)dim * sizeof *c->rows);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size, count, dim, -2.0f, c->rows, dim,
                c->centre, dim, 0.0f, c->block, count);
    for (int i = 0; i < size; i++) {
      const float *product = c->block + (ptrdiff_t)i * count;
      ptrdiff_t best = 0;
      for (ptrdiff_t k = 1; k < count; k++)
        if (product[k] + c->square[k] < product[best] + c->square[best]) best = k;
      c->of[from + i] = best;
    }
  }
}

/* centres become means of their samples; an empty cluster keeps its centre */
static void move_centres(const fh_cloud *p, ptrdiff_t n, const ptrdiff_t *subset, clusters *c)
{
  memset(c->first, 0, (size_t)(c->count + 1) * sizeof *c->first);
  memset(c->sum, 0, (size_t)(c->count * c->dim) * sizeof *c->sum);
  for (ptrdiff_t i = 0; i < n; i++) {
    c->first[c->of[i]]++;
    for (ptrdiff_t k = 0; k < c->dim; k++)
      c->sum[c->of[i] * c->dim + k] += (double)p->x[subset[i] * p->dim + k];
  }
  for (ptrdiff_t k = 0; k < c->count; k++)
    for (ptrdiff_t l = 0; l < c->dim && c->first[k] > 0; l++)
      c->centre[k * c->dim + l] = (float)(c->sum[k * c->dim + l] / (double)c->first[k]);
}

static void list_members(ptrdiff_t n, const ptrdiff_t *subset, clusters *c)
{
  memset(c->first, 0, (size_t)(c->count + 1) * sizeof *c->first);
  for (ptrdiff_t i = 0; i < n; i++) c->first[c->of[i] + 1]++;
  for (ptrdiff_t k = 0; k < c->count; k++) c->first[k + 1] += c->first[k];
  for (ptrdiff_t i = 0; i < n; i++) c->member[c->first[c->of[i]]++] = subset[i];
  for (ptrdiff_t k = c->count; k > 0; k--) c->first[k] = c->first[k - 1];
  c->first[0] = 0;
}

/* the member nearest to a sample comes first */
static void start_near(const fh_cloud *p, ptrdiff_t from, ptrdiff_t n, ptrdiff_t *member)
{
  ptrdiff_t best = 0;
  double least = INFINITY;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double d = fh_cloud_distance(p, from, member[i]);
    if (d < least) least = d, best = i;
  }
  const ptrdiff_t swap = member[0];
  member[0] = member[best];
  member[best] = swap;
}

/* a greedy tour of the centres, and of every cluster from where the one before ended */
static fh_status tour_clusters(const fh_cloud *p, clusters *c, ptrdiff_t *subset)
{
  fh_cloud centres = {.count = c->count, .dim = c->dim, .x = c->centre};
  ptrdiff_t *visit = NULL, done = 0;
  fh_status st = FH_OK;
  FH_NEW(visit, c->count);
  for (ptrdiff_t k = 0; k < c->count; k++) visit[k] = k;
  st = fh_order_greedy(&centres, c->count, visit);
  for (ptrdiff_t v = 0; v < c->count && st == FH_OK; v++) {
    const ptrdiff_t k = visit[v], size = c->first[k + 1] - c->first[k];
    if (size == 0) continue;
    ptrdiff_t *member = c->member + c->first[k];
    if (done > 0) start_near(p, subset[done - 1], size, member);
    st = fh_order_greedy(p, size, member);
    memcpy(subset + done, member, (size_t)size * sizeof *subset);
    done += size;
  }
  fh_free(visit);
  return st;
}

fh_status fh_order_clusters(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset)
{
  clusters c;
  memset(&c, 0, sizeof c);
  FH_TRY(fh_order_hilbert(p, n, subset));
  fh_status st = build_clusters(p, n, subset, &c);
  for (int round = 0; round < ROUNDS && st == FH_OK; round++) {
    assign(p, n, subset, &c);
    move_centres(p, n, subset, &c);
  }
  if (st == FH_OK) {
    list_members(n, subset, &c);
    st = tour_clusters(p, &c, subset);
  }
  drop_clusters(&c);
  return st;
}
