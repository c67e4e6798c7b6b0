#include "loss_spec.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* ---- shapes ---------------------------------------------------------------------------------------- */

/* the last dim axes are space, the first one counts samples, the rest channels */
static fh_status split_axes(const parity_array *field, int dim, fh_shape *shape)
{
  FH_CHECK(dim >= 1 && dim <= FH_MAX_DIM && field->rank > dim, FH_ERR_UNSUPPORTED,
           "%d axes of space in a field of %d axes", dim, field->rank);
  const int leading = field->rank - dim;
  fh_grid grid;
  FH_TRY(fh_grid_box(dim, field->n + leading, FH_PERIODIC, FH_NODE, &grid));
  *shape = (fh_shape){field->n[0], 1, fh_layout_whole(&grid)};
  for (int i = 1; i < leading; i++) shape->channels *= field->n[i];
  return FH_OK;
}

/* MgNO: samples x plane, a channel axis of one is allowed */
static fh_status plane_axes(const parity_array *field, fh_shape *shape)
{
  FH_TRY(split_axes(field, 2, shape));
  FH_CHECK(shape->channels == 1, FH_ERR_UNSUPPORTED, "a loss of MgNO on %td channels",
           shape->channels);
  return FH_OK;
}

/* ---- neuraloperator -------------------------------------------------------------------------------- */

static fh_status measure(parity_config *a, int dim, fh_loss_config *c)
{
  fh_real_list list = {1, {1.0}};
  FH_TRY(parity_reals(a, "measure", &list));
  FH_CHECK(list.count == 1 || list.count == dim, FH_ERR_FORMAT,
           "argument measure has %d numbers for %d axes", list.count, dim);
  c->measure = list;
  return FH_OK;
}

static fh_status neuralop_common(parity_config *a, const parity_array *field, parity_loss_spec *s)
{
  ptrdiff_t dim = 1;
  const char *method = "rel", *reduction = "sum";
  FH_TRY(parity_count(a, "d", &dim));
  FH_TRY(split_axes(field, (int)dim, &s->shape));
  FH_TRY(measure(a, (int)dim, &s->config));
  FH_TRY(parity_word(a, "method", &method));
  FH_TRY(parity_word(a, "reduction", &reduction));
  FH_TRY(parity_number(a, "eps", &s->config.epsilon));
  FH_TRY(parity_switch(a, "take_root", &s->config.square_root));
  const bool mean = !strcmp(reduction, "mean");
  FH_CHECK(mean || !strcmp(reduction, "sum"), FH_ERR_UNSUPPORTED, "reduction %s", reduction);
  s->config.relative = !strcmp(method, "rel");
  FH_CHECK(s->config.relative || !strcmp(method, "abs"), FH_ERR_UNSUPPORTED, "method %s", method);
  s->config.quadrature = true;
  if (mean) s->factor = 1.0 / (double)(s->shape.batch * s->shape.channels);
  return FH_OK;
}

static fh_status neuralop_lp(parity_config *a, const parity_array *field, parity_loss_spec *s)
{
  s->config.kind = FH_LOSS_LP;
  s->config.p = 2;
  s->config.epsilon = 1e-8;
  FH_TRY(parity_number(a, "p", &s->config.p));
  FH_TRY(neuralop_common(a, field, s));
  return FH_OK;
}

static fh_status neuralop_h1(parity_config *a, const parity_array *field, parity_loss_spec *s)
{
  static const char *const keys[] = {"periodic_in_x", "periodic_in_y", "periodic_in_z"};
  s->config.kind = FH_LOSS_H1;
  s->config.epsilon = 1e-8;
  FH_TRY(neuralop_common(a, field, s));
  const int dim = s->shape.layout.grid.dim;
  s->config.periodic_axes.count = dim;
  for (int i = 0; i < 3; i++) {
    bool periodic = true;
    FH_TRY(parity_switch(a, keys[i], &periodic));
    if (i < dim) s->config.periodic_axes.value[i] = periodic;
  }
  return FH_OK;
}

