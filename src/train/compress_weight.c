#include "train/compress_weight.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- parameters of the program ---------------------------------------------------------------------- */

static const fh_param *find(const fh_dense_weights *d, const char *prefix, const char *role)
{
  char name[160];
  snprintf(name, sizeof name, "%s.weight.%s", prefix, role);
  const int i = fh_program_find_param(d->program, name);
  return i < 0 ? NULL : fh_program_param(d->program, i);
}

static void copy_values(const fh_dense_weights *d, const fh_param *q, double *out)
{
  for (ptrdiff_t i = 0; i < q->size; i++) out[i] = (double)d->values[q->offset + i];
}

static void prefix_of(const fh_dense_weights *d, int layer, char prefix[64])
{
  if (d->fno->joint_factorization)
    snprintf(prefix, 64, "fno_blocks.convs");
  else
    snprintf(prefix, 64, "fno_blocks.convs.%d", layer);
}

/* where part p of factors stands among the parameters */
static const fh_param *part_of(const fh_dense_weights *d, const char *prefix, int p)
{
  char role[48];
  const int kind = d->fno->factorization, mode = kind == FH_FACTOR_TT ? p : p - 1;
  if (mode < 0) return find(d, prefix, kind == FH_FACTOR_CP ? "weights" : "core");
  snprintf(role, sizeof role, "factors.factor_%d", mode);
  return find(d, prefix, role);
}

/* the factors of a layer (or of all layers), with their values */
static fh_status read_factors(const fh_dense_weights *d, int layer, fh_factors **f)
{
  const fh_factor_kind kind = (fh_factor_kind)d->fno->factorization;
  ptrdiff_t n[FH_FACTOR_MODES], rank[FH_FACTOR_MODES + 1] = {1};
  const int first = kind == FH_FACTOR_TT ? 0 : 1;
  char prefix[64];
  int modes = 0;
  prefix_of(d, layer, prefix);
  for (; modes < FH_FACTOR_MODES; modes++) {
    const fh_param *q = part_of(d, prefix, first + modes);
    if (!q) break;
    n[modes] = q->decl.n[kind == FH_FACTOR_TT ? 1 : 0];
    if (kind == FH_FACTOR_TUCKER) rank[modes] = q->decl.n[1];
    if (kind == FH_FACTOR_CP) rank[0] = q->decl.n[1];
    if (kind == FH_FACTOR_TT) rank[modes + 1] = q->decl.n[2];
  }
  FH_TRY(fh_factors_create(kind, modes, n, rank, f));
  for (int p = 0; p < (*f)->parts; p++) copy_values(d, part_of(d, prefix, p), (*f)->part[p]);
  return FH_OK;
}

/* ---- shapes ------------------------------------------------------------------------------------------- */

static fh_status stored_shape(fh_dense_weights *d)
{
  if (!d->fno->factorization) {
    const fh_param *q = find(d, "fno_blocks.convs.0", "tensor");
    FH_CHECK(q && q->decl.rank <= FH_FACTOR_MODES, FH_ERR_STATE,
             "the program of the model has no fno_blocks.convs.0.weight.tensor");
    d->modes = q->decl.rank;
    memcpy(d->stored, q->decl.n, (size_t)d->modes * sizeof *d->stored);
    return FH_OK;
  }
  fh_factors *f = NULL;
  const int skip = d->fno->joint_factorization ? 1 : 0;
  FH_TRY(read_factors(d, 0, &f));
  d->modes = f->modes - skip;
  memcpy(d->stored, f->n + skip, (size_t)d->modes * sizeof *d->stored);
  fh_factors_destroy(&f);
  return FH_OK;
}

static ptrdiff_t entry(const fh_int_list *list, int a)
{
  return list->value[list->count == 1 ? 0 : a];
}

