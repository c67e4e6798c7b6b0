#include "app/inspect.h"

#include "app/inspect_factors.h"
#include "app/inspect_mgno.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/trained.h"

static void print_bytes(FILE *stream, double bytes)
{
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  int u = 0;
  for (; bytes >= 1000 && u < 4; u++) bytes /= 1000;
  fprintf(stream, "%.4g %s", bytes, units[u]);
}

static void print_shape(FILE *stream, const fh_tensor *t)
{
  char text[128] = "";
  size_t used = 0;
  for (int a = 0; a < t->rank && used < sizeof text; a++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s%td", a ? " x " : "", t->n[a]);
  fprintf(stream, "%-28s", text[0] ? text : "scalar");
}

static double value_of(const fh_tensor *t, ptrdiff_t i)
{
  if (t->dtype == FH_F32) return (double)((const float *)t->data)[i];
  if (t->dtype == FH_F64) return ((const double *)t->data)[i];
  return (double)((const int64_t *)t->data)[i];
}

static void print_tensor(FILE *stream, const fh_tensor *t)
{
  static const char *const types[] = {"f32", "f64", "i64"};
  double squares = 0, largest = 0;
  for (ptrdiff_t i = 0; i < t->size; i++) {
    const double v = value_of(t, i);
    squares += v * v;
    if (!(fabs(v) <= largest)) largest = fabs(v); /* NaN stays */
  }
  fprintf(stream, "  %-44s %s  ", t->name, types[t->dtype]);
  print_shape(stream, t);
  fprintf(stream, " rms %-10.4g max %.4g\n", t->size ? sqrt(squares / (double)t->size) : 0,
          largest);
}

static void print_indented(FILE *stream, const char *text)
{
  while (*text) {
    const size_t n = strcspn(text, "\n");
    fprintf(stream, "  %.*s\n", (int)n, text);
    text += n + (text[n] == '\n');
  }
}

static void print_normaliser(FILE *stream, const char *side, const fh_normaliser *n)
{
  fprintf(stream, "normaliser of the %s: %s", side, n ? fh_norm_names[n->kind] : "none");
  for (ptrdiff_t c = 0; n && c < n->channels && n->points == 1; c++)
    fprintf(stream, "%s mean %.6g, deviation %.6g", c ? ";" : ":", n->mean[c], n->deviation[c]);
  fputs("\n", stream);
}

/* the bundle holds the normalisers' tensors as well */
static bool is_parameter(const fh_tensor *t)
{
  return strncmp(t->name, "normaliser.", 11) != 0;
}

static void print_parameters(FILE *stream, const fh_bundle *b)
{
  ptrdiff_t total = 0, count = 0;
  double bytes = 0;
  for (int i = 0; i < b->n_tensors; i++) {
    const fh_tensor *t = &b->tensors[i];
    if (!is_parameter(t)) continue;
    count++;
    total += t->size;
    bytes += (double)t->size * (t->dtype == FH_F32 ? 4 : 8);
  }
  fprintf(stream, "parameters: %td reals in %td tensors, ", total, count);
  print_bytes(stream, bytes);
  fputs(" (a complex number counts two)\n", stream);
  for (int i = 0; i < b->n_tensors; i++)
    if (is_parameter(&b->tensors[i])) print_tensor(stream, &b->tensors[i]);
}

static fh_status print_steps(FILE *stream, const fh_trained *m, const fh_team *team)
{
  fh_program *p = NULL;
  char grid[64];
  FH_TRY(fh_model_build(&m->spec, team, &m->grid, 1, FH_INFER, FH_PLANNED, &p));
  fprintf(stream, "steps for one sample of %s points:\n", fh_grid_text(&m->grid, grid));
  fh_program_print(p, stream);
  fh_program_destroy(&p);
  return FH_OK;
}

static void print_spec(FILE *stream, const fh_trained *m)
{
  char value[FH_VALUE_MAX];
  fprintf(stream, "model: %s, %d -> %d channels\n", m->spec.class->name, m->spec.in_channels,
          m->spec.out_channels);
  if (m->spec.time.history > 0)
    fprintf(stream, "a time step: %td frame%s in, one out, %td stored frame%s later\n",
            m->spec.time.history, m->spec.time.history == 1 ? "" : "s", m->spec.time.stride,
            m->spec.time.stride == 1 ? "" : "s");
  for (const fh_field *f = m->spec.class->fields; f->name; f++) {
    fh_config_get(f, m->spec.config, value, sizeof value);
    fprintf(stream, "  %s: %s\n", f->name, value);
  }
}

static fh_status print_model(FILE *stream, const char *path, const fh_trained *m,
                             const fh_team *team, const fh_inspect_config *config)
{
  char grid[64];
  if (config->cycle >= 0) return fh_inspect_cycle(stream, m, team, (int)config->cycle);
  fprintf(stream, "%s is a trained model (layout version %lld)\n", path,
          (long long)m->bundle->version);
  print_spec(stream, m);
  fprintf(stream, "trained on: %s points\n", fh_grid_text(&m->grid, grid));
  print_normaliser(stream, "input", m->input);
  print_normaliser(stream, "output", m->output);
  FH_TRY(fh_inspect_cycles(stream, m, team));
  FH_TRY(fh_inspect_factors(stream, m));
  print_parameters(stream, m->bundle);
  if (config->steps) FH_TRY(print_steps(stream, m, team));
  return FH_OK;
}

fh_status fh_inspect_model(FILE *stream, const char *path, const fh_inspect_config *config)
{
  fh_team *team = NULL;
  fh_trained *m = NULL;
  FH_TRY(fh_team_create(MPI_COMM_SELF, 1, 1, &team));
  fh_status st = fh_trained_read(MPI_COMM_SELF, path, &m);
  if (st == FH_OK) st = print_model(stream, path, m, team, config);
  fh_trained_destroy(&m);
  fh_team_destroy(&team);
  return st;
}

fh_status fh_inspect_checkpoint(FILE *stream, const char *path)
{
  fh_bundle *b = NULL;
  FH_TRY(fh_bundle_read(path, "checkpoint", &b));
  fprintf(stream, "%s is a checkpoint of a training run (layout version %lld)\n", path,
          (long long)b->version);
  for (int i = 0; i < b->n_texts; i++) {
    fprintf(stream, "%s:\n", b->texts[i].name);
    print_indented(stream, b->texts[i].text);
  }
  fprintf(stream, "tensors: %d\n", b->n_tensors);
  for (int i = 0; i < b->n_tensors; i++) print_tensor(stream, &b->tensors[i]);
  fh_bundle_destroy(&b);
  return FH_OK;
}
