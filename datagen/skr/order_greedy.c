/* Greedy tours: the nearest of what is left, exactly. */
#include <cblas.h>
#include <math.h>

#include "base/memory.h"
#include "datagen/skr/order_impl.h"

/* With spectra: the HEAD leading coordinates of what is left lie together, one product of a matrix and a
   vector gives lower bounds of all distances, and only rows whose bound is below the best distance found
   are compared whole. As most of the variance is in few coefficients, those are few. */
enum { HEAD = 24 };

typedef struct {
  ptrdiff_t left, head;
  ptrdiff_t *row; /* [left] rows of the points */
  float *x;       /* [left][head] */
  float *square;  /* [left] of x */
  float *bound;   /* [left] products, then lower bounds of squared distances */
} search;

static void drop_search(search *s)
{
  fh_free(s->row), fh_free(s->x), fh_free(s->square), fh_free(s->bound);
}

static fh_status build_search(const fh_cloud *p, ptrdiff_t n, const ptrdiff_t *subset, search *s)
{
  s->left = n;
  s->head = p->dim < HEAD ? p->dim : HEAD;
  FH_NEW(s->row, n);
  FH_NEW(s->x, n * s->head);
  FH_NEW(s->square, n);
  FH_NEW(s->bound, n);
  for (ptrdiff_t i = 0; i < n; i++) {
    s->row[i] = subset[i];
    for (ptrdiff_t k = 0; k < s->head; k++) {
      const float v = p->x[subset[i] * p->dim + k];
      s->x[i * s->head + k] = v;
      s->square[i] += v * v;
    }
  }
  return FH_OK;
}

/* the last one takes its place */
static void take_out(search *s, ptrdiff_t place)
{
  const ptrdiff_t last = --s->left;
  s->row[place] = s->row[last];
  s->square[place] = s->square[last];
  for (ptrdiff_t k = 0; k < s->head; k++) s->x[place * s->head + k] = s->x[last * s->head + k];
}

static float remainder_of(const fh_cloud *p, ptrdiff_t i, ptrdiff_t j, ptrdiff_t from)
{
  const float *a = p->x + i * p->dim, *b = p->x + j * p->dim;
  float sum[4] = {0.0f, 0.0f, 0.0f, 0.0f};
  ptrdiff_t k = from;
  for (; k + 4 <= p->dim; k += 4)
    for (int l = 0; l < 4; l++) sum[l] += (a[k + l] - b[k + l]) * (a[k + l] - b[k + l]);
  for (; k < p->dim; k++) sum[0] += (a[k] - b[k]) * (a[k] - b[k]);
  return sum[0] + sum[1] + sum[2] + sum[3];
}

static ptrdiff_t smallest(ptrdiff_t n, const float *v)
{
  float least[8];
  ptrdiff_t i = 0;
  for (int l = 0; l < 8; l++) least[l] = v[0];
  for (; i + 8 <= n; i += 8)
    for (int l = 0; l < 8; l++) least[l] = v[i + l] < least[l] ? v[i + l] : least[l];
  float all = least[0];
  for (int l = 1; l < 8; l++) all = least[l] < all ? least[l] : all;
  for (; i < n; i++) all = v[i] < all ? v[i] : all;
  for (i = 0; i < n; i++)
    if (v[i] == all) return i;
  return 0;
}

/* lower bounds |x|^2 + |c|^2 - 2 x.c, less what rounding may have added */
static void bound_all(const fh_cloud *p, ptrdiff_t from, search *s)
{
  const float *c = p->x + from * p->dim;
  const int head = (int)s->head;
  float square = 0.0f;
  for (ptrdiff_t k = 0; k < s->head; k++) square += c[k] * c[k];
  cblas_sgemv(CblasRowMajor, CblasNoTrans, (int)s->left, head, -2.0f, s->x, head, c, 1, 0.0f,
              s->bound, 1);
  for (ptrdiff_t i = 0; i < s->left; i++) s->bound[i] += (1.0f - 4e-6f) * (s->square[i] + square);
}

