/* weight_rows - factors of which the layers use some rows: those are copied, and the map works with the copies */
#include <string.h>

#include "operators/spectral/weight_impl.h"

/* the parameter with the factor of a mode, [before][full][after] */
typedef struct {
  int param;
  ptrdiff_t before, full, first, count, after;
} factor;

static factor factor_of(const fh_weight *w, int mode)
{
  const bool train = w->kind == FH_WEIGHT_TT;
  return (factor){.param = train ? mode : 1 + mode,
                  .before = train ? w->r[mode] : 1,
                  .full = w->full[mode],
                  .first = w->first[mode],
                  .count = w->s[mode],
                  .after = train                     ? w->r[mode + 1]
                           : w->kind == FH_WEIGHT_CP ? w->r[0]
                                                     : w->r[mode]};
}

static ptrdiff_t size_of(const factor *f)
{
  return 2 * f->before * f->count * f->after;
}

static bool is_cut(const fh_weight *w, int mode)
{
  return w->s[mode] < w->full[mode];
}

/* where the rows of a block before begin, in reals */
static ptrdiff_t rows_at(const factor *f, ptrdiff_t before)
{
  return 2 * (before * f->full + f->first) * f->after;
}

void fh_weight_rows_plan(fh_weight *w, fh_map *map)
{
  ptrdiff_t rows = 0;
  for (int j = w->mode; j < w->modes; j++) {
    const factor f = factor_of(w, j);
    if (is_cut(w, j)) rows += size_of(&f);
  }
  w->state = map->state;
  w->work = map->work;
  map->state += (size_t)rows * sizeof(fh_real);
  map->work += (size_t)rows * sizeof(fh_real);
}

/* used: the parameters, and the rows in use (in room) for those that are cut; fresh: copied now, else they stand there */
static void take(const fh_map *map, const fh_real *const *param, bool fresh, fh_real *room,
                 const fh_real **used)
{
  const fh_weight *w = map->data;
  for (int k = 0; k < map->n_param; k++) used[k] = param[k];
  for (int j = w->mode; j < w->modes; j++) {
    if (!is_cut(w, j)) continue;
    const factor f = factor_of(w, j);
    const ptrdiff_t n = 2 * f.count * f.after;
    used[f.param] = room;
    for (ptrdiff_t b = 0; fresh && b < f.before; b++)
      memcpy(room + b * n, param[f.param] + rows_at(&f, b), (size_t)n * sizeof *room);
    room += size_of(&f);
  }
}

/* the same for gradients, which begin at zero ... */
static void open_gradients(const fh_map *map, fh_real *const *dparam, fh_real *room, fh_real **used)
{
  const fh_weight *w = map->data;
  for (int k = 0; k < map->n_param; k++) used[k] = dparam[k];
  for (int j = w->mode; j < w->modes; j++) {
    if (!is_cut(w, j)) continue;
    const factor f = factor_of(w, j);
    used[f.param] = room;
    memset(room, 0, (size_t)size_of(&f) * sizeof *room);
    room += size_of(&f);
  }
}

/* ... and are added to their rows in the end */
static void add_gradients(const fh_map *map, fh_real *const *used, fh_real *const *dparam)
{
  const fh_weight *w = map->data;
  for (int j = w->mode; j < w->modes; j++) {
    if (!is_cut(w, j)) continue;
    const factor f = factor_of(w, j);
    const fh_real *from = used[f.param];
    for (ptrdiff_t b = 0; b < f.before; b++) {
      fh_real *to = dparam[f.param] + rows_at(&f, b);
      for (ptrdiff_t i = 0; i < 2 * f.count * f.after; i++) to[i] += *from++;
    }
  }
}

static fh_real *behind(void *start, size_t bytes)
{
  return (fh_real *)((char *)start + bytes);
}

static void forward(const fh_map *map, const fh_real *const *param, fh_real *out, void *state)
{
  const fh_weight *w = map->data;
  const fh_real *used[FH_MAP_MAX_PARAM];
  take(map, param, true, behind(state, w->state), used);
  w->whole->forward(map, used, out, state);
}

static void backward(const fh_map *map, const fh_real *const *param, fh_real *dout,
                     fh_real *const *dparam, void *state, void *work)
{
  const fh_weight *w = map->data;
  const fh_real *used[FH_MAP_MAX_PARAM];
  fh_real *gradient[FH_MAP_MAX_PARAM];
  take(map, param, false, behind(state, w->state), used);
  open_gradients(map, dparam, behind(work, w->work), gradient);
  w->whole->backward(map, used, dout, gradient, state, work);
  add_gradients(map, gradient, dparam);
}

#define ROWS_CLASS(kind)                                                                           \
  {                                                                                                \
    .name = kind, .forward = forward, .backward = backward, .draw = fh_weight_draw                 \
  }
static const fh_map_class classes[] = {[FH_WEIGHT_CP] = ROWS_CLASS("cp"),
                                       [FH_WEIGHT_TUCKER] = ROWS_CLASS("tucker"),
                                       [FH_WEIGHT_TT] = ROWS_CLASS("tt")};

const fh_map_class *fh_weight_rows_class(const fh_weight *w)
{
  return &classes[w->kind];
}
