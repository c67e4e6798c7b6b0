#include "operators/spectral/weight.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "operators/spectral/weight_impl.h"

int fh_spectral_weight_shape(const fh_weight_config *c, ptrdiff_t shape[FH_PARAM_MAX_RANK])
{
  int n = 0;
  if (c->layers) shape[n++] = c->layers;
  shape[n++] = c->at.in_channels;
  if (!c->at.separable) shape[n++] = c->at.out_channels;
  for (int a = 0; a < c->at.dim; a++) shape[n++] = fh_spectral_stored(&c->at, a);
  return n;
}

/* ranks that are given */
static int ranks_of(const fh_weight *w)
{
  if (w->kind == FH_WEIGHT_DENSE) return 0;
  return w->kind == FH_WEIGHT_CP ? 1 : w->kind == FH_WEIGHT_TT ? w->modes + 1 : w->modes;
}

/* the rows in use of the modes of frequencies */
static void cut(const fh_weight_config *c, fh_weight *w)
{
  for (int a = 0; a < c->at.dim; a++) {
    const int j = w->mode + a;
    if (!c->rows.count[a]) continue;
    w->s[j] = c->rows.count[a];
    w->first[j] = c->rows.first[a];
    w->cut = w->cut || w->s[j] < w->full[j];
  }
}

static fh_weight weight_of(const fh_weight_config *c, fh_spectral_way way)
{
  static const fh_map_class *const classes[] = {&fh_weight_dense_class, &fh_weight_cp_class,
                                                &fh_weight_tucker_class, &fh_weight_tt_class};
  fh_weight w = {.kind = c->kind,
                 .way = way,
                 .channel = c->layers ? 1 : 0,
                 .whole = classes[c->kind],
                 .dropout = c->dropout};
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  w.modes = fh_spectral_weight_shape(c, shape);
  w.mode = w.channel + (c->at.separable ? 1 : 2);
  memcpy(w.full, shape, (size_t)w.modes * sizeof *shape);
  memcpy(w.s, shape, (size_t)w.modes * sizeof *shape);
  cut(c, &w);
  memcpy(w.r, c->rank, (size_t)ranks_of(&w) * sizeof *w.r);
  w.layers = c->layers ? c->layers : 1;
  w.channels = w.points = 1;
  for (int j = w.channel; j < w.mode; j++) w.channels *= w.s[j];
  for (int j = w.mode; j < w.modes; j++) w.points *= w.s[j];
  return w;
}

static bool has_middle(const fh_weight_config *c)
{
  return c->kind != FH_WEIGHT_DENSE && !c->at.separable && !(c->kind == FH_WEIGHT_TT && c->layers);
}

static double plan(const fh_weight *w, fh_map *map)
{
  if (w->kind == FH_WEIGHT_DENSE) return 0;
  if (w->kind == FH_WEIGHT_CP) return fh_weight_cp_plan(w, map);
  return w->kind == FH_WEIGHT_TUCKER ? fh_weight_tucker_plan(w, map) : fh_weight_tt_plan(w, map);
}

/* channels between the two channel matrices; 0: there is no such matrix */
static void middle_of(const fh_weight *w, ptrdiff_t *in, ptrdiff_t *out)
{
  *in = w->kind == FH_WEIGHT_CP ? w->r[0] : w->r[w->kind == FH_WEIGHT_TT ? 1 : w->channel];
  *out = w->kind == FH_WEIGHT_CP ? w->r[0] : w->kind == FH_WEIGHT_TT ? 0 : w->r[w->channel + 1];
}

/* ---- cost ---------------------------------------------------------------------------------------- */

fh_weight_cost fh_spectral_weight_cost(const fh_weight_config *c)
{
  fh_weight_cost cost = {{0}, {0}};
  for (int way = FH_WAY_MIDDLE; way <= FH_WAY_REBUILT; way++) {
    fh_map unused = {0};
    const fh_weight w = weight_of(c, (fh_spectral_way)way);
    if (way == FH_WAY_MIDDLE && !has_middle(c)) continue;
    cost.map[way] = plan(&w, &unused);
    ptrdiff_t in = 0, out = 0;
    middle_of(&w, &in, &out);
    double products = (double)w.channels;
    if (way == FH_WAY_MIDDLE) {
      products = (double)(c->at.in_channels * in + c->at.out_channels * out);
      products +=
          c->kind == FH_WEIGHT_CP ? (double)in : (double)(in * (out ? out : c->at.out_channels));
    }
    cost.sample[way] = 8 * products * (double)w.points;
  }
  return cost;
}

/* with all rows, so that what is chosen does not depend on the grid */
static fh_weight_cost cost_of_all(const fh_weight_config *c)
{
  fh_weight_config all = *c;
  all.rows = (fh_spectral_rows){{0}, {0}};
  return fh_spectral_weight_cost(&all);
}

