#include "app/inspect_factors.h"

#include "model/fno.h"

static void print_list(FILE *stream, const char *title, const char *between, int n,
                       const ptrdiff_t *values)
{
  fputs(title, stream);
  for (int i = 0; i < n; i++) fprintf(stream, "%s%td", i ? between : "", values[i]);
}

static const char *steps_of(const fh_fno_weight *w)
{
  static const char *const names[] = {
      "input by F_in, rank by rank by the frequencies' product (made once a step), by F_out",
      "input by F_in, by the core expanded along the frequencies (once a step), by F_out",
      "input by the first core, by the product of the others (once a step)"};
  if (w->way == FH_WAY_REBUILT)
    return fh_spectral_weight_waits(&w->config)
               ? "the whole weight is made once a step, used like a dense one, and its gradient "
                 "taken to the factors once"
               : "the whole weight is made once a step, used like a dense one, and its gradient "
                 "taken to the factors once a unit of samples";
  return names[w->config.kind - FH_WEIGHT_CP];
}

static void print_way(FILE *stream, const fh_fno_weight *w, fh_spectral_way way, const char *name)
{
  const double layers = w->config.layers ? (double)w->config.layers : 1;
  if (!(w->cost.sample[way] > 0)) return;
  fprintf(stream, "    %-17s %.4g Mflop a sample%s, %.4g Mflop a step%s\n", name,
          1e-6 * layers * w->cost.sample[way], w->config.samples > 4 ? "'s patch" : "",
          1e-6 * w->cost.map[way], w->way == way ? "  <- taken" : "");
}

static void print_weight(FILE *stream, const fh_fno_weight *w, int first, int last)
{
  if (w->config.layers)
    fprintf(stream, "  all %td layers: ", w->config.layers);
  else if (first < last)
    fprintf(stream, "  layers %d to %d, each: ", first, last);
  else
    fprintf(stream, "  layer %d: ", first);
  print_list(stream, "shape ", " x ", w->modes, w->shape);
  print_list(stream, ", ranks ", ", ", w->n_ranks, w->config.rank);
  fprintf(stream, "; %td of %td complex numbers, %.4g times fewer\n", w->parameters, w->dense,
          (double)w->dense / (double)w->parameters);
  fprintf(stream, "    path: %s\n", steps_of(w));
  print_way(stream, w, FH_WAY_MIDDLE, "factor by factor:");
  print_way(stream, w, FH_WAY_REBUILT, "rebuilt:");
}

static bool alike(const fh_fno_weight *a, const fh_fno_weight *b)
{
  bool same = b->kind && a->n_ranks == b->n_ranks;
  for (int i = 0; same && i < a->n_ranks; i++) same = a->config.rank[i] == b->config.rank[i];
  return same;
}

fh_status fh_inspect_factors(FILE *stream, const fh_trained *m)
{
  fh_fno_weight w, next;
  double factors = 0, dense = 0;
  FH_TRY(fh_fno_weight_find(&m->spec, m->grid.dim, 0, &w));
  if (!w.kind) return FH_OK;
  fprintf(stream, "spectral weights: %s\n", w.kind);
  for (int first = 0, layer = 0; w.kind; layer++) {
    factors += (double)w.parameters;
    dense += (double)w.dense;
    FH_TRY(fh_fno_weight_find(&m->spec, m->grid.dim, layer + 1, &next));
    if (alike(&w, &next)) continue;
    print_weight(stream, &w, first, layer);
    first = layer + 1;
    w = next;
  }
  fprintf(stream, "  together %.0f of %.0f complex numbers, %.4g times fewer than dense\n", factors,
          dense, dense / factors);
  return FH_OK;
}
