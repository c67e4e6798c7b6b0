/* Prediction in a file, patch by patch: the same values, checksums, statistics and records as from whole
 * fields, whatever is computed at once and whoever shares a sample; fields of many slabs, 1-D to 3-D; and
 * nothing left behind where it fails. */
#include "app/predict_patches.h"
#include "base/memory.h"
#include "io/scratch.h"
#include "io/writer.h"
#include "train/check.h"
#include "train/source.h"

enum { N = 2, IN = 2, OUT = 2 };

typedef struct {
  const char *name;
  int dim;
  ptrdiff_t n[3];
  const char *options[6][2];
  int in, out; /* fh_norm_kind */
  bool truth;
} predict_case;

static const predict_case cases[] = {
    {"uneven",
     2,
     {21, 27},
     {{"levels", "2"}, {"padding_fraction", "0.1"}, {"outside", "reflect"}},
     FH_NORM_CHANNEL,
     FH_NORM_POINT,
     true},
    {"3-D", 3, {8, 6, 10}, {{"outside", "zero"}}, FH_NORM_POINT, FH_NORM_CHANNEL, false},
    {"a line of two slabs", 1, {270001}, {{"levels", "2"}}, FH_NORM_SCALAR, FH_NORM_NONE, true},
    {"rows of two slabs", 2, {500, 530}, {{"levels", "1"}}, FH_NORM_NONE, FH_NORM_CHANNEL, true},
};

/* ---- the data ----------------------------------------------------------------------------------- */

static void put_sample(fh_writer *w, ptrdiff_t points, int64_t i)
{
  double *a = NULL, *u = NULL;
  a = fh_calloc(IN * points, sizeof *a);
  u = fh_calloc(OUT * points, sizeof *u);
  expect(a && u, "memory");
  for (ptrdiff_t k = 0; k < IN * points; k++) a[k] = sin(0.37 * (double)k + (double)i);
  for (ptrdiff_t k = 0; k < OUT * points; k++) u[k] = cos(0.11 * (double)(k % 1000) - (double)i);
  const double *fields[2] = {a, u};
  const fh_sample_record record = {.index = i, .valid = true};
  MUST(fh_writer_put(w, fields, &record));
  fh_free(a);
  fh_free(u);
}

static void make_set(const predict_case *c, const char *path)
{
  int rank = 0;
  fh_writer *w = NULL;
  fh_writer_info info = {
      .problem = "made_up", .config = "none: 0\n", .samples = N, .seed = 5, .n_fields = 2};
  MUST(fh_grid_box(c->dim, c->n, FH_PERIODIC, FH_NODE, &info.grid));
  info.fields[0] = (fh_writer_field){{"a", "1", "input", IN}, false};
  info.fields[1] = (fh_writer_field){{"u", "1", "output", OUT}, true};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MUST(fh_writer_create(MPI_COMM_WORLD, path, &info, FH_OVERWRITE, &w));
  for (int64_t i = 0; rank == 0 && i < N; i++) put_sample(w, fh_grid_size(&info.grid), i);
  MUST(fh_writer_finish(w));
  fh_writer_destroy(&w);
}

static fh_dataset *open_set(const char *path)
{
  const fh_dataset_choice choice = {.boundary = FH_PERIODIC};
  fh_dataset *d = NULL;
  MUST(fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d));
  return d;
}

/* ---- the model ---------------------------------------------------------------------------------- */

typedef struct {
  fh_model_spec spec;
  fh_normaliser *in, *out;
} model;

static void make_model(const predict_case *c, fh_dataset *d, model *m)
{
  const fh_model_class *class = NULL;
  MUST(fh_model_class_find("mg-tfno", &class));
  MUST(fh_model_spec_create(class, IN, OUT, &m->spec));
  MUST(fh_config_set(class->fields, m->spec.config, "n_modes", "4"));
  MUST(fh_config_set(class->fields, m->spec.config, "hidden_channels", "3"));
  MUST(fh_config_set(class->fields, m->spec.config, "n_layers", "1"));
  MUST(fh_config_set(class->fields, m->spec.config, "lifting_channel_ratio", "1"));
  MUST(fh_config_set(class->fields, m->spec.config, "projection_channel_ratio", "1"));
  for (int i = 0; i < 6 && c->options[i][0]; i++)
    MUST(fh_config_set(class->fields, m->spec.config, c->options[i][0], c->options[i][1]));
  MUST(fh_source_fit(MPI_COMM_WORLD, d, c->in, c->out, 1e-5, &m->in, &m->out));
}