static fh_status neuralop_mse(parity_config *a, const parity_array *field, parity_loss_spec *s)
{
  (void)a;
  s->config.kind = FH_LOSS_MSE;
  const int dim = field->rank - 2 > FH_MAX_DIM ? FH_MAX_DIM : field->rank - 2;
  FH_TRY(split_axes(field, dim < 1 ? 1 : dim, &s->shape));
  return FH_OK;
}

/* ---- MgNO -------------------------------------------------------------------------------------------- */

/* true if the batch is averaged */
static fh_status mgno_common(parity_config *a, const parity_array *field, parity_loss_spec *s,
                             bool *mean)
{
  double p = 2, dim = 2;
  bool reduce = true;
  FH_TRY(parity_switch(a, "size_average", mean));
  FH_TRY(parity_switch(a, "reduction", &reduce));
  FH_CHECK(reduce, FH_ERR_UNSUPPORTED, "reduction=False");
  FH_TRY(parity_number(a, "d", &dim));
  FH_TRY(parity_number(a, "p", &p));
  s->config.p = p;
  s->config.epsilon = 0;
  s->config.joint = true;
  if (*mean) s->factor = 1.0 / (double)field->n[0];
  return FH_OK;
}

static fh_status mgno_lp(parity_config *a, const parity_array *field, parity_loss_spec *s)
{
  bool mean = true, relative = true;
  s->config.kind = FH_LOSS_LP;
  FH_TRY(mgno_common(a, field, s, &mean));
  FH_TRY(parity_switch(a, "relative", &relative));
  s->config.relative = relative || mean; /* the class averages the relative norms in any case */
  s->config.quadrature = false;
  const int dim = field->rank > FH_MAX_DIM + 1 ? FH_MAX_DIM : field->rank - 1;
  FH_TRY(split_axes(field, dim, &s->shape));
  return FH_OK;
}

static fh_status mgno_hs(parity_config *a, const parity_array *field, parity_loss_spec *s)
{
  bool mean = true, truncation = true, flag = true;
  ptrdiff_t k = 1, res = 256;
  fh_real_list factors = {1, {1.0}};
  s->config.kind = FH_LOSS_SPECTRAL_H1;
  FH_TRY(mgno_common(a, field, s, &mean));
  FH_TRY(plane_axes(field, &s->shape));
  FH_TRY(parity_count(a, "k", &k));
  FH_TRY(parity_reals(a, "a", &factors));
  FH_TRY(parity_switch(a, "truncation", &truncation));
  FH_TRY(parity_count(a, "res", &res));
  FH_TRY(parity_refuse(a, "group"));
  FH_TRY(parity_switch(a, "return_freq", &flag)); /* what else the class returns */
  FH_TRY(parity_switch(a, "return_l2", &flag));
  const ptrdiff_t *n = s->shape.layout.grid.n;
  FH_CHECK(n[0] == res && n[1] == res, FH_ERR_UNSUPPORTED, "res %td on a field of %td x %td", res,
           n[0], n[1]);
  FH_CHECK(k == 1 && s->config.p == 2, FH_ERR_UNSUPPORTED, "k %td, p %g", k, s->config.p);
  s->config.relative = true;
  s->config.weight = factors.count ? factors.value[0] : 1.0;
  s->config.truncation = truncation ? 20 : 0;
  return FH_OK;
}

static fh_status mgno_differences(bool relative, const parity_array *field, parity_loss_spec *s)
{
  FH_TRY(plane_axes(field, &s->shape));
  const ptrdiff_t *n = s->shape.layout.grid.n;
  s->config.kind = FH_LOSS_H1;
  s->config.relative = relative;
  s->config.quadrature = false;
  s->config.epsilon = 0;
  s->config.periodic = false;
  s->config.edge = FH_EDGE_FIRST;
  s->config.value_weight = relative ? 1 : 10;
  s->config.measure = (fh_real_list){2, {(double)n[0] / (double)n[1], 1.0}}; /* spacing 1/n[1] */
  if (!relative) s->factor = 1.0 / (double)field->n[0];
  return FH_OK;
}

/* ---- by name ----------------------------------------------------------------------------------------- */

