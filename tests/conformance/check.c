#include "conformance/check.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"

enum { MAX_PORTS = FH_OP_MAX_IN, N_STEPS = 6 };

/* a subject as a running program with its data: x (inputs), r (weights of the scalar) */
typedef struct {
  fh_program *p;
  int n_in, n_out;
  ptrdiff_t size_in[MAX_PORTS], size_out[MAX_PORTS], batch;
  fh_real *x[MAX_PORTS], *dx[MAX_PORTS], *v[MAX_PORTS], *keep[MAX_PORTS], *r[MAX_PORTS];
  fh_real *y[MAX_PORTS];
  fh_real *w, *dw, *dir; /* parameters at rest, copy of the gradient, direction */
} rig;

static void report(const fh_subject *s, fh_tally *t, bool ok, const char *what, double a, double b)
{
  t->checks++;
  if (ok) return;
  t->failures++;
  printf("FAIL %s: %s (%.17g, %.17g)\n", s->name, what, a, b);
}

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 20240101, .stream = FH_STREAM_TEST, .sample = 0, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

static fh_status rig_ports(rig *g)
{
  for (int i = 0; i < g->n_in; i++) {
    const fh_shape *s = fh_program_input_shape(g->p, i);
    g->batch = s->batch;
    g->size_in[i] = fh_shape_size(s);
    FH_NEW(g->x[i], g->size_in[i]);
    FH_NEW(g->dx[i], g->size_in[i]);
    FH_NEW(g->v[i], g->size_in[i]);
    FH_NEW(g->keep[i], g->size_in[i]);
    fill(g->x[i], g->size_in[i], 10 + (uint64_t)i);
    fill(g->v[i], g->size_in[i], 30 + (uint64_t)i);
    memcpy(g->keep[i], g->x[i], (size_t)g->size_in[i] * sizeof(fh_real));
  }
  for (int i = 0; i < g->n_out; i++) {
    g->size_out[i] = fh_shape_size(fh_program_output_shape(g->p, i));
    FH_NEW(g->r[i], g->size_out[i]);
    FH_NEW(g->y[i], g->size_out[i]);
    fill(g->r[i], g->size_out[i], 50 + (uint64_t)i);
  }
  return FH_OK;
}

/* random parameters, zero in the gaps between them */
static void fill_params(const fh_program *p, fh_real *w, uint64_t field)
{
  for (int k = 0; k < fh_program_n_params(p); k++) {
    const fh_param *q = fh_program_param(p, k);
    fill(w + q->offset, q->size, field + 100 * (uint64_t)k);
  }
}

static fh_status rig_create(const fh_team *team, const fh_subject *s, fh_purpose purpose,
                            fh_buffers buffers, bool recompute, rig *g)
{
  memset(g, 0, sizeof *g);
  FH_TRY(fh_program_create(team, &g->p));
  FH_TRY(s->write(s->context, g->p));
  if (recompute) fh_program_recompute(g->p, true);
  FH_TRY(fh_program_build(g->p, purpose, buffers));
  g->n_in = fh_program_n_inputs(g->p);
  g->n_out = fh_program_n_outputs(g->p);
  FH_TRY(rig_ports(g));
  const ptrdiff_t n = fh_program_param_size(g->p);
  FH_NEW(g->w, n);
  FH_NEW(g->dw, n);
  FH_NEW(g->dir, n);
  fill_params(g->p, g->w, 1000);
  fill_params(g->p, g->dir, 5000);
  memcpy(fh_program_values(g->p), g->w, (size_t)n * sizeof(fh_real));
  return FH_OK;
}

static void rig_destroy(rig *g)
{
  for (int i = 0; i < MAX_PORTS; i++) {
    fh_free(g->x[i]);
    fh_free(g->dx[i]);
    fh_free(g->v[i]);
    fh_free(g->keep[i]);
    fh_free(g->r[i]);
    fh_free(g->y[i]);
  }
  fh_free(g->w);
  fh_free(g->dw);
  fh_free(g->dir);
  fh_program_destroy(&g->p);
}

static double dot(ptrdiff_t n, const fh_real *a, const fh_real *b)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
  return sum;
}

/* f(x) = sum_k <r_k, y_k>; y is kept */
static fh_status scalar(rig *g, double *f)
{
  const fh_real *y[MAX_PORTS];
  FH_TRY(fh_program_forward(g->p, g->batch, (const fh_real *const *)g->x, y));
  *f = 0;
  for (int k = 0; k < g->n_out; k++) {
    *f += dot(g->size_out[k], g->r[k], y[k]);
    memcpy(g->y[k], y[k], (size_t)g->size_out[k] * sizeof(fh_real));
  }
  return FH_OK;
}

static fh_status gradient(rig *g, double *f)
{
  fh_program_zero_gradients(g->p);
  FH_TRY(scalar(g, f));
  for (int k = 0; k < g->n_in; k++)
    for (ptrdiff_t i = 0; i < g->size_in[k]; i++) g->dx[k][i] = (fh_real)NAN;
  FH_TRY(fh_program_backward(g->p, (const fh_real *const *)g->r, g->dx));
  memcpy(g->dw, fh_program_gradients(g->p), (size_t)fh_program_param_size(g->p) * sizeof(fh_real));
  return FH_OK;
}

