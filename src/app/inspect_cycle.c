/* inspect_cycle - a V-cycle as a numerical analyst looks at a matrix */
#include <math.h>
#include <string.h>

#include "app/inspect_mgno.h"
#include "base/rng.h"
#include "kernels/taps.h"
#include "model/mgno.h"
#include "train/cycle.h"

static const double pi = 3.141592653589793;

/* the matrix, and three fields of each side */
typedef struct {
  FILE *stream;
  fh_cycle *w;
  const fh_mgno_config *config;
  fh_grid grid;
  ptrdiff_t points, nf, nu; /* of the grid; reals of f and u */
  fh_real *f[3], *u[3];
} matrix;

static fh_status allocate(matrix *m)
{
  m->points = fh_grid_size(&m->grid);
  m->nf = fh_shape_sample(fh_cycle_f_shape(m->w));
  m->nu = fh_shape_sample(fh_cycle_u_shape(m->w));
  for (int i = 0; i < 3; i++) {
    FH_NEW(m->f[i], m->nf);
    FH_NEW(m->u[i], m->nu);
  }
  return FH_OK;
}

static void release(matrix *m)
{
  for (int i = 0; i < 3; i++) {
    fh_free(m->f[i]);
    fh_free(m->u[i]);
  }
  fh_cycle_destroy(&m->w);
}