static fh_operator *build(const model *m, const fh_team *team, const fh_dataset *d,
                          ptrdiff_t at_once)
{
  fh_operator *op = NULL;
  MUST(fh_operator_create_from(&m->spec, m->in, m->out, team, fh_dataset_grid(d), 1, at_once, &op));
  fh_program_init(fh_operator_program(op), 5);
  return op;
}

static void clear_model(model *m)
{
  fh_model_spec_clear(&m->spec);
  fh_normaliser_destroy(&m->in);
  fh_normaliser_destroy(&m->out);
}

/* ---- whole fields ------------------------------------------------------------------------------- */

static void predict_whole(const fh_team *team, const fh_team *alone, const predict_case *c,
                          const model *m, fh_dataset *d, const char *path)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(d));
  fh_operator *op = build(m, alone, d, 0);
  fh_prediction *file = NULL;
  fh_real *x = fh_calloc((IN + 2 * OUT) * points, sizeof *x), *y = x + IN * points;
  expect(x, "memory");
  MUST(
      fh_prediction_create(team->world, path, d, N, c->truth, "how: whole\n", FH_OVERWRITE, &file));
  for (int64_t i = team->rank; i < N; i += team->size) {
    MUST(fh_dataset_read(d, 1, &i, x, y));
    MUST(fh_operator_apply(op, 1, x, y + OUT * points));
    MUST(fh_prediction_put(file, i, x, c->truth ? y : NULL, y + OUT * points, 0));
  }
  MUST(fh_prediction_finish(file));
  fh_prediction_destroy(&file);
  fh_operator_destroy(&op);
  fh_free(x);
}

/* ---- comparison --------------------------------------------------------------------------------- */

/* the values as they are stored: reading verifies the checksums */
static void same_fields(const predict_case *c, const char *path, const char *want)
{
  fh_dataset *a = open_set(path), *b = open_set(want);
  const ptrdiff_t nx = fh_dataset_in_channels(b) * fh_grid_size(fh_dataset_grid(b)),
                  ny = fh_dataset_out_channels(b) * fh_grid_size(fh_dataset_grid(b));
  fh_real *x = fh_calloc(2 * (nx + ny), sizeof *x), *y = x + nx + ny;
  expect(fh_dataset_in_channels(a) == IN, "inputs in the file");
  expect(fh_dataset_out_channels(a) == (c->truth ? 2 : 1) * OUT, "outputs in the file");
  for (int64_t i = 0; i < N; i++) {
    MUST(fh_dataset_read(a, 1, &i, x, x + nx));
    MUST(fh_dataset_read(b, 1, &i, y, y + nx));
    expect(!memcmp(x, y, (size_t)(nx + ny) * sizeof *x), c->name);
    fh_sample_record r[2];
    MUST(fh_dataset_records(a, i, 1, &r[0]));
    MUST(fh_dataset_records(b, i, 1, &r[1]));
    expect(r[0].index == i && r[0].seed == r[1].seed && r[0].valid && r[0].seconds > 0, "records");
  }
  fh_free(x);
  fh_dataset_close(&a);
  fh_dataset_close(&b);
}

static void same_statistics(const char *folder)
{
  char path[2][300];
  size_t size[2];
  snprintf(path[0], sizeof path[0], "%s/p.stats.yaml", folder);
  snprintf(path[1], sizeof path[1], "%s/whole.stats.yaml", folder);
  char *text[2] = {file_load(path[0], &size[0]), file_load(path[1], &size[1])};
  expect(size[0] == size[1] && !memcmp(text[0], text[1], size[0]), "statistics");
  free(text[0]);
  free(text[1]);
}

/* ---- in runs ------------------------------------------------------------------------------------ */