/* moves inputs or parameters to base + h * direction */
static void move_inputs(rig *g, double h)
{
  for (int k = 0; k < g->n_in; k++)
    for (ptrdiff_t i = 0; i < g->size_in[k]; i++)
      g->x[k][i] = (fh_real)((double)g->keep[k][i] + h * (double)g->v[k][i]);
}

static void move_params(rig *g, double h)
{
  fh_real *w = fh_program_values(g->p);
  const ptrdiff_t n = fh_program_param_size(g->p);
  for (ptrdiff_t i = 0; i < n; i++) w[i] = (fh_real)((double)g->w[i] + h * (double)g->dir[i]);
}

/* |f(h) - f(0) - h f'| must fall by 4 when h halves, or be at rounding already; the smallest h that is
 * not at rounding decides, where terms of third order have died out */
static fh_status taylor(const fh_subject *s, fh_tally *t, rig *g, void (*move)(rig *, double),
                        double f0, double slope, const char *what)
{
  double previous = 0, slope_seen = 2.0;
  for (int i = 0; i < N_STEPS; i++) {
    const double h = 2e-3 * pow(0.5, i);
    double f = 0;
    move(g, h);
    FH_TRY(scalar(g, &f));
    const double rest = fabs(f - f0 - h * slope);
    const double floor = 1e-12 * (fabs(f0) + fabs(f) + 1.0);
    if (i > 0 && !(rest <= floor)) slope_seen = log2(previous / rest);
    previous = rest;
  }
  move(g, 0);
  report(s, t, slope_seen >= 1.8, what, slope_seen, previous);
  return FH_OK;
}

static bool same_bits(ptrdiff_t n, const fh_real *a, const fh_real *b)
{
  return memcmp(a, b, (size_t)n * sizeof *a) == 0;
}

static bool all_finite(ptrdiff_t n, const fh_real *a)
{
  for (ptrdiff_t i = 0; i < n; i++)
    if (!isfinite(a[i])) return false;
  return true;
}

static fh_status check_gradients(const fh_subject *s, fh_tally *t, rig *g)
{
  double f = 0, slope = 0, adjoint = 0;
  FH_TRY(gradient(g, &f));
  bool finite = true;
  for (int k = 0; k < g->n_in; k++) {
    slope += dot(g->size_in[k], g->dx[k], g->v[k]);
    adjoint += dot(g->size_in[k], g->dx[k], g->x[k]);
    finite &= all_finite(g->size_in[k], g->dx[k]);
  }
  for (int k = 0; k < g->n_out; k++) finite &= all_finite(g->size_out[k], g->y[k]);
  report(s, t, finite, "a result is not finite: something undefined was read", 0, 0);
  FH_TRY(taylor(s, t, g, move_inputs, f, slope, "Taylor slope in the inputs is not 2"));
  if (s->linear)
    report(s, t, fabs(f - adjoint) <= 1e-12 * (fabs(f) + 1), "<Ax, y> differs from <x, A'y>", f,
           adjoint);
  const ptrdiff_t n = fh_program_param_size(g->p);
  if (fh_program_n_params(g->p) == 0) return FH_OK;
  FH_TRY(taylor(s, t, g, move_params, f, dot(n, g->dw, g->dir),
                "Taylor slope in the parameters is not 2"));
  return FH_OK;
}

/* the same call twice gives the same bits; inputs stay; gradients add up; nothing is allocated */
static fh_status check_contract(const fh_subject *s, fh_tally *t, rig *g)
{
  double f = 0, again = 0;
  const ptrdiff_t n = fh_program_param_size(g->p);
  const long allocations = fh_memory_allocations();
  FH_TRY(gradient(g, &f));
  report(s, t, fh_memory_allocations() == allocations, "forward and backward allocate", 0, 0);
  fh_real *first = NULL;
  FH_NEW(first, n);
  memcpy(first, g->dw, (size_t)n * sizeof *first);
  FH_TRY(gradient(g, &again));
  report(s, t, f == again && same_bits(n, first, g->dw), "a repeated call gives other bits", f,
         again);
  for (int k = 0; k < g->n_in; k++)
    report(s, t, same_bits(g->size_in[k], g->x[k], g->keep[k]), "an input was written", k, 0);
  FH_TRY(scalar(g, &again));
  FH_TRY(fh_program_backward(g->p, (const fh_real *const *)g->r, NULL));
  double worst = 0, largest = 0;
  const fh_real *twice = fh_program_gradients(g->p);
  for (ptrdiff_t i = 0; i < n; i++) {
    worst = fmax(worst, fabs((double)twice[i] - 2.0 * (double)first[i]));
    largest = fmax(largest, fabs((double)first[i]));
  }
  report(s, t, worst <= 1e-13 * (largest + 1), "a second backward does not double the gradient",
         worst, largest);
  fh_free(first);
  return FH_OK;
}

