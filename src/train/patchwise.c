#include "train/patchwise.h"

#include "base/memory.h"

/* patches that are computed together */
typedef struct {
  ptrdiff_t first, count;
  fh_selection needs;
  fh_normaliser *input; /* at those points; NULL: none */
} group;

struct fh_patchwise {
  fh_model_part part;
  fh_program *program;
  ptrdiff_t at_once, n_groups, in_channels;
  group *groups;
  fh_real *x, *patches; /* what a group needs; the group, cut */
  fh_real *tile;        /* a patch of the prediction without its padding */
};

/* as many patches as fit into the cache; more would not be faster */
static fh_status choose(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                        ptrdiff_t *at_once)
{
  enum { CACHE_BYTES = 4 << 20 };
  fh_program *one = NULL;
  FH_TRY(fh_model_build_patches(spec, team, grid, 1, FH_INFER, &one));
  *at_once = CACHE_BYTES / (ptrdiff_t)(fh_program_bytes(one).arena + 1);
  fh_program_destroy(&one);
  return FH_OK;
}

static fh_status plan_groups(const fh_normaliser *input, const fh_grid *grid, fh_patchwise *p)
{
  ptrdiff_t most = 0;
  p->n_groups = (p->part.count + p->at_once - 1) / p->at_once;
  FH_NEW(p->groups, p->n_groups);
  for (ptrdiff_t i = 0; i < p->n_groups; i++) {
    group *g = &p->groups[i];
    const ptrdiff_t done = i * p->at_once, left = p->part.count - done;
    g->first = p->part.first + done;
    g->count = left < p->at_once ? left : p->at_once;
    FH_TRY(fh_cut_needs(p->part.cut, g->first, g->count, &g->needs));
    if (input) FH_TRY(fh_normaliser_select(input, &g->needs, grid, &g->input));
    if (fh_selection_size(&g->needs) > most) most = fh_selection_size(&g->needs);
  }
  FH_NEW(p->x, p->in_channels * most);
  return FH_OK;
}

static fh_status build(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                       const fh_normaliser *input, fh_patchwise *p)
{
  FH_TRY(fh_model_part_find(spec, team, grid, &p->part));
  FH_CHECK(p->part.cut, FH_ERR_STATE, "model %s does not work patch by patch", spec->class->name);
  if (p->at_once == 0) FH_TRY(choose(spec, team, grid, &p->at_once));
  if (p->at_once < 1) p->at_once = 1;
  if (p->at_once > p->part.count) p->at_once = p->part.count;
  FH_TRY(fh_model_build_patches(spec, team, grid, p->at_once, FH_INFER, &p->program));
  FH_TRY(plan_groups(input, grid, p));
  FH_NEW(p->patches, fh_shape_size(fh_program_input_shape(p->program, 0)));
  const ptrdiff_t *size = p->part.cut->tiles.size;
  FH_NEW(p->tile, spec->out_channels * size[0] * size[1] * size[2]);
  return FH_OK;
}

fh_status fh_patchwise_create(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                              const fh_normaliser *input, ptrdiff_t at_once,
                              fh_patchwise **patchwise)
{
  fh_patchwise *p = NULL;
  *patchwise = NULL;
  FH_NEW(p, 1);
  p->at_once = at_once;
  p->in_channels = spec->in_channels;
  const fh_status st = build(spec, team, grid, input, p);
  if (st != FH_OK) fh_patchwise_destroy(&p);
  *patchwise = p;
  return st;
}

void fh_patchwise_destroy(fh_patchwise **patchwise)
{
  fh_patchwise *p = *patchwise;
  if (!p) return;
  for (ptrdiff_t i = 0; p->groups && i < p->n_groups; i++) {
    fh_selection_clear(&p->groups[i].needs);
    fh_normaliser_destroy(&p->groups[i].input);
  }
  fh_free(p->groups);
  fh_program_destroy(&p->program);
  fh_model_part_clear(&p->part);
  fh_free(p->x);
  fh_free(p->patches);
  fh_free(p->tile);
  fh_free(p);
  *patchwise = NULL;
}

fh_program *fh_patchwise_program(fh_patchwise *p)
{
  return p->program;
}

const fh_model_part *fh_patchwise_part(const fh_patchwise *p)
{
  return &p->part;
}

ptrdiff_t fh_patchwise_at_once(const fh_patchwise *p)
{
  return p->at_once;
}

/* the patches of a group, [count][out_channels][patch with padding] */
static fh_status make(fh_patchwise *p, const group *g, fh_point_reader read, void *context,
                      const fh_real **made)
{
  const fh_grid *grid = &p->part.cut->tiles.grid;
  const fh_shape shape = {1, p->in_channels, fh_selection_layout(&g->needs, grid)};
  const fh_real *in = p->patches;
  FH_TRY(read(context, &g->needs, p->x));
  if (g->input) FH_TRY(fh_normaliser_encode(g->input, 1, &shape, p->x));
  fh_cut_forward(p->part.cut, &g->needs, g->first, g->count, p->in_channels, p->x, p->patches);
  return fh_program_forward(p->program, g->count, &in, made);
}

/* patch k of a group without its padding, into a box of the field that has its tile */
static void put(const fh_patchwise *p, const group *g, ptrdiff_t k, const fh_real *made,
                const fh_layout *box, fh_real *field)
{
  const fh_cut *cut = p->part.cut;
  const fh_shape *out = fh_program_output_shape(p->program, 0);
  for (ptrdiff_t c = 0; c < out->channels; c++)
    fh_tiles_put(&cut->tiles, g->first + k, cut->config.padding, box,
                 made + (k * out->channels + c) * fh_shape_points(out),
                 field + c * fh_layout_size(box));
}

fh_status fh_patchwise_run(fh_patchwise *p, fh_point_reader read, void *context, fh_real *y)
{
  const fh_real *made = NULL;
  for (ptrdiff_t i = 0; i < p->n_groups; i++) {
    const group *g = &p->groups[i];
    FH_TRY(make(p, g, read, context, &made));
    for (ptrdiff_t k = 0; k < g->count; k++) put(p, g, k, made, &p->part.out, y);
  }
  return FH_OK;
}

fh_status fh_patchwise_stream(fh_patchwise *p, fh_point_reader read, void *read_context,
                              fh_box_taker take, void *take_context)
{
  const fh_real *made = NULL;
  for (ptrdiff_t i = 0; i < p->n_groups; i++) {
    const group *g = &p->groups[i];
    FH_TRY(make(p, g, read, read_context, &made));
    for (ptrdiff_t k = 0; k < g->count; k++) {
      const fh_layout box = fh_tiles_tile(&p->part.cut->tiles, g->first + k);
      put(p, g, k, made, &box, p->tile);
      FH_TRY(take(take_context, &box, p->tile));
    }
  }
  return FH_OK;
}