static void predict_streamed(const predict_case *c, const model *m, fh_dataset *d,
                             const char *folder, int shared, ptrdiff_t at_once)
{
  char path[300], want[300];
  fh_team *team = NULL;
  snprintf(path, sizeof path, "%s/p.h5", folder);
  snprintf(want, sizeof want, "%s/whole.h5", folder);
  const fh_patches_call call = {path, "how: in runs\n", FH_OVERWRITE, N, c->truth};
  MUST(fh_team_create(MPI_COMM_WORLD, shared, 1, &team));
  fh_operator *op = build(m, team, d, at_once);
  MUST(fh_predict_patches(team, &call, op, d));
  same_fields(c, path, want);
  same_statistics(folder);
  MPI_Barrier(MPI_COMM_WORLD);
  fh_operator_destroy(&op);
  fh_team_destroy(&team);
}

static void left_alone(const char *folder, const char *name)
{
  char path[320];
  struct stat info;
  MPI_Barrier(MPI_COMM_WORLD); /* rank 0 removes it */
  snprintf(path, sizeof path, "%s/%s", folder, name);
  expect(stat(path, &info) != 0, "nothing under the final name");
  snprintf(path, sizeof path, "%s/%s.part", folder, name);
  expect(stat(path, &info) != 0, "nothing beside it");
}

/* predictions that are not finite, and a set that is damaged in its last sample's truth */
static void failures_leave_nothing(const predict_case *c, const model *m, const fh_team *team,
                                   const char *set, const char *folder)
{
  char path[300];
  size_t size = 0;
  fh_dataset *d = open_set(set);
  fh_operator *op = build(m, team, d, 1);
  fh_program *program = fh_operator_program(op);
  snprintf(path, sizeof path, "%s/bad.h5", folder);
  const fh_patches_call call = {path, "how: in vain\n", FH_REFUSE_EXISTING, N, true};
  for (ptrdiff_t i = 0; i < fh_program_param_size(program); i++)
    fh_program_values(program)[i] = (fh_real)1e30;
  refused(fh_predict_patches(team, &call, op, d), FH_ERR_NUMERIC, "cannot be stored as float32");
  left_alone(folder, "bad.h5");
  fh_operator_destroy(&op);
  fh_dataset_close(&d);
  MPI_Barrier(MPI_COMM_WORLD);
  if (team->rank == 0) {
    char *bytes = file_load(set, &size);
    bytes[size - size / 8] ^= 1; /* of the second output, which is the last of four fields */
    file_store(set, bytes, size);
    free(bytes);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  d = open_set(set);
  op = build(m, team, d, 1);
  refused(fh_predict_patches(team, &call, op, d), FH_ERR_FORMAT, "is damaged: its checksum is");
  left_alone(folder, "bad.h5");
  expect(c->truth, "the truth is read");
  fh_operator_destroy(&op);
  fh_dataset_close(&d);
}

static void run(const predict_case *c, const fh_team *team, const fh_team *alone,
                const char *folder)
{
  char set[300], whole[300];
  snprintf(set, sizeof set, "%s/set.h5", folder);
  snprintf(whole, sizeof whole, "%s/whole.h5", folder);
  make_set(c, set);
  fh_dataset *d = open_set(set);
  model m = {.in = NULL};
  make_model(c, d, &m);
  predict_whole(team, alone, c, &m, d, whole);
  const bool large = fh_grid_size(fh_dataset_grid(d)) > 10000;
  for (int shared = large ? team->size : 1; shared <= team->size; shared *= 2) {
    predict_streamed(c, &m, d, folder, shared, 1);
    if (large) continue; /* files of many MB */
    predict_streamed(c, &m, d, folder, shared, 2);
    predict_streamed(c, &m, d, folder, shared, 1000);
  }
  fh_dataset_close(&d);
  if (c->dim == 2 && c->n[0] > 100) failures_leave_nothing(c, &m, team, set, folder);
  clear_model(&m);
  MPI_Barrier(MPI_COMM_WORLD);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  char folder[256];
  fh_team *team = NULL, *alone = NULL;
  MUST(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  MUST(fh_team_create(MPI_COMM_SELF, 1, 1, &alone));
  scratch_make(folder);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) run(&cases[i], team, alone, folder);
  scratch_remove(folder);
  fh_team_destroy(&team);
  fh_team_destroy(&alone);
  return finish("predictions patch by patch: the file of whole fields");
}
