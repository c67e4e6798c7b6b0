/* weight_dropout - tensor dropout: indices of the ranks are left out, as tensorly-torch does
 *
 * An index of a rank larger than RANKS_KEPT stays with probability 1 - p; if none stays, one is drawn. Leaving
 * an index out is multiplying by zero where it stands: Tucker in the core, CP in the weights, a train on
 * the left of its cores (the bond before them). Scale: Tucker 1/(1-p)^D on the core, CP 1/(1-p), a train
 * 1/(1-p) for each of its D - 1 bonds. The factors beside need no mask: what they meet is zero. */
#include "operators/spectral/weight_impl.h"

enum { RANKS_KEPT = 3, RANKS_MOST = 1 << 20 };

/* is index i of a rank left in? mode: which of the ranks of the parameter */
static bool stays(const fh_weight *w, const fh_rng *r, int mode, ptrdiff_t rank, ptrdiff_t i)
{
  const uint64_t at = (uint64_t)mode * RANKS_MOST;
  return rank <= RANKS_KEPT || fh_rng_uniform(r, at + (uint64_t)i) >= w->dropout;
}

/* the one index that stays where all would go, or -1 */
static ptrdiff_t lone(const fh_weight *w, const fh_rng *r, int mode, ptrdiff_t rank)
{
  for (ptrdiff_t i = 0; i < rank; i++)
    if (stays(w, r, mode, rank, i)) return -1;
  const double u = fh_rng_uniform(r, (uint64_t)mode * RANKS_MOST + (uint64_t)rank);
  return (ptrdiff_t)(u * (double)rank);
}

/* mask[before][rank][after] *= scale or 0, by the index of the rank */
static void spread(const fh_weight *w, const fh_rng *r, int mode, ptrdiff_t before, ptrdiff_t rank,
                   ptrdiff_t after, double scale, fh_real *mask)
{
  const ptrdiff_t only = lone(w, r, mode, rank);
  for (ptrdiff_t i = 0; i < rank; i++) {
    const bool in = i == only || stays(w, r, mode, rank, i);
    const fh_real factor = in ? (fh_real)scale : 0;
    for (ptrdiff_t b = 0; b < before; b++)
      for (ptrdiff_t a = 0; a < after; a++) mask[(b * rank + i) * after + a] *= factor;
  }
}

bool fh_weight_draw(const fh_map *map, int k, const fh_rng *r, fh_real *mask)
{
  const fh_weight *w = map->data;
  const bool train = w->kind == FH_WEIGHT_TT;
  if (train ? k == 0 : k != 0) return false;
  if (!mask) return true;
  const double scale = 1 / (1 - w->dropout);
  const ptrdiff_t size = fh_param_size(&map->param[k]) / 2;
  for (ptrdiff_t i = 0; i < size; i++) mask[i] = 1;
  if (w->kind == FH_WEIGHT_CP)
    spread(w, r, 0, 1, w->r[0], 1, w->r[0] > RANKS_KEPT ? scale : 1, mask);
  else if (train)
    spread(w, r, 0, 1, w->r[k], size / w->r[k], scale, mask);
  for (ptrdiff_t j = 0, before = 1; w->kind == FH_WEIGHT_TUCKER && j < w->modes; j++) {
    spread(w, r, (int)j, before, w->r[j], size / before / w->r[j], scale, mask);
    before *= w->r[j];
  }
  return true;
}