static void draw(uint64_t series, ptrdiff_t n, fh_real *x)
{
  const fh_rng r = {.seed = 1, .stream = FH_STREAM_TEST, .sample = series};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

static double dot(ptrdiff_t n, const fh_real *a, const fh_real *b)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

/* ---- what makes it a matrix --------------------------------------------------------------------- */

static fh_status print_linearity(const matrix *m)
{
  const char *const text = "  linear: |W(2f - 3g) - 2Wf + 3Wg| / |W(2f - 3g)| = %.1e\n";
  double error = 0;
  draw(1, m->nf, m->f[0]);
  draw(2, m->nf, m->f[1]);
  for (ptrdiff_t i = 0; i < m->nf; i++) m->f[2][i] = 2 * m->f[0][i] - 3 * m->f[1][i];
  for (int k = 0; k < 3; k++) FH_TRY(fh_cycle_apply(m->w, 1, m->f[k], m->u[k]));
  for (ptrdiff_t i = 0; i < m->nu; i++) {
    const double d = (double)m->u[2][i] - 2 * (double)m->u[0][i] + 3 * (double)m->u[1][i];
    error += d * d;
  }
  fprintf(m->stream, text, sqrt(error / dot(m->nu, m->u[2], m->u[2])));
  return FH_OK;
}

static fh_status print_transpose(const matrix *m)
{
  draw(3, m->nf, m->f[0]);
  draw(4, m->nu, m->u[1]);
  FH_TRY(fh_cycle_apply(m->w, 1, m->f[0], m->u[0]));
  FH_TRY(fh_cycle_adjoint(m->w, 1, m->u[1], m->f[1]));
  const double a = dot(m->nu, m->u[0], m->u[1]), b = dot(m->nf, m->f[0], m->f[1]);
  const double scale = sqrt(dot(m->nu, m->u[0], m->u[0]) * dot(m->nu, m->u[1], m->u[1]));
  fprintf(m->stream, "  transpose: |<Wf, u> - <f, W'u>| / (|Wf| |u|) = %.1e\n",
          fabs(a - b) / scale);
  return FH_OK;
}

static fh_status print_norm(const matrix *m)
{
  enum { STEPS = 40 };
  double norm = 0;
  FH_TRY(fh_cycle_norm(m->w, STEPS, 1, &norm));
  fprintf(m->stream, "  norm: |W| = %.6g (%d steps of power iteration on W'W)\n", norm, STEPS);
  return FH_OK;
}

/* ---- waves -------------------------------------------------------------------------------------- */

/* the wave number k along an axis that the sides of the axis allow */
static double wave(const matrix *m, int axis, ptrdiff_t k, ptrdiff_t i)
{
  const double n = (double)m->grid.n[axis], at = (double)i, number = (double)k;
  switch (m->config->side[axis][0]) {
  case FH_SIDE_PERIODIC:
    return cos(2 * pi * number * at / n);
  case FH_SIDE_ZERO:
    return sin(pi * number * (at + 1) / (n + 1));
  default:
    return cos(pi * number * (at + 0.5) / n);
  }
}

static void fill_wave(const matrix *m, ptrdiff_t k, fh_real *f)
{
  for (ptrdiff_t q = 0; q < m->points; q++) {
    double value = 1;
    ptrdiff_t rest = q;
    for (int a = m->grid.dim - 1; a >= 0; a--) {
      value *= wave(m, a, k, rest % m->grid.n[a]);
      rest /= m->grid.n[a];
    }
    f[q] = (fh_real)value;
  }
}

/* |W f| / |f|, root mean square over waves in one channel of f at a time */
static fh_status gain_of(const matrix *m, ptrdiff_t k, double *gain)
{
  const ptrdiff_t channels = m->nf / m->points;
  double sum = 0;
  for (ptrdiff_t c = 0; c < channels; c++) {
    memset(m->f[0], 0, (size_t)m->nf * sizeof *m->f[0]);
    fill_wave(m, k, m->f[0] + c * m->points);
    FH_TRY(fh_cycle_apply(m->w, 1, m->f[0], m->u[0]));
    sum += dot(m->nu, m->u[0], m->u[0]) / dot(m->nf, m->f[0], m->f[0]);
  }
  *gain = sqrt(sum / (double)channels);
  return FH_OK;
}

static fh_status print_waves(const matrix *m)
{
  ptrdiff_t least = m->grid.n[0];
  for (int a = 1; a < m->grid.dim; a++)
    if (m->grid.n[a] < least) least = m->grid.n[a];
  fputs("  waves: |W f| / |f| for f of wave number k along every axis\n   ", m->stream);
  for (ptrdiff_t k = 1; k <= least / 2; k *= 2) {
    double gain = 0;
    FH_TRY(gain_of(m, k, &gain));
    fprintf(m->stream, " k=%td: %.4g%s", k, gain, 2 * k <= least / 2 ? "," : "\n");
  }
  return FH_OK;
}

/* ---- a point source ----------------------------------------------------------------------------- */

/* largest distance along an axis from the middle point */
static ptrdiff_t distance(const matrix *m, ptrdiff_t q)
{
  ptrdiff_t most = 0;
  for (int a = m->grid.dim - 1; a >= 0; a--) {
    const ptrdiff_t d = q % m->grid.n[a] - m->grid.n[a] / 2, size = d < 0 ? -d : d;
    if (size > most) most = size;
    q /= m->grid.n[a];
  }
  return most;
}

static fh_status print_reach(const matrix *m)
{
  ptrdiff_t middle = 0, farthest = 0;
  for (int a = 0; a < m->grid.dim; a++) middle = middle * m->grid.n[a] + m->grid.n[a] / 2;
  memset(m->f[0], 0, (size_t)m->nf * sizeof *m->f[0]);
  for (ptrdiff_t c = 0; c < m->nf / m->points; c++) m->f[0][c * m->points + middle] = 1;
  FH_TRY(fh_cycle_apply(m->w, 1, m->f[0], m->u[0]));
  const double all = dot(m->nu, m->u[0], m->u[0]);
  for (ptrdiff_t i = 0; i < m->nu; i++)
    if (m->u[0][i] < 0 || m->u[0][i] > 0) {
      const ptrdiff_t d = distance(m, i % m->points);
      if (d > farthest) farthest = d;
    }
  fprintf(m->stream,
          "  point source in the middle: reaches %td points far; share of |Wf|^2 within\n   ",
          farthest);
  for (ptrdiff_t r = 1; r / 2 < farthest; r *= 2) {
    double part = 0;
    for (ptrdiff_t i = 0; i < m->nu; i++)
      if (distance(m, i % m->points) <= r) part += (double)m->u[0][i] * (double)m->u[0][i];
    fprintf(m->stream, " %td: %.4f%s", r, part / all, r < farthest ? "," : "\n");
  }
  return FH_OK;
}

/* ---- stencils ----------------------------------------------------------------------------------- */

/* one number a tap: of a single pair of channels itself, else the root mean square over all pairs */
static double tap(const fh_param *q, const fh_real *values, ptrdiff_t taps, ptrdiff_t t)
{
  const ptrdiff_t pairs = q->size / taps;
  double sum = 0;
  if (pairs == 1) return (double)values[t];
  for (ptrdiff_t i = 0; i < pairs; i++)
    sum += (double)values[i * taps + t] * (double)values[i * taps + t];
  return sqrt(sum / (double)pairs);
}

static void print_stencil(const matrix *m, const fh_param *q, const fh_real *values)
{
  const fh_param_decl *d = &q->decl;
  ptrdiff_t taps = 1;
  for (int a = 2; a < d->rank; a++) taps *= d->n[a];
  const ptrdiff_t row = d->rank > 2 ? d->n[d->rank - 1] : 1;
  fprintf(m->stream, "  %s (%td x %td channels)\n", q->name, d->n[0], d->n[1]);
  for (ptrdiff_t t = 0; t < taps; t++)
    fprintf(m->stream, "%s%12.5g%s", t % row ? "" : "   ", tap(q, values, taps, t),
            t % row == row - 1 ? "\n" : "");
}

static void print_stencils(const matrix *m)
{
  fh_program *p = fh_cycle_program(m->w);
  const fh_real *values = fh_program_values(p);
  fputs("  stencils (of several pairs of channels: the root mean square over them)\n", m->stream);
  for (int i = 0; i < fh_program_n_params(p); i++) {
    const fh_param *q = fh_program_param(p, i);
    print_stencil(m, q, values + q->offset);
  }
}

/* ---- all of it ---------------------------------------------------------------------------------- */

static fh_status print_matrix(const matrix *m, int number)
{
  char text[64];
  ptrdiff_t parameters = fh_model_n_params(fh_cycle_program(m->w));
  fprintf(
      m->stream,
      "V-cycle %d without biases and norms: W from %td to %td channels on %s points, a matrix of "
      "%td x %td made of %td parameters\n",
      number, m->nf / m->points, m->nu / m->points, fh_grid_text(&m->grid, text), m->nu, m->nf,
      parameters);
  FH_TRY(print_linearity(m));
  FH_TRY(print_transpose(m));
  FH_TRY(print_norm(m));
  FH_TRY(print_waves(m));
  FH_TRY(print_reach(m));
  print_stencils(m);
  return FH_OK;
}

fh_status fh_inspect_cycle(FILE *stream, const fh_trained *t, const fh_team *team, int number)
{
  matrix m = {.stream = stream, .grid = t->grid};
  FH_TRY(fh_cycle_create(t, team, &t->grid, number, true, 1, &m.w));
  fh_mgno_config config = *(const fh_mgno_config *)t->spec.config;
  m.config = &config;
  fh_status st = t->spec.class->check(&config, t->grid.dim);
  if (st == FH_OK) st = allocate(&m);
  if (st == FH_OK) st = print_matrix(&m, number);
  release(&m);
  return st;
}
