/* vcycle - see vcycle.h */
#include "model/vcycle.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "operators/norm/norm.h"
#include "operators/prolong/prolong.h"
#include "operators/residual/residual.h"
#include "operators/smooth/smooth.h"
#include "operators/stencil/stencil.h"

enum { NAME = 128 };

/* the cycle while it is written: u and f of each level */
typedef struct {
  const fh_vcycle *c;
  const char *prefix;
  fh_program *p;
  int dim;
  fh_slot u[FH_VCYCLE_LEVELS], f[FH_VCYCLE_LEVELS];
  bool has_a[FH_VCYCLE_LEVELS], has_s[FH_VCYCLE_LEVELS]; /* the shared A and S of a level exist */
} writer;

static const char *name_of(const writer *w, char text[NAME], const char *format, ...)
    FH_PRINTF(3, 4);
static const char *name_of(const writer *w, char text[NAME], const char *format, ...)
{
  const int used = snprintf(text, NAME, "%s%s", w->prefix, w->prefix[0] ? "." : "");
  va_list list;
  va_start(list, format);
  if (used < NAME) vsnprintf(text + used, (size_t)(NAME - used), format, list);
  va_end(list);
  return text;
}

static ptrdiff_t u_of(const writer *w, int level)
{
  return w->c->u_channels * w->c->factor[level];
}
static ptrdiff_t f_of(const writer *w, int level)
{
  return w->c->f_channels * w->c->factor[level];
}

/* ---- sizes ------------------------------------------------------------------------------------- */

void fh_vcycle_coarsen(const fh_vcycle *cycle, int dim, ptrdiff_t *n)
{
  for (int a = 0; a < dim; a++) n[a] = fh_taps_coarse(n[a], 3, 2, cycle->pad);
}

/* a grid of one point along an axis cannot be coarsened, and reflects nothing */
static bool fits(const fh_vcycle *c, int dim, const ptrdiff_t *n)
{
  for (int a = 0; a < dim; a++) {
    const bool mirror = c->side[a][0] == FH_SIDE_REFLECT || c->side[a][1] == FH_SIDE_REFLECT;
    if (n[a] < (mirror ? 2 : 1)) return false;
  }
  return true;
}

int fh_vcycle_depth(const fh_vcycle *cycle, const fh_grid *grid)
{
  ptrdiff_t n[FH_MAX_DIM];
  memcpy(n, grid->n, sizeof n);
  int depth = 0;
  for (bool more = true; more && depth < FH_VCYCLE_LEVELS && fits(cycle, grid->dim, n); depth++) {
    for (int a = 0; a < grid->dim; a++) more = more && n[a] >= 2;
    fh_vcycle_coarsen(cycle, grid->dim, n);
  }
  return depth;
}

static fh_status check(const fh_vcycle *c, const fh_grid *grid)
{
  FH_CHECK(c->levels >= 1 && c->levels <= FH_VCYCLE_LEVELS, FH_ERR_USAGE,
           "a V-cycle of %d levels; allowed are 1 to %d", c->levels, FH_VCYCLE_LEVELS);
  FH_CHECK(c->pre[0] >= 1, FH_ERR_USAGE,
           "a V-cycle with %td pre-smoothing steps on the finest level has no u to start from: it "
           "needs at least 1",
           c->pre[0]);
  const int last = c->levels - 1;
  FH_CHECK(c->post[last] == 0 || c->levels == 1, FH_ERR_USAGE,
           "%td post-smoothing steps on the coarsest of %d levels would never run: add them to its "
           "pre-smoothing",
           c->post[last], c->levels);
  for (int l = 0; l < c->levels; l++)
    FH_CHECK(c->pre[l] >= 0 && c->post[l] >= 0 && c->factor[l] >= 1, FH_ERR_USAGE,
             "level %d of a V-cycle has %td and %td smoothing steps and channel factor %td", l,
             c->pre[l], c->post[l], c->factor[l]);
  const int depth = fh_vcycle_depth(c, grid);
  char text[64];
  FH_CHECK(
      c->levels <= depth, FH_ERR_SHAPE,
      "a V-cycle of %d levels on a grid of %s points: at most %d level%s, each about half as "
      "fine as the one before it (restriction padded by %td); take fewer levels or a larger grid",
      c->levels, fh_grid_text(grid, text), depth, depth == 1 ? "" : "s", c->pad);
  return FH_OK;
}

