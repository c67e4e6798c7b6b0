/* weight_tucker - the core expanded along one mode after the other, the last mode first */
#include "base/memory.h"
#include "operators/spectral/weight_impl.h"

/* one expansion: [pre][r][post] -> [pre][s][post] with the factor (s, r) of a mode */
typedef struct {
  int mode;
  ptrdiff_t pre, r, s, post;
} stage;

typedef struct {
  int count;
  stage at[MODES_MAX];
} stages;

static stages stages_of(const fh_weight *w)
{
  stages z = {0};
  ptrdiff_t n[MODES_MAX];
  for (int j = 0; j < w->modes; j++) n[j] = w->r[j];
  for (int j = w->modes - 1; j >= 0; j--) {
    if (w->way == FH_WAY_MIDDLE && j >= w->channel && j < w->mode) continue;
    stage t = {.mode = j, .pre = 1, .r = n[j], .s = w->s[j], .post = 1};
    for (int i = 0; i < j; i++) t.pre *= n[i];
    for (int i = j + 1; i < w->modes; i++) t.post *= n[i];
    n[j] = w->s[j];
    z.at[z.count++] = t;
  }
  return z;
}

static ptrdiff_t size_in(const stage *t)
{
  return t->pre * t->r * t->post;
}

double fh_weight_tucker_plan(const fh_weight *w, fh_map *map)
{
  const stages z = stages_of(w);
  double flops = 0;
  ptrdiff_t kept = 0, largest = 0, factor = 0;
  for (int i = 0; i < z.count; i++) {
    const stage *t = &z.at[i];
    flops += 8.0 * (double)size_in(t) * (double)t->s;
    if (i > 0) kept += size_in(t);
    if (size_in(t) > largest) largest = size_in(t);
    if (t->s * t->r > factor) factor = t->s * t->r;
  }
  map->state = (size_t)(2 * kept) * sizeof(fh_real);
  map->work = (size_t)(2 * (2 * largest + factor)) * sizeof(fh_real);
  return flops;
}

static void expand(const stage *t, const fh_real *factor, const fh_real *in, fh_real *out)
{
  if (t->post == 1) {
    fh_cgemm(FH_AS_IS, FH_TRANSPOSED, t->pre, t->s, t->r, in, factor, false, out);
    return;
  }
  for (ptrdiff_t p = 0; p < t->pre; p++)
    fh_cgemm(FH_AS_IS, FH_AS_IS, t->s, t->post, t->r, factor, in + 2 * p * t->r * t->post, false,
             out + 2 * p * t->s * t->post);
}

static void forward(const fh_map *map, const fh_real *const *param, fh_real *out, void *state)
{
  const stages z = stages_of(map->data);
  const fh_real *in = param[0];
  fh_real *next = state;
  for (int i = 0; i < z.count; i++) {
    const stage *t = &z.at[i];
    fh_real *to = i + 1 < z.count ? next : out;
    expand(t, param[1 + t->mode], in, to);
    in = to;
    next += 2 * t->pre * t->s * t->post;
  }
}

/* dfactor += dout in^H, din (+)= factor^H dout, along the mode; room: one factor */
static void expand_adjoint(const stage *t, const fh_real *factor, const fh_real *in,
                           const fh_real *dout, fh_real *dfactor, bool add, fh_real *din,
                           fh_real *room)
{
  if (t->post > 1) {
    for (ptrdiff_t p = 0; p < t->pre; p++) {
      const fh_real *d = dout + 2 * p * t->s * t->post;
      const ptrdiff_t at = 2 * p * t->r * t->post;
      fh_cgemm(FH_AS_IS, FH_ADJOINT, t->s, t->r, t->post, d, in + at, true, dfactor);
      fh_cgemm(FH_ADJOINT, FH_AS_IS, t->r, t->post, t->s, factor, d, add, din + at);
    }
    return;
  }
  fh_cgemm(FH_ADJOINT, FH_AS_IS, t->s, t->r, t->pre, dout, in, false, room);
  fh_add_conjugate(t->s * t->r, room, dfactor);
  fh_conjugate(t->s * t->r, factor, room);
  fh_cgemm(FH_AS_IS, FH_AS_IS, t->pre, t->r, t->s, dout, room, add, din);
}

static void backward(const fh_map *map, const fh_real *const *param, fh_real *dout,
                     fh_real *const *dparam, void *state, void *work)
{
  const stages z = stages_of(map->data);
  ptrdiff_t largest = 0, before = 0;
  for (int i = 0; i < z.count; i++) {
    if (size_in(&z.at[i]) > largest) largest = size_in(&z.at[i]);
    if (i > 0) before += size_in(&z.at[i]);
  }
  fh_real *turn[2] = {work, (fh_real *)work + 2 * largest}, *room = turn[1] + 2 * largest;
  const fh_real *d = dout;
  for (int i = z.count - 1; i >= 0; i--) {
    const stage *t = &z.at[i];
    if (i > 0) before -= size_in(t);
    const fh_real *in = i > 0 ? (const fh_real *)state + 2 * before : param[0];
    fh_real *din = i > 0 ? turn[i % 2] : dparam[0];
    expand_adjoint(t, param[1 + t->mode], in, d, dparam[1 + t->mode], i == 0, din, room);
    d = din;
  }
}

const fh_map_class fh_weight_tucker_class = {
    .name = "tucker", .forward = forward, .backward = backward, .draw = fh_weight_draw};
