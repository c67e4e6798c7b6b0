/* weight_dense - the rows in use of a dense weight, copied once a change of parameters */
#include "operators/spectral/spectral_impl.h"
#include "operators/spectral/weight_impl.h"

static fh_mix_box box_of(const fh_weight *w)
{
  fh_mix_box b = {.dim = w->modes - w->mode};
  for (int a = 0; a < b.dim; a++) {
    b.stored[a] = w->full[w->mode + a];
    b.first[a] = w->first[w->mode + a];
    b.count[a] = w->s[w->mode + a];
  }
  return b;
}

static void forward(const fh_map *map, const fh_real *const *param, fh_real *out, void *state)
{
  const fh_weight *w = map->data;
  const fh_mix_box b = box_of(w);
  (void)state;
  fh_mix_gather(&b, w->channels, param[0], out);
}

static void backward(const fh_map *map, const fh_real *const *param, fh_real *dout,
                     fh_real *const *dparam, void *state, void *work)
{
  const fh_weight *w = map->data;
  const fh_mix_box b = box_of(w);
  (void)param, (void)state, (void)work;
  fh_mix_scatter(&b, w->channels, dout, dparam[0]);
}

const fh_map_class fh_weight_dense_class = {
    .name = "rows", .forward = forward, .backward = backward};