/* one sample alone has the bits that it has among others */
static fh_status check_batch(const fh_subject *s, fh_tally *t, rig *g)
{
  double f = 0;
  FH_TRY(gradient(g, &f));
  bool same = true;
  for (ptrdiff_t b = 0; b < g->batch; b++) {
    const fh_real *x[MAX_PORTS], *r[MAX_PORTS], *y[MAX_PORTS];
    fh_real *dx[MAX_PORTS];
    for (int k = 0; k < g->n_in; k++) {
      x[k] = g->x[k] + b * (g->size_in[k] / g->batch);
      dx[k] = g->v[k]; /* scratch here */
    }
    for (int k = 0; k < g->n_out; k++) r[k] = g->r[k] + b * (g->size_out[k] / g->batch);
    FH_TRY(fh_program_forward(g->p, 1, x, y));
    for (int k = 0; k < g->n_out; k++) {
      const ptrdiff_t m = g->size_out[k] / g->batch;
      same &= same_bits(m, y[k], g->y[k] + b * m);
    }
    FH_TRY(fh_program_backward(g->p, r, dx));
    for (int k = 0; k < g->n_in; k++) {
      const ptrdiff_t m = g->size_in[k] / g->batch;
      same &= same_bits(m, dx[k], g->dx[k] + b * m);
      fill(g->v[k], g->size_in[k], 30 + (uint64_t)k);
    }
  }
  report(s, t, same, "a sample's bits depend on its batch", 0, 0);
  return FH_OK;
}

/* two rigs of the same subject agree bit for bit */
static fh_status check_same(const fh_subject *s, fh_tally *t, rig *a, rig *b, bool backward,
                            const char *what)
{
  double fa = 0, fb = 0;
  FH_TRY(backward ? gradient(a, &fa) : scalar(a, &fa));
  FH_TRY(backward ? gradient(b, &fb) : scalar(b, &fb));
  bool same = true;
  for (int k = 0; k < a->n_out; k++) same &= same_bits(a->size_out[k], a->y[k], b->y[k]);
  for (int k = 0; backward && k < a->n_in; k++)
    same &= same_bits(a->size_in[k], a->dx[k], b->dx[k]);
  if (backward) same &= same_bits(fh_program_param_size(a->p), a->dw, b->dw);
  report(s, t, same, what, fa, fb);
  return FH_OK;
}

/* every rank has computed the same */
static fh_status check_ranks(const fh_team *team, const fh_subject *s, fh_tally *t, rig *g)
{
  double f = 0, least = 0, most = 0;
  FH_TRY(scalar(g, &f));
  FH_TRY_MPI(MPI_Allreduce(&f, &least, 1, MPI_DOUBLE, MPI_MIN, team->world));
  FH_TRY_MPI(MPI_Allreduce(&f, &most, 1, MPI_DOUBLE, MPI_MAX, team->world));
  report(s, t, least == most, "ranks disagree", least, most);
  return FH_OK;
}

enum { OWN, PLANNED, INFER, AGAIN, AGAIN_OWN, RIGS };

static fh_status check_all(const fh_team *team, const fh_subject *s, fh_tally *t, rig g[RIGS])
{
  rig *own = &g[OWN], *planned = &g[PLANNED];
  FH_TRY(rig_create(team, s, FH_TRAIN, FH_OWN, false, own));
  FH_TRY(rig_create(team, s, FH_TRAIN, FH_PLANNED, false, planned));
  FH_TRY(rig_create(team, s, FH_INFER, FH_PLANNED, false, &g[INFER]));
  FH_TRY(rig_create(team, s, FH_TRAIN, FH_PLANNED, true, &g[AGAIN]));
  FH_TRY(rig_create(team, s, FH_TRAIN, FH_OWN, true, &g[AGAIN_OWN]));
  FH_TRY(check_gradients(s, t, own));
  FH_TRY(check_contract(s, t, own));
  FH_TRY(check_batch(s, t, own));
  FH_TRY(check_same(s, t, own, planned, true, "the plan of the memory changes the bits"));
  FH_TRY(check_same(s, t, own, &g[INFER], false, "inference gives other bits than training"));
  FH_TRY(check_same(s, t, own, &g[AGAIN], true, "computing patches again changes the bits"));
  FH_TRY(check_same(s, t, own, &g[AGAIN_OWN], true,
                    "computing patches again reads what is not there"));
  FH_TRY(check_ranks(team, s, t, planned));
  const fh_program_memory m = fh_program_bytes(planned->p);
  report(s, t, m.bound <= m.arena && m.arena <= m.own, "the arena is no plan", (double)m.arena,
         (double)m.own);
  return FH_OK;
}

fh_status fh_check_subject(const fh_team *team, const fh_subject *s, fh_tally *t)
{
  rig g[RIGS] = {0};
  const fh_status st = check_all(team, s, t, g);
  for (int i = 0; i < RIGS; i++) rig_destroy(&g[i]);
  return st;
}
