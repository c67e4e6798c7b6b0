/* weight_tt - the train multiplied up from its last core */
#include "base/memory.h"
#include "operators/spectral/weight_impl.h"

/* cores first .. D-1 are multiplied; the middle way leaves the core of the input channels out */
static int first_of(const fh_weight *w)
{
  return w->way == FH_WAY_MIDDLE ? w->channel + 1 : 0;
}

/* complex numbers in the product of cores j .. D-1 */
static ptrdiff_t product_size(const fh_weight *w, int j)
{
  ptrdiff_t n = w->r[j];
  for (int i = j; i < w->modes; i++) n *= w->s[i];
  return n;
}

double fh_weight_tt_plan(const fh_weight *w, fh_map *map)
{
  double flops = 0;
  ptrdiff_t kept = 0, largest = 0;
  for (int j = w->modes - 2; j >= first_of(w); j--) {
    flops += 8.0 * (double)product_size(w, j) * (double)w->r[j + 1];
    if (j > first_of(w)) kept += product_size(w, j);
    if (product_size(w, j + 1) > largest) largest = product_size(w, j + 1);
  }
  map->state = (size_t)(2 * kept) * sizeof(fh_real);
  map->work = (size_t)(4 * largest) * sizeof(fh_real);
  return flops;
}

static void forward(const fh_map *map, const fh_real *const *param, fh_real *out, void *state)
{
  const fh_weight *w = map->data;
  const fh_real *right = param[w->modes - 1];
  fh_real *next = state;
  for (int j = w->modes - 2; j >= first_of(w); j--) {
    fh_real *to = j > first_of(w) ? next : out;
    const ptrdiff_t inner = w->r[j + 1], rows = w->r[j] * w->s[j];
    fh_cgemm(FH_AS_IS, FH_AS_IS, rows, product_size(w, j + 1) / inner, inner, param[j], right,
             false, to);
    right = to;
    next += 2 * product_size(w, j);
  }
}

static void backward(const fh_map *map, const fh_real *const *param, fh_real *dout,
                     fh_real *const *dparam, void *state, void *work)
{
  const fh_weight *w = map->data;
  const int first = first_of(w), last = w->modes - 1;
  ptrdiff_t largest = 0, before = 0;
  for (int j = first; j < last; j++) {
    if (product_size(w, j + 1) > largest) largest = product_size(w, j + 1);
    if (j > first) before += product_size(w, j);
  }
  fh_real *turn[2] = {work, (fh_real *)work + 2 * largest};
  const fh_real *d = dout;
  for (int j = first; j < last; j++) {
    const ptrdiff_t inner = w->r[j + 1], rows = w->r[j] * w->s[j];
    const ptrdiff_t columns = product_size(w, j + 1) / inner;
    const bool at_end = j + 1 == last;
    if (!at_end) before -= product_size(w, j + 1);
    const fh_real *right = at_end ? param[last] : (const fh_real *)state + 2 * before;
    fh_real *dright = at_end ? dparam[last] : turn[j % 2];
    fh_cgemm(FH_AS_IS, FH_ADJOINT, rows, inner, columns, d, right, true, dparam[j]);
    fh_cgemm(FH_ADJOINT, FH_AS_IS, inner, columns, rows, param[j], d, at_end, dright);
    d = dright;
  }
}

const fh_map_class fh_weight_tt_class = {
    .name = "tt", .forward = forward, .backward = backward, .draw = fh_weight_draw};