/* place of the nearest; of equally near ones, the smallest row */
static ptrdiff_t nearest(const fh_cloud *p, ptrdiff_t from, search *s)
{
  bound_all(p, from, s);
  ptrdiff_t place = smallest(s->left, s->bound);
  float best = remainder_of(p, from, s->row[place], 0);
  for (ptrdiff_t i = 0; i < s->left; i++) {
    if (s->bound[i] > best) continue;
    const float d = remainder_of(p, from, s->row[i], 0);
    if (d < best || (d == best && s->row[i] < s->row[place])) best = d, place = i;
  }
  return place;
}

/* all products are known */
static ptrdiff_t nearest_known(const fh_cloud *p, ptrdiff_t from, search *s)
{
  const float *product = p->gram + from * p->count;
  float best = INFINITY;
  ptrdiff_t place = 0;
  for (ptrdiff_t i = 0; i < s->left; i++) {
    const ptrdiff_t row = s->row[i];
    const float d = p->squares[row] - 2.0f * product[row];
    if (d < best || (d == best && row < s->row[place])) best = d, place = i;
  }
  return place;
}

fh_status fh_order_greedy(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *subset)
{
  search s = {0, 0, NULL, NULL, NULL, NULL};
  const fh_status st = build_search(p, n, subset, &s);
  ptrdiff_t place = 0;
  for (ptrdiff_t i = 0; i < n && st == FH_OK; i++) {
    subset[i] = s.row[place];
    take_out(&s, place);
    if (s.left > 0) place = p->gram ? nearest_known(p, subset[i], &s) : nearest(p, subset[i], &s);
  }
  drop_search(&s);
  return st;
}

/* ---- 2-opt --------------------------------------------------------------------------------------- */

/* v[from..to], and the lengths of the steps between them */
static void reverse(ptrdiff_t *v, float *step, ptrdiff_t from, ptrdiff_t to)
{
  for (ptrdiff_t i = from, j = to; i < j; i++, j--) {
    const ptrdiff_t swap = v[i];
    v[i] = v[j];
    v[j] = swap;
  }
  for (ptrdiff_t i = from, j = to - 1; i < j; i++, j--) {
    const float swap = step[i];
    step[i] = step[j];
    step[j] = swap;
  }
}

/* all pieces that begin after i; true if one of them was worth reversing */
static bool improve_from(const fh_cloud *p, ptrdiff_t n, ptrdiff_t reach, ptrdiff_t i, ptrdiff_t *v,
                         float *step)
{
  bool gained = false;
  for (ptrdiff_t j = i + 2; j < n && j <= i + reach; j++) {
    const float across = (float)fh_cloud_distance(p, v[i], v[j]);
    const float old = step[i] + step[j]; /* the last sample has no next one: 0 */
    if (across >= old * (1.0f - 1e-6f)) continue;
    const float last = j + 1 < n ? (float)fh_cloud_distance(p, v[i + 1], v[j + 1]) : 0.0f;
    if (across + last >= old * (1.0f - 1e-6f)) continue;
    reverse(v, step, i + 1, j);
    step[i] = across;
    step[j] = last;
    gained = true;
  }
  return gained;
}

/* The end of a greedy tour is bad: left-overs far apart. Reversing pieces of at most REACH samples, SWEEPS
   times over the tour or until nothing is gained, takes such steps out. */
fh_status fh_order_two_opt(const fh_cloud *p, ptrdiff_t n, ptrdiff_t *v)
{
  enum { REACH = 1000, SWEEPS = 10 };
  bool gained = true;
  float *step = NULL;
  FH_NEW(step, n);
  for (ptrdiff_t i = 0; i + 1 < n; i++) step[i] = (float)fh_cloud_distance(p, v[i], v[i + 1]);
  for (int sweep = 0; sweep < SWEEPS && gained; sweep++) {
    gained = false;
    for (ptrdiff_t i = 0; i + 2 < n; i++) gained = improve_from(p, n, REACH, i, v, step) || gained;
  }
  fh_free(step);
  return FH_OK;
}
