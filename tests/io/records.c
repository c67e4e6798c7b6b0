/* The small writers: JSON lines that survive a kill, YAML that comes back as it went, atomic files,
 * prediction sets, and what they all do when the disk is full. */
#include <cJSON.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/atomic.h"
#include "io/bundle.h"
#include "io/json_lines.h"
#include "io/prediction.h"
#include "io/yaml.h"
#include "sample_set.h"
#include "scratch.h"

static void expect_file(const char *path, const char *content)
{
  size_t size = 0;
  char *bytes = file_load(path, &size);
  EXPECT(size == strlen(content) && memcmp(bytes, content, size) == 0, "%s holds: %.*s", path,
         (int)size, bytes);
  free(bytes);
}

static void append(fh_json_lines *log, int epoch, double loss)
{
  cJSON *line = cJSON_CreateObject();
  cJSON_AddNumberToObject(line, "epoch", epoch);
  cJSON_AddNumberToObject(line, "loss", loss);
  EXPECT_OK(fh_json_lines_append(log, line));
  cJSON_Delete(line);
}

static void check_json_lines(const char *folder)
{
  char path[512];
  fh_json_lines *log = NULL;
  const char torn[] = "{\"epoch\":1,\"loss\":0.5}\n{\"epoch\":2,\"lo";
  snprintf(path, sizeof path, "%s/log.jsonl", folder);
  EXPECT_OK(fh_json_lines_open(path, false, &log));
  append(log, 1, 0.5);
  append(log, 2, 0.1);
  expect_file(path, "{\"epoch\":1,\"loss\":0.5}\n{\"epoch\":2,\"loss\":0.1}\n"); /* before close */
  fh_json_lines_close(&log);
  file_store(path, torn, sizeof torn - 1);
  EXPECT_OK(fh_json_lines_open(path, true, &log));
  append(log, 2, 0.25);
  fh_json_lines_close(&log);
  expect_file(path, "{\"epoch\":1,\"loss\":0.5}\n{\"epoch\":2,\"loss\":0.25}\n");
  EXPECT_OK(fh_json_lines_open(path, false, &log));
  fh_json_lines_close(&log);
  expect_file(path, "");
  EXPECT_FAILS(FH_ERR_IO, "No such file", fh_json_lines_open("/nonexistent/l", true, &log));
}

/* ---- YAML --------------------------------------------------------------------------------------- */

typedef struct {
  ptrdiff_t modes;
  double rate;
  bool fast;
  fh_int_list sizes;
  char name[FH_TEXT_MAX], empty[FH_TEXT_MAX];
} settings;

static const fh_field fields[] = {
    {"modes", FH_FIELD_INT, offsetof(settings, modes), "12", 0, 0, NULL, "modes"},
    {"rate", FH_FIELD_REAL, offsetof(settings, rate), "0.1", 0, 0, NULL, "rate"},
    {"fast", FH_FIELD_BOOL, offsetof(settings, fast), "true", 0, 0, NULL, "fast"},
    {"sizes", FH_FIELD_INTS, offsetof(settings, sizes), "12,-3", 0, 0, NULL, "sizes"},
    {"name", FH_FIELD_TEXT, offsetof(settings, name), "a: \"b\" # c", 0, 0, NULL, "name"},
    {"empty", FH_FIELD_TEXT, offsetof(settings, empty), "", 0, 0, NULL, "empty"},
    FH_FIELDS_END};

static void check_yaml(void)
{
  settings s;
  fh_text yaml = {0};
  EXPECT_OK(fh_config_defaults(fields, &s));
  EXPECT_OK(fh_yaml_section(&yaml, "settings", fields, &s));
  EXPECT_OK(fh_yaml_entry(&yaml, "path", "/data/set-1.h5"));
  EXPECT_OK(fh_yaml_entry(&yaml, "tab", "a\tb\\"));
  EXPECT(strcmp(yaml.data, "# settings\nmodes: 12\nrate: 0.1\nfast: true\nsizes: 12,-3\n"
                           "name: \"a: \\\"b\\\" # c\"\nempty: \"\"\npath: /data/set-1.h5\n"
                           "tab: \"a\\x09b\\\\\"\n") == 0,
         "%s", yaml.data);
  fh_text_clear(&yaml);
}

static void check_atomic(const char *folder)
{
  char path[512], *text = NULL;
  snprintf(path, sizeof path, "%s/a.txt", folder);
  EXPECT_OK(fh_atomic_write_text(path, "first"));
  EXPECT_OK(fh_atomic_write_text(path, "second"));
  expect_file(path, "second");
  EXPECT_OK(fh_file_read_text(path, 6, &text));
  EXPECT(strcmp(text, "second") == 0, "%s", text);
  fh_free(text);
  EXPECT_FAILS(FH_ERR_FORMAT, "6 bytes, more than the 5", fh_file_read_text(path, 5, &text));
  EXPECT_FAILS(FH_ERR_IO, "No such file", fh_atomic_write_text("/nonexistent/a", ""));
}

