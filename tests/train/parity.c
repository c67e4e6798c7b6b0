/* parity: losses, optimisers, schedules and normalisers against the numbers of the reference
   implementations, in the folder of the environment variable FH_PARITY (skipped without it) */
#include <glob.h>
#include <stdlib.h>

#include "base/memory.h"
#include "check.h"
#include "fixture.h"
#include "train/loss.h"
#include "train/normaliser.h"
#include "train/optimiser.h"
#include "train/schedule.h"

static double worst;
static int files;

/* Largest difference relative to the largest entry. */
static void compare(const char *file, const char *what, ptrdiff_t n, const fh_real *got,
                    const double *want, double tolerance)
{
  double most = 0, off = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    most = fmax(most, fabs(want[i]));
    if (!(fabs((double)got[i] - want[i]) <= off)) off = fabs((double)got[i] - want[i]);
  }
  off /= most > 0 ? most : 1;
  if (!(off <= worst)) worst = off;
  if (off <= tolerance) return;
  failures++;
  printf("FAILED: %s: %s differs by %g\n", file, what, off);
}

static fh_real *to_real(const tensor *t)
{
  fh_real *x = fh_calloc(t->size, sizeof *x);
  for (ptrdiff_t i = 0; i < t->size; i++) x[i] = (fh_real)t->value[i];
  return x;
}

/* ---- losses ---- */

static void neuralop_loss(const cJSON *config, fh_loss_config *c, int dim)
{
  static const char *const axes[] = {"periodic_in_x", "periodic_in_y", "periodic_in_z"};
  const cJSON *measure = cJSON_GetObjectItemCaseSensitive(config, "measure");
  const cJSON *method = cJSON_GetObjectItemCaseSensitive(config, "method");
  c->relative = !strcmp(method->valuestring, "rel");
  c->p = config_number(config, "p", 2);
  c->epsilon = config_number(config, "eps", 1e-8);
  c->square_root = config_bool(config, "take_root", 1);
  c->measure.count = 1;
  c->measure.value[0] = config_number(config, "measure", 1);
  if (cJSON_IsArray(measure)) {
    c->measure.count = dim;
    for (int a = 0; a < dim; a++) c->measure.value[a] = cJSON_GetArrayItem(measure, a)->valuedouble;
  }
  c->periodic_axes.count = dim;
  for (int a = 0; a < dim; a++) c->periodic_axes.value[a] = config_bool(config, axes[a], 1);
}

static void mgno_loss(const char *class, const cJSON *config, const ptrdiff_t *n, fh_loss_config *c)
{
  const cJSON *a = cJSON_GetObjectItemCaseSensitive(config, "a");
  c->epsilon = 0;
  c->joint = true;
  c->periodic = false;
  c->edge = FH_EDGE_FIRST;
  c->measure.count = 2;
  c->measure.value[0] = (double)n[0] / (double)n[1];
  c->measure.value[1] = 1;
  if (!strcmp(class, "utilities3.HsLoss")) {
    c->kind = FH_LOSS_SPECTRAL_H1;
    c->truncation = config_bool(config, "truncation", 1) ? 20 : 0;
    if (a) c->weight = cJSON_GetArrayItem(a, 0)->valuedouble;
  } else if (!strcmp(class, "utilities3.HSloss_d")) {
    c->relative = c->quadrature = false;
    c->value_weight = 10;
  } else if (!strcmp(class, "utilities3.LpLoss")) {
    c->kind = FH_LOSS_LP;
  }
}

static bool is_mean(const char *class, const cJSON *config)
{
  const cJSON *reduction = cJSON_GetObjectItemCaseSensitive(config, "reduction");
  if (reduction) return !strcmp(reduction->valuestring, "mean");
  if (!strcmp(class, "utilities3.HSloss_d")) return true;
  return config_bool(config, "size_average", !strncmp(class, "utilities3.LpLoss", 17));
}

