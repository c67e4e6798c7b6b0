#include "app/data.h"

#include <stddef.h>
#include <string.h>

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

fh_status fh_data_open(MPI_Comm comm, const char *path, const fh_data_config *config,
                       fh_dataset **dataset)
{
  fh_dataset_choice choice = {.boundary = (fh_boundary)config->boundary,
                              .skip_invalid = config->skip_invalid};
  *dataset = NULL;
  FH_TRY(copy_names("inputs", config->inputs, choice.inputs, sizeof choice.inputs));
  FH_TRY(copy_names("outputs", config->outputs, choice.outputs, sizeof choice.outputs));
  FH_TRY(fh_dataset_open(comm, path, &choice, dataset));
  if (fh_dataset_samples(*dataset) > 0) return FH_OK;
  fh_dataset_close(dataset);
  FH_RAISE(FH_ERR_USAGE, "%s holds no samples", path);
}

fh_status fh_require(const char *name, const char *text)
{
  FH_CHECK(text[0], FH_ERR_USAGE, "option -%s is missing (see -help)", name);
  return FH_OK;
}