/* ---- the maps ----------------------------------------------------------------------------------- */

static fh_status add_stencil(writer *w, const char *name, bool shared, ptrdiff_t in, ptrdiff_t out,
                             bool coarsen, const fh_slot *from, bool add, fh_slot *to)
{
  const fh_vcycle *c = w->c;
  fh_stencil_config config = {.in_channels = in,
                              .out_channels = out,
                              .dim = w->dim,
                              .kernel = 3,
                              .stride = coarsen ? 2 : 1,
                              .pad = coarsen ? c->pad : 1,
                              .bias = c->bias && !coarsen,
                              .add = add,
                              .convolution = c->convolution};
  memcpy(config.side, c->side, sizeof config.side);
  fh_op *op = NULL;
  FH_TRY(fh_stencil_create(&config, &op));
  return shared ? fh_program_add_shared(w->p, name, op, from, to)
                : fh_program_add(w->p, name, op, from, to);
}

static fh_status add_residual(writer *w, const char *name, bool shared, int level, fh_slot *to)
{
  fh_residual_config config = {.f_channels = f_of(w, level),
                               .u_channels = u_of(w, level),
                               .dim = w->dim,
                               .bias = w->c->bias,
                               .convolution = w->c->convolution};
  memcpy(config.side, w->c->side, sizeof config.side);
  fh_op *op = NULL;
  const fh_slot in[2] = {w->f[level], w->u[level]};
  FH_TRY(fh_residual_create(&config, &op));
  return shared ? fh_program_add_shared(w->p, name, op, in, to)
                : fh_program_add(w->p, name, op, in, to);
}

/* u + S (f - A u) with an A and an S of its own: one step */
static fh_status smooth_own(writer *w, int level, const char *name)
{
  fh_smooth_config config = {.f_channels = f_of(w, level),
                             .u_channels = u_of(w, level),
                             .dim = w->dim,
                             .bias = w->c->bias,
                             .convolution = w->c->convolution};
  memcpy(config.side, w->c->side, sizeof config.side);
  fh_op *op = NULL;
  const fh_slot in[2] = {w->f[level], w->u[level]};
  FH_TRY(fh_smooth_create(&config, &op));
  return fh_program_add(w->p, name, op, in, &w->u[level]);
}

/* the A of a level that all its steps share */
static fh_status residual_shared(writer *w, int level, fh_slot *r)
{
  char text[NAME];
  FH_TRY(add_residual(w, name_of(w, text, "layer%d.A", level), w->has_a[level], level, r));
  w->has_a[level] = true;
  return FH_OK;
}

/* u = S f, or u + S r with the r of the shared A */
static fh_status smooth_shared(writer *w, int level, bool first)
{
  char text[NAME];
  fh_slot in[2] = {w->f[level], w->u[level]};
  if (!first) FH_TRY(residual_shared(w, level, &in[0]));
  FH_TRY(add_stencil(w, name_of(w, text, "layer%d.S", level), w->has_s[level], f_of(w, level),
                     u_of(w, level), false, in, !first, &w->u[level]));
  w->has_s[level] = true;
  return FH_OK;
}

/* ---- down --------------------------------------------------------------------------------------- */

static fh_status coarsen(writer *w, int level)
{
  char text[NAME];
  fh_slot f = w->f[level - 1];
  if (w->c->restrict_residual) {
    if (w->c->share)
      FH_TRY(residual_shared(w, level - 1, &f));
    else
      FH_TRY(add_residual(w, name_of(w, text, "layer%d.0.A", level), false, level - 1, &f));
  }
  FH_TRY(add_stencil(w, name_of(w, text, "layer%d.0.R", level), false, f_of(w, level - 1),
                     f_of(w, level), true, &f, false, &w->f[level]));
  FH_TRY(add_stencil(w, name_of(w, text, "layer%d.0.Pi", level), false, u_of(w, level - 1),
                     u_of(w, level), true, &w->u[level - 1], false, &w->u[level]));
  return FH_OK;
}