static void check_loss(const char *file, hid_t h)
{
  tensor x = fixture_read(h, "input"), y = fixture_read(h, "target"),
         loss = fixture_read(h, "loss"), g = fixture_read(h, "grad_input");
  char *class = fixture_text(h, "class");
  cJSON *json = fixture_config(h);
  const bool mgno = !strncmp(class, "utilities3", 10);
  const int skip = mgno ? 1 : 2;
  const ptrdiff_t channels = mgno ? 1 : x.n[1];
  const fh_shape shape = box_shape(x.n[0], channels, x.rank - skip, x.n + skip);
  fh_loss_config c;
  MUST(fh_config_defaults(fh_loss_fields, &c));
  if (mgno)
    mgno_loss(class, json, x.n + skip, &c);
  else {
    c.kind = strstr(class, "LpLoss") ? FH_LOSS_LP : FH_LOSS_H1;
    neuralop_loss(json, &c, x.rank - skip);
  }
  fh_loss *l;
  double value[16], sum = 0;
  fh_real *a = to_real(&x), *b = to_real(&y), *d = fh_calloc(x.size, sizeof *d);
  const double scale = is_mean(class, json) ? 1 / (double)(x.n[0] * channels) : 1;
  MUST(fh_loss_create(&c, &shape, &l));
  MUST(fh_loss_eval(l, x.n[0], a, b, scale, value, d));
  for (ptrdiff_t i = 0; i < x.n[0]; i++) sum += value[i] * scale;
  const fh_real total = (fh_real)sum;
  compare(file, "loss", 1, &total, loss.value, 1e-12);
  compare(file, "gradient", x.size, d, g.value, 1e-12);
  fh_loss_destroy(&l);
  fh_free(a), fh_free(b), fh_free(d), free(class), cJSON_Delete(json);
  fixture_free(&x), fixture_free(&y), fixture_free(&loss), fixture_free(&g);
}

/* ---- optimisers: parameters a, b real, v, w complex ---- */

static const char *const names[] = {"a", "b", "v", "w"};

static tensor read_param(hid_t h, const char *group, int i)
{
  char path[64];
  snprintf(path, sizeof path, "%s/%s", group, names[i]);
  return fixture_read(h, path);
}

static void check_params(const char *file, hid_t h, const char *group, ptrdiff_t step,
                         const fh_param *params, const fh_real *got)
{
  for (int i = 0; i < 4; i++) {
    tensor t = read_param(h, group, i);
    compare(file, group, params[i].size, got + params[i].offset, t.value + step * params[i].size,
            1e-12);
    fixture_free(&t);
  }
}

static int preset_of(const char *class)
{
  if (strstr(class, "neuralop")) return 1;
  if (!strcmp(class, "torch.optim.AdamW")) return 0;
  return strstr(class, "torch") ? 2 : 3;
}

static void load_params(hid_t h, const char *group, ptrdiff_t step, const fh_param *params,
                        fh_real *x)
{
  for (int i = 0; i < 4; i++) {
    tensor t = read_param(h, group, i);
    for (ptrdiff_t k = 0; k < params[i].size; k++)
      x[params[i].offset + k] = (fh_real)t.value[step * params[i].size + k];
    fixture_free(&t);
  }
}

