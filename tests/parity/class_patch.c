/* class_patch - neuraloperator's MultigridPatching2D: whole numbers */
#include <math.h>
#include <string.h>

#include "config.h"
#include "model_case.h"
#include "patching.h"
#include "values.h"

static fh_status make_patching(parity_config *a, const fh_shape *field, parity_patching *p)
{
  ptrdiff_t levels = 0;
  bool distributed = false;
  fh_real_list fraction = {0, {0}};
  const int dim = field->layout.grid.dim;
  FH_TRY(parity_count(a, "levels", &levels));
  FH_TRY(parity_reals(a, "padding_fraction", &fraction));
  FH_TRY(parity_switch(a, "use_distributed", &distributed));
  *p = (parity_patching){{.dim = dim, .levels = (int)levels}, {.dim = dim, .stitch = true}};
  FH_TRY(parity_switch(a, "stitching", &p->unpatch.stitch));
  FH_CHECK(fraction.count == 1 || fraction.count == dim, FH_ERR_UNSUPPORTED,
           "padding_fraction of %d numbers", fraction.count);
  for (int i = 0; i < dim; i++) {
    const double f = fraction.value[fraction.count == 1 ? 0 : i];
    p->patch.padding[i] = (ptrdiff_t)rint(f * (double)field->layout.grid.n[i]);
    p->unpatch.padding[i] = p->patch.padding[i];
    p->unpatch.parts[i] = (ptrdiff_t)1 << levels;
  }
  return FH_OK;
}

fh_status parity_patching_read(parity_config *config, const fh_shape *field,
                               parity_patching *patching)
{
  PARITY_CONFIG a = {0};
  const cJSON *inner = parity_argument(config, "patching");
  char *text = inner ? cJSON_PrintUnformatted(inner) : NULL;
  const fh_status st = inner ? parity_config_parse(text, &a) : FH_OK;
  cJSON_free(text);
  FH_TRY(st);
  parity_config *from = inner ? &a : config;
  FH_TRY(make_patching(from, field, patching));
  return parity_config_finish(from);
}

/* ---- one operator ----------------------------------------------------------------------------------- */

/* shape of a stored field; samples per batch unit so that patches fold */
static fh_status shape_of(const parity_array *a, ptrdiff_t samples, fh_shape *shape)
{
  fh_grid grid;
  FH_CHECK(a->rank >= 3 && a->rank <= 5, FH_ERR_FORMAT, "a field of %d axes", a->rank);
  FH_TRY(fh_grid_box(a->rank - 2, a->n + 2, FH_PERIODIC, FH_NODE, &grid));
  *shape = (fh_shape){samples, a->n[1], fh_layout_whole(&grid)};
  return FH_OK;
}

typedef struct {
  const char *in, *out, *cotangent, *gradient; /* cotangent NULL: forward only */
} names;

/* op applied to all samples of the field: its output, and its adjoint */
static fh_status run(const parity_file *file, fh_op *op, const names *n, parity_report *report)
{
  fh_team team = {0};
  fh_need need;
  fh_shape in;
  PARITY_ARRAY x = {0}, y = {0}, dy = {0}, dx = {0};
  PARITY_VALUES *px = NULL, *py = NULL, *pdy = NULL, *pdx = NULL;
  FH_TRY(parity_read(file, n->in, &x));
  FH_TRY(parity_read(file, n->out, &y));
  FH_TRY(shape_of(&x, x.n[0], &in));
  FH_TRY(fh_op_setup(op, &team, &in, &need));
  FH_CHECK(fh_shape_size(&op->out[0]) == y.size, FH_ERR_SHAPE, "%s has %td numbers, not %td",
           n->out, y.size, fh_shape_size(&op->out[0]));
  FH_TRY(parity_rounded(&x, &px));
  FH_NEW(py, y.size);
  const fh_fwd forward = {.batch = x.n[0], .in = {px}, .out = {py}};
  FH_TRY(op->class->forward(op, &forward));
  parity_compared(report, "%s", n->out);
  parity_compare(report, n->out, y.size, py, y.values, 0);
  if (!n->cotangent) return FH_OK;
  FH_TRY(parity_read(file, n->cotangent, &dy));
  FH_TRY(parity_read(file, n->gradient, &dx));
  FH_CHECK(dy.size == y.size && dx.size == x.size, FH_ERR_FORMAT, "%s does not fit %s",
           n->cotangent, n->out);
  FH_TRY(parity_rounded(&dy, &pdy));
  FH_NEW(pdx, dx.size);
  const fh_bwd backward = {.batch = x.n[0], .dout = {pdy}, .din = {pdx}};
  FH_TRY(op->class->backward(op, &backward));
  parity_compared(report, "%s", n->gradient);
  parity_compare(report, n->gradient, dx.size, pdx, dx.values, 0);
  return FH_OK;
}

static fh_status run_patch(const parity_file *file, const fh_patch_config *c, const names *n,
                           parity_report *report)
{
  fh_op *op = NULL;
  FH_TRY(fh_patch_create(c, &op));
  const fh_status st = run(file, op, n, report);
  fh_op_destroy(&op);
  return st;
}

static fh_status run_unpatch(const parity_file *file, const fh_unpatch_config *c, const names *n,
                             parity_report *report)
{
  fh_op *op = NULL;
  FH_TRY(fh_unpatch_create(c, &op));
  const fh_status st = run(file, op, n, report);
  fh_op_destroy(&op);
  return st;
}

/* what is cut out of the target for a loss per patch: a level without surroundings, no padding */
static fh_status run_target(const parity_file *file, const parity_patching *p,
                            parity_report *report)
{
  const names back = {"target_patched", "target", NULL, NULL};
  fh_unpatch_config c = p->unpatch;
  memset(c.padding, 0, sizeof c.padding);
  return run_unpatch(file, &c, &back, report);
}

fh_status parity_patch(const parity_file *file, const fh_team *team, parity_report *report)
{
  const names cut = {"input", "patched", "patch_cotangent", "grad_input"};
  const names put = {"model_output", "unpatched", "unpatch_cotangent", "grad_model_output"};
  const names crop = {"model_output", "unpatched_nostitch", NULL, NULL};
  PARITY_CONFIG a;
  PARITY_ARRAY input = {0};
  fh_shape field;
  parity_patching p;
  (void)team;
  FH_TRY(parity_config_parse(file->config, &a));
  FH_TRY(parity_read(file, "input", &input));
  FH_TRY(shape_of(&input, input.n[0], &field));
  FH_TRY(parity_patching_read(&a, &field, &p));
  FH_TRY(run_patch(file, &p.patch, &cut, report));
  FH_TRY(run_unpatch(file, &p.unpatch, &put, report));
  p.unpatch.stitch = false;
  FH_TRY(run_unpatch(file, &p.unpatch, &crop, report));
  p.unpatch.stitch = true;
  return run_target(file, &p, report);
}
