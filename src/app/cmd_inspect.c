/* fredholm inspect: what a file is and holds */
#include <string.h>

#include "app/command.h"
#include "app/inspect.h"

typedef struct {
  fh_inspect_config how;
  fh_data_config data;
} inspect_config;

#define AT(member) offsetof(fh_inspect_config, member)
static const fh_field fields[] = {
    {"statistics", FH_FIELD_BOOL, AT(statistics), "true", 0, 0, NULL,
     "data sets: range, mean and deviation of every channel (reads all samples)"},
    {"steps", FH_FIELD_BOOL, AT(steps), "true", 0, 0, NULL,
     "models: the steps of the program with shapes, memory and flops"},
    {"mgno_layer", FH_FIELD_INT, AT(cycle), "-1", -1, 1000, NULL,
     "models mgno: only the V-cycle of this layer (from 0), as an operator without biases and "
     "norms: "
     "norm, transpose, waves, reach, stencils"},
    FH_FIELDS_END};
#undef AT

static fh_status declare(fh_options *o, void *config)
{
  inspect_config *c = config;
  FH_TRY(fh_options_add(o, FH_GROUP_CALL, "output", fields, c ? &c->how : NULL));
  return fh_options_add(o, FH_GROUP_CALL, "data", fh_data_fields, c ? &c->data : NULL);
}

static fh_status inspect_data(const char *path, const inspect_config *c)
{
  fh_dataset *d = NULL;
  FH_TRY(fh_data_open(MPI_COMM_SELF, path, "", &c->data, &d));
  const fh_status st = fh_inspect_dataset(stdout, d, &c->how);
  fh_dataset_close(&d);
  return st;
}

static fh_status inspect(const char *path, const inspect_config *c)
{
  char kind[32];
  FH_TRY(fh_bundle_kind(path, kind));
  if (!strcmp(kind, "model")) return fh_inspect_model(stdout, path, &c->how);
  if (!strcmp(kind, "checkpoint")) return fh_inspect_checkpoint(stdout, path);
  FH_CHECK(!kind[0], FH_ERR_UNSUPPORTED,
           "%s is a %s file, which this version of fredholm does not know", path, kind);
  return inspect_data(path, c);
}

static fh_status run_inspect(fh_run *run, void *config)
{
  return fh_status_agree(run->comm, run->rank ? FH_OK : inspect(run->file, config));
}

const fh_command fh_command_inspect = {
    .name = "inspect",
    .arguments = "FILE",
    .help = "tell what a file (data set, model, checkpoint) is and holds",
    .takes_file = true,
    .config_bytes = sizeof(inspect_config),
    .declare = declare,
    .run = run_inspect};