static void check_optimiser(const char *file, hid_t h)
{
  static fh_param params[4];
  const fh_param *list[4];
  ptrdiff_t n = 0;
  for (int i = 0; i < 4; i++) {
    tensor t = read_param(h, "params", i);
    params[i] = (fh_param){.offset = n, .size = t.size, .decl.is_complex = i >= 2};
    list[i] = &params[i];
    n += t.size;
    fixture_free(&t);
  }
  char *class = fixture_text(h, "class");
  cJSON *json = fixture_config(h);
  fh_optimiser_config c;
  fh_optimiser *o;
  MUST(fh_optimiser_preset(preset_of(class), &c));
  c.decay = config_number(json, "weight_decay", c.decay);
  MUST(fh_optimiser_create_for(&c, 4, list, &o));
  fh_real *p = fh_calloc(n, sizeof *p), *g = fh_calloc(n, sizeof *g);
  load_params(h, "params", 0, params, p);
  for (ptrdiff_t step = 0; step < 5; step++) {
    load_params(h, "grad_params", step, params, g);
    fh_optimiser_step(o, config_number(json, "lr", 1e-3), -1, g, p);
    check_params(file, h, "params_trace", step, params, p);
  }
  check_params(file, h, "exp_avg", 0, params, o->first);
  check_params(file, h, "exp_avg_sq", 0, params, o->second);
  fh_optimiser_destroy(&o);
  fh_free(p), fh_free(g), free(class), cJSON_Delete(json);
}

/* ---- schedules ---- */

static void configure(const char *class, const cJSON *json, double lr, fh_schedule_config *c)
{
  const cJSON *anneal = cJSON_GetObjectItemCaseSensitive(json, "anneal_strategy");
  MUST(fh_config_defaults(fh_schedule_fields, c));
  c->kind = strstr(class, "StepLR")       ? FH_SCHEDULE_STEP
            : strstr(class, "OneCycleLR") ? FH_SCHEDULE_ONECYCLE
                                          : FH_SCHEDULE_COSINE;
  c->rate = config_number(json, "max_lr", lr);
  c->step_size = (ptrdiff_t)config_number(json, "step_size", 1);
  c->gamma = config_number(json, "gamma", 0.1);
  const double epochs =
      config_number(json, "epochs", 0) * config_number(json, "steps_per_epoch", 0);
  c->period = (ptrdiff_t)config_number(json, "T_max", config_number(json, "total_steps", epochs));
  c->rate_min = config_number(json, "eta_min", 0);
  c->percent_start = config_number(json, "pct_start", 0.3);
  c->div_factor = config_number(json, "div_factor", 25);
  c->final_div_factor = config_number(json, "final_div_factor", 1e4);
  c->cycle_momentum = config_bool(json, "cycle_momentum", 1);
  c->three_phase = config_bool(json, "three_phase", 0);
  c->linear = anneal && !strcmp(anneal->valuestring, "linear");
}

static bool ulps(double a, double b, int count)
{
  double up = b, down = b;
  for (int i = 0; i < count; i++) up = nextafter(up, HUGE_VAL), down = nextafter(down, -HUGE_VAL);
  return a >= down && a <= up;
}

/* Bit for bit where this libm's cos agrees with the one of the reference; the cosine recursion may
   carry 1 ulp along. */
static herr_t check_schedule(hid_t parent, const char *name, const H5L_info_t *info, void *bits)
{
  (void)info;
  const hid_t h = H5Gopen2(parent, name, H5P_DEFAULT);
  char *class = fixture_text(h, "class");
  cJSON *json = fixture_config(h);
  tensor lr = fixture_read(h, "lr"), beta = fixture_read(h, "beta1");
  fh_schedule_config c;
  fh_schedule s;
  int exact = 0;
  configure(class, json, fixture_number(h, "optimizer_lr"), &c);
  MUST(fh_schedule_create(&c, &s));
  for (ptrdiff_t t = 0; t < lr.size; t++, fh_schedule_advance(&s)) {
    const double got = s.beta1 < 0 ? 0.9 : s.beta1;
    exact += s.rate == lr.value[t] && got == beta.value[t];
    if (ulps(s.rate, lr.value[t], 1) && ulps(got, beta.value[t], 1)) continue;
    failures++;
    printf("FAILED: schedule %s step %td: rate %.17g (%.17g), beta1 %.17g (%.17g)\n", name, t,
           s.rate, lr.value[t], got, beta.value[t]);
  }
  *(int *)bits += exact == lr.size;
  free(class), cJSON_Delete(json), fixture_free(&lr), fixture_free(&beta);
  H5Gclose(h);
  return 0;
}