static fh_status kept_shape(const fh_int_list *n_modes, fh_dense_weights *d)
{
  FH_CHECK(n_modes->count <= 1 || n_modes->count == d->axes, FH_ERR_USAGE,
           "option -n_modes has %d numbers but the model has %d axes: give one or %d",
           n_modes->count, d->axes, d->axes);
  memcpy(d->shape, d->stored, sizeof d->stored);
  for (int a = 0; a < d->axes; a++) {
    const ptrdiff_t has = entry(&d->fno->n_modes, a), n = n_modes->count ? entry(n_modes, a) : has;
    FH_CHECK(n <= has, FH_ERR_USAGE,
             "option -n_modes keeps %td frequencies along axis %d but the model has %td", n, a,
             has);
    d->shape[d->modes - d->axes + a] = a == d->axes - 1 ? n / 2 + 1 : n;
  }
  return FH_OK;
}

fh_status fh_dense_weights_open(const fh_program *program, const fh_real *values,
                                fh_fno_config *fno, int axes, const fh_int_list *n_modes,
                                fh_dense_weights *d)
{
  *d = (fh_dense_weights){
      .program = program, .values = values, .fno = fno, .layers = (int)fno->n_layers, .axes = axes};
  FH_TRY(stored_shape(d));
  FH_TRY(kept_shape(n_modes, d));
  return FH_OK;
}

/* ---- values ------------------------------------------------------------------------------------------- */

static ptrdiff_t product(int count, const ptrdiff_t *n)
{
  ptrdiff_t p = 1;
  for (int i = 0; i < count; i++) p *= n[i];
  return p;
}

/* the frequencies that are kept: row(f) = f + M/2, columns from 0 (operators/spectral/spectral.h) */
static void restrict_modes(const fh_dense_weights *d, const double *in, double *w)
{
  const int last = d->modes - 1;
  const ptrdiff_t rows = product(last, d->shape);
  for (ptrdiff_t row = 0; row < rows; row++) {
    ptrdiff_t rest = row, at = 0, step = 1;
    for (int k = last - 1; k >= 0; k--) {
      const ptrdiff_t first = d->stored[k] / 2 - d->shape[k] / 2;
      at += (rest % d->shape[k] + first) * step;
      rest /= d->shape[k];
      step *= d->stored[k];
    }
    memcpy(w + 2 * row * d->shape[last], in + 2 * at * d->stored[last],
           (size_t)(2 * d->shape[last]) * sizeof *w);
  }
}

static fh_status read_stored(const fh_dense_weights *d, int layer, double **w)
{
  const ptrdiff_t size = product(d->modes, d->stored);
  if (!d->fno->factorization) {
    char prefix[64];
    prefix_of(d, layer, prefix);
    FH_NEW(*w, 2 * size);
    copy_values(d, find(d, prefix, "tensor"), *w);
    return FH_OK;
  }
  fh_factors *f = NULL;
  FH_TRY(read_factors(d, layer, &f));
  const ptrdiff_t all = fh_factors_dense_size(f);
  *w = fh_calloc(2 * all, sizeof **w);
  const fh_status st = *w ? fh_factors_expand(f, *w) : FH_ERR_MEMORY;
  fh_factors_destroy(&f);
  FH_TRY(st);
  if (all > size) memmove(*w, *w + 2 * size * layer, (size_t)(2 * size) * sizeof **w);
  return FH_OK;
}

fh_status fh_dense_weights_get(const fh_dense_weights *d, int layer, double *w)
{
  double *stored = NULL;
  const fh_status st = read_stored(d, layer, &stored);
  if (st == FH_OK) restrict_modes(d, stored, w);
  fh_free(stored);
  FH_TRY(st);
  const ptrdiff_t size = 2 * product(d->modes, d->shape);
  for (ptrdiff_t i = 0; i < size; i++)
    FH_CHECK(isfinite(w[i]), FH_ERR_NUMERIC,
             "the spectral weight of layer %d holds numbers that are not finite", layer);
  return FH_OK;
}