fh_spectral_way fh_spectral_weight_way(const fh_weight_config *c)
{
  if (!has_middle(c)) return FH_WAY_REBUILT;
  if (c->way != FH_WAY_AUTO) return (fh_spectral_way)c->way;
  /* A unit of samples: forward and backward of each, one adjoint of the map, a share of its forward. An adjoint that waits
   * runs once on every rank, so that this holds from four ranks on; one rank would gain a tenth from rebuilding sooner,
   * two would lose up to 40 %. */
  const fh_weight_cost cost = cost_of_all(c);
  const double samples = c->samples ? (double)c->samples : 4,
               layers = c->layers ? (double)c->layers : 1;
  double total[3] = {0};
  for (int way = FH_WAY_MIDDLE; way <= FH_WAY_REBUILT; way++)
    total[way] = 3 * samples * layers * cost.sample[way] + 2.5 * cost.map[way];
  return total[FH_WAY_MIDDLE] < total[FH_WAY_REBUILT] ? FH_WAY_MIDDLE : FH_WAY_REBUILT;
}

bool fh_spectral_weight_waits(const fh_weight_config *c)
{
  enum { SUM = 256 }; /* operations that adding up a number costs, about */
  ptrdiff_t shape[FH_PARAM_MAX_RANK];
  const int modes = fh_spectral_weight_shape(c, shape);
  double numbers = 2;
  for (int j = 0; j < modes; j++) numbers *= (double)shape[j];
  return fh_spectral_weight_way(c) == FH_WAY_REBUILT &&
         2 * cost_of_all(c).map[FH_WAY_REBUILT] >= SUM * numbers;
}

/* ---- parameters ---------------------------------------------------------------------------------- */

/* the deviation of every factor that gives the product the deviation std */
static double deviation(const fh_weight *w, double std)
{
  double ranks = 1;
  if (w->kind == FH_WEIGHT_DENSE) return std;
  if (w->kind == FH_WEIGHT_CP)
    ranks = (double)w->r[0];
  else
    for (int j = 0; j < w->modes; j++) ranks *= (double)w->r[j];
  const int count = w->kind == FH_WEIGHT_TUCKER ? w->modes + 1 : w->modes;
  return pow(std / sqrt(ranks), 1.0 / count);
}

static fh_status declare(const fh_weight *w, double std, fh_map *map)
{
  const double scale = deviation(w, std);
  if (w->kind == FH_WEIGHT_DENSE)
    return fh_map_param(map, "weight.tensor", w->modes, w->full, true, FH_INIT_NORMAL, scale);
  if (w->kind == FH_WEIGHT_CP)
    FH_TRY(fh_map_param(map, "weight.weights", 1, w->r, true, FH_INIT_ONE, 0));
  if (w->kind == FH_WEIGHT_TUCKER)
    FH_TRY(fh_map_param(map, "weight.core", w->modes, w->r, true, FH_INIT_NORMAL, scale));
  for (int j = 0; j < w->modes; j++) {
    char role[48];
    snprintf(role, sizeof role, "weight.factors.factor_%d", j);
    const ptrdiff_t pair[2] = {w->full[j], w->r[w->kind == FH_WEIGHT_CP ? 0 : j]};
    const ptrdiff_t core[3] = {w->r[j], w->full[j], w->r[j + 1]};
    const bool train = w->kind == FH_WEIGHT_TT;
    FH_TRY(
        fh_map_param(map, role, train ? 3 : 2, train ? core : pair, true, FH_INIT_NORMAL, scale));
  }
  return FH_OK;
}

static fh_status declare_output(const fh_weight *w, fh_map *map)
{
  ptrdiff_t shape[MODES_MAX], in = 0, out = 0;
  int n = 0;
  middle_of(w, &in, &out);
  if (w->way == FH_WAY_REBUILT) {
    for (int j = w->channel; j < w->mode; j++) shape[n++] = w->s[j];
  } else {
    shape[n++] = in;
    if (w->kind != FH_WEIGHT_CP) shape[n++] = out ? out : w->s[w->channel + 1];
  }
  for (int j = w->mode; j < w->modes; j++) shape[n++] = w->s[j];
  map->n_out = (int)w->layers;
  return fh_param_declare(&map->out, "weight.tensor", n, shape, true);
}