static fh_status go_down(writer *w, int level)
{
  char text[NAME];
  const int before = level > 0; /* the restriction is entry 0 of a coarse level's list */
  if (level > 0) FH_TRY(coarsen(w, level));
  for (int i = 0; i < w->c->pre[level]; i++) {
    const bool first = level == 0 && i == 0;
    if (w->c->share)
      FH_TRY(smooth_shared(w, level, first));
    else if (first)
      FH_TRY(add_stencil(w, name_of(w, text, "layer0.0.S"), false, f_of(w, 0), u_of(w, 0), false,
                         &w->f[0], false, &w->u[0]));
    else
      FH_TRY(smooth_own(w, level, name_of(w, text, "layer%d.%d", level, i + before)));
  }
  return FH_OK;
}

/* ---- up ----------------------------------------------------------------------------------------- */

static fh_status prolong(writer *w, int level)
{
  const fh_vcycle *c = w->c;
  const fh_grid *fine = &fh_program_shape(w->p, w->u[level])->layout.grid;
  const fh_grid *coarse = &fh_program_shape(w->p, w->u[level + 1])->layout.grid;
  fh_prolong_config config = {.in_channels = u_of(w, level + 1),
                              .out_channels = u_of(w, level),
                              .dim = w->dim,
                              .pad = c->pad,
                              .add = true,
                              .convolution = c->convolution};
  for (int a = 0; a < w->dim; a++) {
    config.fine[a] = fine->n[a];
    config.kernel[a] = c->kernel ? c->kernel : fh_prolong_kernel(fine->n[a], coarse->n[a], c->pad);
    const bool wrap = c->wrap && c->side[a][0] == FH_SIDE_PERIODIC;
    config.side[a][0] = config.side[a][1] = wrap ? FH_SIDE_PERIODIC : FH_SIDE_ZERO;
  }
  char text[NAME];
  fh_op *op = NULL;
  const fh_slot in[2] = {w->u[level + 1], w->u[level]};
  FH_TRY(fh_prolong_create(&config, &op));
  return fh_program_add(w->p, name_of(w, text, "RTlayers.%d", level), op, in, &w->u[level]);
}

static fh_status normalise(writer *w, int level)
{
  const int affine = w->c->affine;
  const bool each = affine == FH_VCYCLE_AFFINE || (affine == FH_VCYCLE_AFFINE_FINEST && level == 0);
  const fh_grid *grid = &fh_program_shape(w->p, w->u[level])->layout.grid;
  fh_norm_config config = {.channels = u_of(w, level),
                           .groups = 1,
                           .affine = each ? FH_AFFINE_FUNCTION : FH_AFFINE_NONE,
                           .epsilon = 1e-5,
                           .dim = w->dim};
  memcpy(config.n, grid->n, sizeof config.n);
  char text[NAME];
  fh_op *op = NULL;
  FH_TRY(fh_norm_create(&config, &op));
  return fh_program_then(w->p, name_of(w, text, "norm_layer_list.%d", level), op, &w->u[level]);
}

static fh_status go_up(writer *w, int level)
{
  char text[NAME];
  if (level < w->c->levels - 1) {
    FH_TRY(prolong(w, level));
    if (w->c->norm != FH_VCYCLE_NO_NORM) FH_TRY(normalise(w, level));
  }
  for (int i = 0; i < w->c->post[level]; i++) {
    if (w->c->share)
      FH_TRY(smooth_shared(w, level, false));
    else
      FH_TRY(smooth_own(w, level, name_of(w, text, "post_smooth_layer%d.%d", level, i)));
  }
  return FH_OK;
}

fh_status fh_vcycle_add(const fh_vcycle *cycle, const char *prefix, fh_program *p, fh_slot *slot)
{
  const fh_grid *grid = &fh_program_shape(p, *slot)->layout.grid;
  writer w = {.c = cycle, .prefix = prefix, .p = p, .dim = grid->dim, .f = {*slot}};
  FH_TRY(check(cycle, grid));
  for (int l = 0; l < cycle->levels; l++) FH_TRY(go_down(&w, l));
  for (int l = cycle->levels - 1; l >= 0; l--) FH_TRY(go_up(&w, l));
  *slot = w.u[0];
  return FH_OK;
}
