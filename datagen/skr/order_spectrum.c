/* The inputs of samples as rows of cosine coefficients. */
#include <cblas.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/skr/order_impl.h"

static const double pi = 3.14159265358979323846;

/* wave numbers kept per axis of n points */
static ptrdiff_t kept(const fh_problem *p, const fh_order_config *config, int axis)
{
  const ptrdiff_t n = p->grid.n[axis];
  if (config->kind == FH_ORDER_GREEDY) return n;
  const double most = pow((double)config->coefficients, 1.0 / p->grid.dim);
  const ptrdiff_t modes = (ptrdiff_t)floor(most + 1e-9);
  return modes < 1 ? 1 : modes < n ? modes : n;
}

static ptrdiff_t per_channel(const fh_problem *p, const fh_order_config *config)
{
  ptrdiff_t size = 1;
  for (int a = 0; a < p->grid.dim; a++) size *= kept(p, config, a);
  return size;
}

ptrdiff_t fh_order_dim(const fh_problem *p, const fh_order_config *config)
{
  ptrdiff_t channels = 0;
  for (int f = 0; f < p->n_fields; f++)
    if (!p->fields[f].is_output) channels += p->fields[f].info.channels;
  return channels * per_channel(p, config);
}

/* orthonormal cosines of an axis, [n][modes] */
static void fill_cosines(ptrdiff_t n, ptrdiff_t modes, double *c)
{
  for (ptrdiff_t j = 0; j < n; j++)
    for (ptrdiff_t k = 0; k < modes; k++)
      c[j * modes + k] =
          sqrt((k ? 2.0 : 1.0) / (double)n) * cos(pi * (double)k * ((double)j + 0.5) / (double)n);
}

typedef struct {
  double *cosines[FH_MAX_DIM], *work[2];
  ptrdiff_t modes[FH_MAX_DIM];
} spectrum;

static fh_status prepare(const fh_problem *p, const fh_order_config *config, spectrum *s)
{
  const ptrdiff_t points = fh_grid_size(&p->grid);
  for (int a = 0; a < p->grid.dim; a++) {
    s->modes[a] = kept(p, config, a);
    FH_NEW(s->cosines[a], p->grid.n[a] * s->modes[a]);
    fill_cosines(p->grid.n[a], s->modes[a], s->cosines[a]);
  }
  for (int w = 0; w < 2; w++) FH_NEW(s->work[w], points);
  return FH_OK;
}

static void release(spectrum *s)
{
  for (int a = 0; a < FH_MAX_DIM; a++) fh_free(s->cosines[a]);
  for (int w = 0; w < 2; w++) fh_free(s->work[w]);
}

/* Every product transforms the leading axis and makes it the last one. */
static const double *transform(const fh_problem *p, spectrum *s, const double *values)
{
  ptrdiff_t size = fh_grid_size(&p->grid);
  const double *from = values;
  for (int a = 0; a < p->grid.dim; a++) {
    const int n = (int)p->grid.n[a], modes = (int)s->modes[a], rest = (int)(size / n);
    double *to = s->work[a % 2];
    cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rest, modes, n, 1.0, from, rest,
                s->cosines[a], modes, 0.0, to, modes);
    from = to;
    size = (ptrdiff_t)rest * modes;
  }
  return from;
}

/* one sample, all channels of all inputs; norms in double, for the tail is a small difference */
static void fill_row(const fh_problem *p, spectrum *s, bool whole, ptrdiff_t size, float *row,
                     float *tail)
{
  const ptrdiff_t points = fh_grid_size(&p->grid);
  double rest = 0.0;
  for (int f = 0; f < p->n_fields; f++)
    for (ptrdiff_t c = 0; c < p->fields[f].info.channels && !p->fields[f].is_output; c++) {
      const double *v = p->value[f] + c * points;
      const double *t = whole ? v : transform(p, s, v);
      for (ptrdiff_t i = 0; i < points; i++) rest += v[i] * v[i];
      for (ptrdiff_t i = 0; i < size; i++) {
        rest -= t[i] * t[i];
        *row++ = (float)t[i];
      }
    }
  *tail = whole ? 0.0f : (float)sqrt(rest > 0.0 ? rest : 0.0);
}

fh_status fh_order_rows(fh_problem *p, uint64_t seed, const fh_order_config *config,
                        const int64_t *wanted, ptrdiff_t from, ptrdiff_t to, ptrdiff_t dim,
                        float *rows)
{
  spectrum s = {{NULL, NULL, NULL}, {NULL, NULL}, {0, 0, 0}};
  const bool whole = config->kind == FH_ORDER_GREEDY;
  const ptrdiff_t size = per_channel(p, config);
  fh_status st = prepare(p, config, &s);
  for (ptrdiff_t i = from; i < to && st == FH_OK; i++, rows += dim + 2) {
    st = p->class->sample(p, seed, wanted[i]);
    rows[dim + 1] = st == FH_OK ? 1.0f : 0.0f;
    if (st == FH_OK) fill_row(p, &s, whole, size, rows, &rows[dim]);
    if (st == FH_ERR_NUMERIC) {
      fh_status_clear(); /* it will be told when it is made */
      st = FH_OK;
    }
  }
  release(&s);
  return st;
}