static fh_status check(const fh_weight_config *c)
{
  FH_CHECK(c->kind >= FH_WEIGHT_DENSE && c->kind <= FH_WEIGHT_TT, FH_ERR_ARG,
           "spectral weight: kind %d; allowed are 0 to %d", c->kind, FH_WEIGHT_TT);
  FH_CHECK(c->at.dim >= 1 && c->at.dim <= 3 && c->at.in_channels >= 1 && c->at.out_channels >= 1 &&
               c->layers >= 0 && c->layers <= 1000,
           FH_ERR_ARG, "spectral weight: %td layers of %td channels to %td on %d axes", c->layers,
           c->at.in_channels, c->at.out_channels, c->at.dim);
  FH_CHECK(c->way != FH_WAY_MIDDLE || has_middle(c), FH_ERR_UNSUPPORTED,
           "spectral weight: %s can only be rebuilt (reconstructed), not used factor by factor",
           c->at.separable ? "a separable weight" : "a tensor train over layers");
  FH_CHECK(c->dropout >= 0 && c->dropout < 1, FH_ERR_ARG,
           "spectral weight: dropout %g; give a probability of 0 or more and below 1", c->dropout);
  FH_CHECK(
      c->kind != FH_WEIGHT_DENSE || !(c->layers || c->dropout > 0), FH_ERR_ARG,
      "spectral weight: a dense weight belongs to one layer and has no dropout, not %td and %g",
      c->layers, c->dropout);
  const fh_weight w = weight_of(c, FH_WAY_REBUILT);
  for (int j = w.mode; j < w.modes; j++)
    FH_CHECK(w.first[j] >= 0 && w.s[j] >= 1 && w.first[j] + w.s[j] <= w.full[j], FH_ERR_ARG,
             "spectral weight: %td rows from %td of the %td along axis %d", w.s[j], w.first[j],
             w.full[j], j - w.mode);
  for (int j = 0; j < ranks_of(&w); j++)
    FH_CHECK(c->rank[j] >= 1, FH_ERR_ARG, "spectral weight: rank %td in place %d; give at least 1",
             c->rank[j], j);
  FH_CHECK(c->kind != FH_WEIGHT_TT || (c->rank[0] == 1 && c->rank[w.modes] == 1), FH_ERR_ARG,
           "spectral weight: a tensor train ends with ranks 1, not %td and %td", c->rank[0],
           c->rank[w.modes]);
  return fh_cgemm_fits(w.layers * w.channels, w.channels * w.points, w.layers * w.points);
}

static fh_status fill(const fh_weight_config *c, fh_map *map)
{
  fh_weight *w = map->data;
  *w = weight_of(c, fh_spectral_weight_way(c));
  double std = c->at.init_std;
  if (!(std > 0)) std = sqrt(2.0 / (double)(c->at.in_channels + c->at.out_channels));
  FH_TRY(declare(w, std, map));
  FH_TRY(declare_output(w, map));
  map->flops = plan(w, map);
  if (w->cut && w->kind != FH_WEIGHT_DENSE) fh_weight_rows_plan(w, map);
  map->drops = c->dropout > 0;
  map->waits = fh_spectral_weight_waits(c);
  return FH_OK;
}

fh_status fh_spectral_weight_map(const fh_weight_config *c, fh_map **map)
{
  *map = NULL;
  FH_TRY(check(c));
  const fh_weight w = weight_of(c, fh_spectral_weight_way(c));
  FH_TRY(fh_map_new(w.cut && w.kind != FH_WEIGHT_DENSE ? fh_weight_rows_class(&w) : w.whole,
                    sizeof(fh_weight), map));
  const fh_status st = fill(c, *map);
  if (st != FH_OK) fh_map_destroy(map);
  return st;
}

/* ---- in a program -------------------------------------------------------------------------------- */

static void join(char text[160], const char *name, const char *role)
{
  snprintf(text, 160, "%s%s%s", name, name[0] ? "." : "", role);
}

static fh_status bind_factor(fh_program *p, const char *layer, const char *role, const char *name,
                             int mode)
{
  char wanted[160], existing[160], factor[48];
  snprintf(factor, sizeof factor, "weight.factors.factor_%d", mode);
  join(wanted, layer, role);
  join(existing, name, factor);
  return fh_program_bind_param(p, wanted, existing);
}

fh_spectral_config fh_spectral_weight_layer(const fh_weight_config *c)
{
  const fh_weight w = weight_of(c, fh_spectral_weight_way(c));
  fh_spectral_config layer = c->at;
  for (int a = 0; w.cut && a < layer.dim; a++) layer.weight_modes[a] = w.s[w.mode + a];
  if (w.way == FH_WAY_REBUILT) return layer;
  middle_of(&w, &layer.mid_in, &layer.mid_out);
  layer.mid_each = w.kind == FH_WEIGHT_CP;
  return layer;
}

fh_status fh_spectral_weight_add(const fh_weight_config *c, fh_program *p, const char *name,
                                 const char *const *layers, fh_spectral_config *layer)
{
  fh_map *map = NULL;
  int index = 0;
  FH_TRY(fh_spectral_weight_map(c, &map));
  const fh_weight w = *(const fh_weight *)map->data;
  FH_TRY(fh_program_map(p, name, map, &index));
  *layer = fh_spectral_weight_layer(c);
  for (int l = 0; l < (int)w.layers; l++) {
    char wanted[160];
    join(wanted, layers[l], "weight.tensor");
    FH_TRY(fh_program_bind(p, wanted, index, l));
    if (layer->mid_in) FH_TRY(bind_factor(p, layers[l], "weight.in", name, w.channel));
    if (layer->mid_out) FH_TRY(bind_factor(p, layers[l], "weight.out", name, w.channel + 1));
  }
  return FH_OK;
}