/* ---- predictions -------------------------------------------------------------------------------- */

static void check_prediction(const char *folder)
{
  char path[512], predicted[512];
  const fh_writer_info info = set_info(4, 2, 1, 2);
  const fh_dataset_choice choice = {.boundary = FH_PERIODIC},
                          of_prediction = {.inputs = "a", .outputs = "u_pred"};
  fh_writer *w = NULL;
  fh_dataset *d = NULL;
  fh_prediction *p = NULL;
  fh_real x[30], y[60], z[60];
  snprintf(path, sizeof path, "%s/set.h5", folder);
  snprintf(predicted, sizeof predicted, "%s/predicted.h5", folder);
  EXPECT_OK(fh_writer_create(MPI_COMM_SELF, path, &info, FH_REFUSE_EXISTING, &w));
  EXPECT_OK(set_put_missing(MPI_COMM_SELF, w, &info));
  EXPECT_OK(fh_writer_finish(w));
  fh_writer_destroy(&w);
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, path, &choice, &d));
  EXPECT_OK(fh_prediction_create(MPI_COMM_SELF, predicted, d, 2, true, "model: m\n",
                                 FH_REFUSE_EXISTING, &p));
  for (int64_t k = 0; k < 2; k++) {
    const int64_t sample = k + 1;
    EXPECT_OK(fh_dataset_read(d, 1, &sample, x, y));
    for (int i = 0; i < 60; i++) z[i] = y[i] + 1;
    EXPECT_OK(fh_prediction_put(p, k, x, y, z, 0.125));
  }
  EXPECT_OK(fh_prediction_finish(p));
  fh_prediction_destroy(&p);
  fh_dataset_close(&d);
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, predicted, &choice, &d));
  EXPECT(fh_dataset_n_outputs(d) == 2 && fh_dataset_out_channels(d) == 4, "truth and prediction");
  fh_dataset_close(&d);
  EXPECT_OK(fh_dataset_open(MPI_COMM_SELF, predicted, &of_prediction, &d));
  EXPECT_OK(fh_dataset_read(d, 1, (int64_t[]){1}, x, z));
  for (int i = 0; i < 60; i++)
    EXPECT((double)z[i] == set_value(2, 1, i / 30, i % 30) + 1, "predicted %g", (double)z[i]);
  EXPECT(strcmp(fh_dataset_output(d, 0)->name, "u_pred") == 0 &&
             strcmp(fh_dataset_config(d), "model: m\n") == 0,
         "other words");
  fh_dataset_close(&d);
}

/* ---- a full disk, in a process of its own because the limit cannot be raised again --------------- */

static int limited(const char *folder)
{
  static const ptrdiff_t n = 50000;
  const struct rlimit limit = {30000, 30000};
  char model[512], text[512];
  fh_bundle *b = NULL;
  float *w = calloc((size_t)n, sizeof *w);
  snprintf(model, sizeof model, "%s/model.h5", folder);
  snprintf(text, sizeof text, "%s/kept.txt", folder);
  signal(SIGXFSZ, SIG_IGN);
  if (fh_atomic_write_text(text, "kept") != FH_OK) return 1;
  if (setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
  if (fh_bundle_create("model", 1, &b) != FH_OK) return 3;
  if (fh_bundle_add(b, "w", FH_F32, 1, &n, w) != FH_OK) return 4;
  if (fh_bundle_write(b, model) != FH_ERR_IO) return 5;
  if (access(model, F_OK) == 0) return 6;
  if (fh_atomic_write(text, w, 40000) != FH_ERR_IO) return 7;
  fh_json_lines *log = NULL;
  if (fh_json_lines_open(text, true, &log) != FH_OK) return 8; /* "kept" is no line: cut off */
  cJSON *line = cJSON_CreateObject();
  char *word = malloc(40001);
  memset(word, 'x', 40000);
  word[40000] = '\0';
  cJSON_AddStringToObject(line, "w", word);
  if (fh_json_lines_append(log, line) != FH_ERR_IO) return 9;
  fh_json_lines_close(&log);
  size_t size = 1;
  free(file_load(text, &size));
  return size == 0 ? 0 : 10;
}

static void check_full_disk(const char *folder)
{
  int status = 0;
  fflush(stdout);
  const pid_t child = fork();
  EXPECT(child >= 0, "no process");
  if (child == 0) _exit(limited(folder));
  EXPECT(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
         "step %d went wrong (%x)", WEXITSTATUS(status), (unsigned)status);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  char folder[256];
  scratch_make(folder);
  check_json_lines(folder);
  check_yaml();
  check_atomic(folder);
  check_prediction(folder);
  check_full_disk(folder);
  scratch_remove(folder);
  printf("JSON lines, YAML, atomic files, predictions, full disk: as they should be\n");
  MPI_Finalize();
  return 0;
}