fh_status parity_loss_spec_make(const char *package, const char *class, parity_config *a,
                                const parity_array *field, parity_loss_spec *s)
{
  *s = (parity_loss_spec){.factor = 1};
  FH_TRY(fh_config_defaults(fh_loss_fields, &s->config));
  const bool neuralop = !strcmp(package, "neuralop");
  if (neuralop && !strcmp(class, "LpLoss"))
    FH_TRY(neuralop_lp(a, field, s));
  else if (neuralop && !strcmp(class, "H1Loss"))
    FH_TRY(neuralop_h1(a, field, s));
  else if (neuralop && !strcmp(class, "MSELoss"))
    FH_TRY(neuralop_mse(a, field, s));
  else if (!neuralop && !strcmp(class, "LpLoss"))
    FH_TRY(mgno_lp(a, field, s));
  else if (!neuralop && !strcmp(class, "HsLoss"))
    FH_TRY(mgno_hs(a, field, s));
  else if (!neuralop && !strcmp(class, "HSloss_d"))
    FH_TRY(mgno_differences(false, field, s));
  else if (!neuralop && !strcmp(class, "HSloss_d_2"))
    FH_TRY(mgno_differences(true, field, s));
  else
    FH_RAISE(FH_ERR_UNSUPPORTED, "loss %s of %s", class, package);
  FH_TRY(parity_config_finish(a));
  return FH_OK;
}

/* "d=2,p=2,size_average=False" and ".rel" as JSON; false if the text is too long or not closed */
static bool arguments_of(const char *open, char *json, size_t bytes)
{
  const char *close = strchr(open, ')');
  size_t used = (size_t)snprintf(json, bytes, "{");
  if (!close) return false;
  for (const char *at = open + 1; at < close;) {
    const size_t length = strcspn(at, ",)"), name = strcspn(at, "=,)");
    const char *value = at + name + 1;
    if (name >= length) return false;
    char text[64];
    snprintf(text, sizeof text, "%.*s", (int)(length - name - 1), value);
    const char *word = !strcmp(text, "True") ? "true" : !strcmp(text, "False") ? "false" : text;
    used += (size_t)snprintf(json + used, bytes - used, "%s\"%.*s\":%s", used > 1 ? "," : "",
                             (int)name, at, word);
    if (used + 32 > bytes) return false;
    at += length + 1;
    at += strspn(at, " ");
  }
  const char *method = !strncmp(close + 1, ".abs", 4)   ? "abs"
                       : !strncmp(close + 1, ".rel", 4) ? "rel"
                                                        : NULL;
  if (method)
    used += (size_t)snprintf(json + used, bytes - used, "%s\"method\":\"%s\"", used > 1 ? "," : "",
                             method);
  snprintf(json + used, bytes - used, "}");
  return true;
}

fh_status parity_loss_spec_read(const char *sentence, const parity_array *field,
                                parity_loss_spec *spec)
{
  char package[32], class[32], json[512] = "{}";
  int end = 0; /* of the name; without parentheses behind it all arguments have their defaults */
  FH_CHECK(sentence && sscanf(sentence, "%31s %31[A-Za-z0-9_]%n", package, class, &end) == 2 &&
               (sentence[end] != '(' || arguments_of(sentence + end, json, sizeof json)),
           FH_ERR_UNSUPPORTED, "the loss '%.80s'", sentence ? sentence : "");
  PARITY_CONFIG arguments;
  FH_TRY(parity_config_parse(json, &arguments));
  FH_TRY(parity_loss_spec_make(package, class, &arguments, field, spec));
  return FH_OK;
}

fh_status parity_loss_value(const parity_loss_spec *s, const fh_real *prediction,
                            const fh_real *truth, double *value, fh_real *gradient)
{
  fh_loss *loss = NULL;
  double *values = NULL;
  FH_NEW(values, s->shape.batch);
  fh_status st = fh_loss_create(&s->config, &s->shape, &loss);
  if (st == FH_OK)
    st = fh_loss_eval(loss, s->shape.batch, prediction, truth, s->factor, values, gradient);
  *value = 0;
  for (ptrdiff_t i = 0; i < s->shape.batch; i++) *value += s->factor * values[i];
  fh_free(values);
  fh_loss_destroy(&loss);
  FH_TRY(st);
  return FH_OK;
}