static int schedules_exact;

static void check_schedules(const char *file, hid_t h)
{
  (void)file;
  H5Literate(h, H5_INDEX_NAME, H5_ITER_INC, NULL, check_schedule, &schedules_exact);
}

/* ---- normalisers ---- */

static fh_status from_tensor(void *context, ptrdiff_t first, ptrdiff_t count, fh_real *values)
{
  const tensor *t = context;
  const ptrdiff_t sample = t->size / t->n[0];
  for (ptrdiff_t i = 0; i < count * sample; i++) values[i] = (fh_real)t->value[first * sample + i];
  return FH_OK;
}

static void check_normaliser(const char *file, hid_t h, const char *group, int kind)
{
  char path[64];
  tensor x = fixture_read(h, "input"), part[4];
  static const char *const parts[] = {"mean", "std", "encoded", "decoded_of_input"};
  for (int i = 0; i < 4; i++) {
    snprintf(path, sizeof path, "%s/%s", group, parts[i]);
    part[i] = fixture_read(h, path);
  }
  const fh_shape shape = box_shape(x.n[0], 1, x.rank - 1, x.n + 1);
  fh_normaliser *n;
  MUST(fh_normaliser_fit(MPI_COMM_WORLD, kind, -1, x.n[0], &shape, from_tensor, &x, &n));
  fh_real *v = to_real(&x);
  for (ptrdiff_t i = 0; i < part[0].size; i++) {
    near(n->mean[i], part[0].value[i], 1e-14, file);
    near(n->deviation[i], part[1].value[i], 1e-14, file);
  }
  MUST(fh_normaliser_encode(n, x.n[0], &shape, v));
  compare(file, "encoded", x.size, v, part[2].value, 1e-12);
  MUST(from_tensor(&x, 0, x.n[0], v));
  MUST(fh_normaliser_decode(n, x.n[0], &shape, v));
  compare(file, "decoded", x.size, v, part[3].value, 1e-12);
  fh_normaliser_destroy(&n);
  for (int i = 0; i < 4; i++) fixture_free(&part[i]);
  fixture_free(&x), fh_free(v);
}

static void check_normalisers(const char *file, hid_t h)
{
  check_normaliser(file, h, "GN", FH_NORM_SCALAR);
  check_normaliser(file, h, "PGN", FH_NORM_POINT);
}

static void each_file(const char *folder, const char *pattern, void (*check)(const char *, hid_t))
{
  char path[1024];
  glob_t found;
  snprintf(path, sizeof path, "%s/%s", folder, pattern);
  if (glob(path, 0, NULL, &found)) return;
  for (size_t i = 0; i < found.gl_pathc; i++) {
    const hid_t h = H5Fopen(found.gl_pathv[i], H5F_ACC_RDONLY, H5P_DEFAULT);
    expect(h >= 0, found.gl_pathv[i]);
    if (h < 0) continue;
    check(strrchr(found.gl_pathv[i], '/') + 1, h);
    H5Fclose(h);
    files++;
  }
  globfree(&found);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const char *folder = getenv("FH_PARITY");
  if (!folder) {
    printf("parity: skipped, FH_PARITY names no folder\n");
    MPI_Finalize();
    return 77;
  }
  each_file(folder, "loss_*.h5", check_loss);
  each_file(folder, "mgno_loss_*.h5", check_loss);
  each_file(folder, "optim_*.h5", check_optimiser);
  each_file(folder, "schedules.h5", check_schedules);
  each_file(folder, "mgno_normalizers.h5", check_normalisers);
  expect(files > 0, "no file of reference numbers found in FH_PARITY");
  printf("%d files, worst difference %.2g, %d schedules bit for bit\n", files, worst,
         schedules_exact);
  return finish("train parity");
}
