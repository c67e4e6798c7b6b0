#include "app/data.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const pairs[] = {"no", "yes", "auto", NULL};
static const char *const boundaries[] = {"periodic", "dirichlet", "neumann", "open", NULL};

#define AT(member) offsetof(fh_data_config, member)
const fh_field fh_data_fields[] = {
    {"inputs", FH_FIELD_TEXT, AT(inputs), "", 0, 0, NULL,
     "data sets that are the input, separated by commas (default: the file says, or x)"},
    {"outputs", FH_FIELD_TEXT, AT(outputs), "", 0, 0, NULL,
     "data sets that are the output, separated by commas (default: the file says, or y)"},
    {"boundary", FH_FIELD_ENUM, AT(boundary), "open", 0, 0, boundaries,
     "kind of the sides of the domain, for files that do not state it"},
    {"skip_invalid", FH_FIELD_BOOL, AT(skip_invalid), "false", 0, 0, NULL,
     "leave out the samples that generate could not solve (else they are an error)"},
    {"pairs", FH_FIELD_ENUM, AT(pairs), "auto", 0, 0, pairs,
     "cut trajectories into one-step pairs: frames up to t are the input, frame t + stride is the "
     "target; auto: sets of The Well's layout with more than one frame"},
    {"input_frames", FH_FIELD_INT, AT(history), "0", 0, 1e6, NULL,
     "pairs: frames of the input; 0: the model's, or 1"},
    {"stride", FH_FIELD_INT, AT(stride), "0", 0, 1e6, NULL,
     "pairs: stored frames of one time step of the model; 0: the model's, or 1"},
    {"frames", FH_FIELD_TEXT, AT(frames), "", 0, 0, NULL,
     "pairs: use these frames of each trajectory only: n (the first n), first:last (counted from "
     "0, "
     "both used), first: (to the end)"},
    FH_FIELDS_END};
#undef AT

static fh_status copy_names(const char *option, const char *from, char *to, size_t bytes)
{
  FH_CHECK(strlen(from) < bytes, FH_ERR_USAGE,
           "option -%s has %zu characters but may have at most %zu", option, strlen(from),
           bytes - 1);
  memcpy(to, from, strlen(from) + 1);
  return FH_OK;
}

static bool read_count(const char *text, const char **end, ptrdiff_t *value)
{
  char *rest = NULL;
  if (*text < '0' || *text > '9') return false;
  errno = 0;
  const long long n = strtoll(text, &rest, 10);
  *end = rest;
  *value = (ptrdiff_t)n;
  return errno == 0 && n < 1LL << 60;
}

fh_status fh_data_range(const char *option, const char *text, fh_range *range)
{
  const char *end = text;
  ptrdiff_t first = 0, last = 0;
  *range = (fh_range){0, 0};
  if (!text[0]) return FH_OK;
  bool good = read_count(text, &end, &first);
  if (good && *end == '\0') {
    *range = (fh_range){0, first};
    good = first > 0;
  } else if (good && *end == ':' && end[1] == '\0') {
    *range = (fh_range){first, 0};
  } else {
    good = good && *end == ':' && read_count(end + 1, &end, &last) && *end == '\0' && last >= first;
    *range = (fh_range){first, last - first + 1};
  }
  FH_CHECK(good, FH_ERR_USAGE,
           "option -%s is '%.80s': write n for the first n, first:last (counted from 0, both used) "
           "or first: for all from there on",
           option, text);
  return FH_OK;
}

fh_status fh_data_follow(fh_data_config *c, const fh_time_step *time)
{
  if (time->history == 0) return FH_OK;
  FH_CHECK((c->history == 0 || c->history == time->history) &&
               (c->stride == 0 || c->stride == time->stride) && c->pairs != FH_PAIRS_NO,
           FH_ERR_USAGE,
           "the model is a time step from %td frame%s over %td: options -pairs, -input_frames and "
           "-stride "
           "cannot say something else",
           time->history, time->history == 1 ? "" : "s", time->stride);
  c->pairs = FH_PAIRS_YES;
  c->history = time->history;
  c->stride = time->stride;
  return FH_OK;
}

fh_status fh_data_open(MPI_Comm comm, const char *path, const char *samples,
                       const fh_data_config *config, fh_dataset **dataset)
{
  fh_dataset_choice choice = {.boundary = (fh_boundary)config->boundary,
                              .skip_invalid = config->skip_invalid,
                              .pairs = config->pairs,
                              .history = config->history,
                              .stride = config->stride};
  *dataset = NULL;
  FH_TRY(copy_names("inputs", config->inputs, choice.inputs, sizeof choice.inputs));
  FH_TRY(copy_names("outputs", config->outputs, choice.outputs, sizeof choice.outputs));
  FH_TRY(fh_data_range("frames", config->frames, &choice.frames));
  FH_TRY(fh_data_range("samples", samples, &choice.samples));
  FH_TRY(fh_dataset_open(comm, path, &choice, dataset));
  if (fh_dataset_samples(*dataset) > 0) return FH_OK;
  fh_dataset_close(dataset);
  FH_RAISE(FH_ERR_USAGE, "%s holds no samples", path);
}

fh_status fh_data_open_for(MPI_Comm comm, const fh_time_step *time, const char *path,
                           const char *samples, const fh_data_config *config, fh_dataset **dataset)
{
  fh_data_config data = *config;
  *dataset = NULL;
  FH_TRY(fh_data_follow(&data, time));
  return fh_data_open(comm, path, samples, &data, dataset);
}

ptrdiff_t fh_data_parts(const fh_dataset *dataset)
{
  const fh_dataset_time *t = fh_dataset_pairs(dataset);
  return t ? t->pairs : 1;
}

fh_status fh_require(const char *name, const char *text)
{
  FH_CHECK(text[0], FH_ERR_USAGE, "option -%s is missing (see -help)", name);
  return FH_OK;
}
