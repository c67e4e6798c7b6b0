#include "train/cycle.h"

#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "model/mgno.h"

struct fh_cycle {
  fh_program *before, *w; /* before: NULL if f is the input of the model */
  const fh_normaliser *input;
  fh_shape in; /* of the model's input, for the largest batch */
  bool linear;
  fh_real *x, *f, *u; /* an encoded input; fields of each side */
  fh_real *g, *v;     /* one field of each side */
};

static fh_status build(const fh_trained *t, const fh_team *team, const fh_grid *grid, int number,
                       ptrdiff_t batch, fh_cycle *c)
{
  FH_TRY(fh_trained_check_axes(t, grid));
  FH_TRY(fh_mgno_parts(&t->spec, team, grid, batch, number, c->linear, &c->before, &c->w));
  if (c->before) FH_TRY(fh_trained_load(t, c->before));
  FH_TRY(fh_trained_load(t, c->w));
  c->input = t->input;
  c->in = (fh_shape){batch, t->spec.in_channels, fh_layout_whole(grid)};
  FH_NEW(c->x, fh_shape_size(&c->in));
  FH_NEW(c->f, fh_shape_size(fh_cycle_f_shape(c)));
  FH_NEW(c->u, fh_shape_size(fh_cycle_u_shape(c)));
  FH_NEW(c->g, fh_shape_sample(fh_cycle_f_shape(c)));
  FH_NEW(c->v, fh_shape_sample(fh_cycle_u_shape(c)));
  return FH_OK;
}

fh_status fh_cycle_create(const fh_trained *trained, const fh_team *team, const fh_grid *grid,
                          int number, bool linear, ptrdiff_t batch, fh_cycle **cycle)
{
  fh_cycle *c = NULL;
  *cycle = NULL;
  FH_NEW(c, 1);
  c->linear = linear;
  const fh_status st = build(trained, team, grid, number, batch, c);
  if (st != FH_OK) fh_cycle_destroy(&c);
  *cycle = c;
  return st;
}

void fh_cycle_destroy(fh_cycle **cycle)
{
  fh_cycle *c = *cycle;
  if (!c) return;
  fh_program_destroy(&c->before);
  fh_program_destroy(&c->w);
  fh_free(c->x);
  fh_free(c->f);
  fh_free(c->u);
  fh_free(c->g);
  fh_free(c->v);
  fh_free(c);
  *cycle = NULL;
}

const fh_shape *fh_cycle_f_shape(const fh_cycle *c)
{
  return fh_program_input_shape(c->w, 0);
}

const fh_shape *fh_cycle_u_shape(const fh_cycle *c)
{
  return fh_program_output_shape(c->w, 0);
}

fh_program *fh_cycle_program(fh_cycle *c)
{
  return c->w;
}

static size_t bytes_of(const fh_shape *shape, ptrdiff_t batch)
{
  return (size_t)(batch * fh_shape_sample(shape)) * sizeof(fh_real);
}

/* a program of one input and one output on at most its own batch */
static fh_status run(fh_program *p, ptrdiff_t batch, const fh_real *in, fh_real *to)
{
  const fh_real *out = NULL;
  const fh_shape *shape = fh_program_output_shape(p, 0);
  FH_CHECK(batch >= 1 && batch <= shape->batch, FH_ERR_ARG,
           "a cycle of %td fields was built for at most %td", batch, shape->batch);
  FH_TRY(fh_program_forward(p, batch, &in, &out));
  memcpy(to, out, bytes_of(shape, batch));
  return FH_OK;
}

fh_status fh_cycle_apply(fh_cycle *c, ptrdiff_t batch, const fh_real *f, fh_real *u)
{
  return run(c->w, batch, f, u);
}

fh_status fh_cycle_adjoint(fh_cycle *c, ptrdiff_t batch, const fh_real *u, fh_real *f)
{
  FH_CHECK(c->linear, FH_ERR_STATE, "a cycle with biases and norms has no transpose");
  memset(c->f, 0, bytes_of(fh_cycle_f_shape(c), fh_cycle_f_shape(c)->batch));
  FH_TRY(run(c->w, batch, c->f, c->u)); /* backward needs a forward; a matrix has no favourite f */
  fh_real *const din = f;
  return fh_program_backward(c->w, &u, &din);
}

fh_status fh_cycle_input(fh_cycle *c, ptrdiff_t batch, const fh_real *x, fh_real *f)
{
  FH_CHECK(batch >= 1 && batch <= c->in.batch, FH_ERR_ARG,
           "a cycle of %td fields was built for at most %td", batch, c->in.batch);
  memcpy(c->x, x, bytes_of(&c->in, batch));
  if (c->input) FH_TRY(fh_normaliser_encode(c->input, batch, &c->in, c->x));
  if (c->before) return run(c->before, batch, c->x, f);
  memcpy(f, c->x, bytes_of(&c->in, batch));
  return FH_OK;
}

static double length(ptrdiff_t n, const fh_real *x)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n; i++) sum += (double)x[i] * (double)x[i];
  return sqrt(sum);
}

fh_status fh_cycle_norm(fh_cycle *c, int steps, uint64_t seed, double *norm)
{
  const ptrdiff_t nf = fh_shape_sample(fh_cycle_f_shape(c)),
                  nu = fh_shape_sample(fh_cycle_u_shape(c));
  const fh_rng r = {.seed = seed, .stream = FH_STREAM_TEST};
  *norm = 0;
  FH_CHECK(c->linear, FH_ERR_STATE, "a cycle with biases and norms has no norm");
  for (ptrdiff_t i = 0; i < nf; i++) c->g[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
  for (int k = 0; k < steps; k++) {
    const double size = length(nf, c->g);
    for (ptrdiff_t i = 0; i < nf && size > 0; i++) c->g[i] = (fh_real)((double)c->g[i] / size);
    FH_TRY(fh_cycle_apply(c, 1, c->g, c->v));
    *norm = length(nu, c->v);
    FH_CHECK(isfinite(*norm), FH_ERR_NUMERIC, "the cycle's result is not finite");
    FH_TRY(fh_cycle_adjoint(c, 1, c->v, c->g));
  }
  return FH_OK;
}
