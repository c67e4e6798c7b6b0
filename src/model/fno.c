#include "model/fno.h"

#include <math.h>

#include "model/fno_impl.h"
#include "operators/grid_embedding/grid_embedding.h"
#include "operators/margin/margin.h"
#include "operators/mlp/mlp.h"

/* the field's points, and how many stand around it while the blocks run */
typedef struct {
  ptrdiff_t n[FH_MAX_DIM], before[FH_MAX_DIM], after[FH_MAX_DIM];
} margin;

static const fh_grid *grid_of(const fh_program *p, fh_slot x)
{
  return &fh_program_shape(p, x)->layout.grid;
}

static fh_status perceptron(ptrdiff_t in, ptrdiff_t hidden, ptrdiff_t out, int activation,
                            const char *name, fh_program *p, fh_slot *x)
{
  const fh_mlp_config config = {
      .in_channels = in, .hidden = hidden, .out_channels = out, .activation = activation};
  fh_op *op = NULL;
  FH_TRY(fh_mlp_create(&config, &op));
  FH_TRY(fh_program_then(p, name, op, x));
  return FH_OK;
}

static fh_status lifting(const fh_fno_config *c, int in_channels, fh_program *p, fh_slot *x)
{
  const int dim = grid_of(p, *x)->dim;
  fh_op *op = NULL;
  if (c->positional_embedding) {
    FH_TRY(fh_grid_embedding_create(dim, &op));
    FH_TRY(fh_program_then(p, "", op, x));
    in_channels += dim;
  }
  FH_TRY(perceptron(in_channels, fh_fno_lifting_width(c), c->hidden_channels, c->non_linearity,
                    "lifting", p, x));
  return FH_OK;
}

static fh_status pad(const fh_fno_config *c, margin *m, fh_program *p, fh_slot *x)
{
  const fh_grid *grid = grid_of(p, *x);
  ptrdiff_t sum = 0;
  for (int a = 0; a < grid->dim; a++) m->n[a] = grid->n[a];
  for (int a = 0; a < c->domain_padding.count; a++) {
    m->after[a] = (ptrdiff_t)rint(c->domain_padding.value[a] * (double)grid->n[a]);
    if (!c->domain_padding_mode) m->before[a] = m->after[a];
    sum += m->after[a];
  }
  if (sum == 0) return FH_OK;
  fh_op *op = NULL;
  FH_TRY(fh_pad_create(grid->dim, m->before, m->after, &op));
  FH_TRY(fh_program_then(p, "", op, x));
  return FH_OK;
}

/* the field without margin has the size that it would have had if it had never been padded */
static fh_status crop(const fh_fno_config *c, const margin *m, fh_program *p, fh_slot *x)
{
  const fh_grid *grid = grid_of(p, *x);
  margin out = {{0}, {0}, {0}};
  ptrdiff_t sum = 0;
  for (int a = 0; a < grid->dim; a++) {
    double n = (double)m->n[a], before = (double)m->before[a];
    for (int i = 0; i < c->n_layers; i++) {
      const double r = fh_fno_scaling(c, grid->dim, i, a);
      n = rint(n * r);
      before *= r;
    }
    const ptrdiff_t margins = grid->n[a] - (ptrdiff_t)n;
    if (m->before[a] + m->after[a] == 0 || margins < 0) continue;
    out.before[a] = (ptrdiff_t)rint(before) < margins ? (ptrdiff_t)rint(before) : margins;
    out.after[a] = margins - out.before[a];
    sum += margins;
  }
  if (sum == 0) return FH_OK;
  fh_op *op = NULL;
  FH_TRY(fh_crop_create(grid->dim, out.before, out.after, &op));
  FH_TRY(fh_program_then(p, "", op, x));
  return FH_OK;
}

fh_status fh_fno_build(const void *config, int in_channels, int out_channels, fh_program *p,
                       fh_slot *x)
{
  const fh_fno_config *c = config;
  margin m = {{0}, {0}, {0}};
  FH_TRY(lifting(c, in_channels, p, x));
  FH_TRY(pad(c, &m, p, x));
  for (int layer = 0; layer < c->n_layers; layer++) FH_TRY(fh_fno_block(c, layer, p, x));
  FH_TRY(crop(c, &m, p, x));
  FH_TRY(perceptron(c->hidden_channels, fh_fno_projection_width(c), out_channels, c->non_linearity,
                    "projection", p, x));
  return FH_OK;
}

fh_fno_config *fh_fno_config_of(const fh_model_spec *spec)
{
  if (spec->class == &fh_mg_tfno_class) return &((fh_mg_tfno_config *)spec->config)->fno;
  return spec->class->build == fh_fno_build ? spec->config : NULL;
}

const fh_model_class fh_fno_class = {
    .name = "fno",
    .help = "Fourier neural operator (neuraloperator's FNO), on periodic or padded grids",
    .config_bytes = sizeof(fh_fno_config),
    .fields = fh_fno_fields,
    .check = fh_fno_check,
    .build = fh_fno_build,
};

const fh_model_class fh_tfno_class = {
    .name = "tfno",
    .help = "tensorised FNO: the spectral weights are factorised",
    .config_bytes = sizeof(fh_fno_config),
    .fields = fh_tfno_fields,
    .check = fh_fno_check,
    .build = fh_fno_build,
};
