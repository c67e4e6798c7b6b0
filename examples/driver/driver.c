/* driver - the whole job in one program: generate a Darcy set with PETSc, train an FNO on it, measure
 * it on samples that it has not seen.
 *
 *   mpirun -n 2 driver FOLDER [PETSc's solver options, such as -ksp_type cg -pc_type icc]
 */
#include <stdio.h>
#include <sys/stat.h>

#include <petscsys.h>

#include <fredholm.h>

#include "datagen/generate.h"

static fh_status generate(MPI_Comm comm, ptrdiff_t samples, ptrdiff_t seed, const char *path)
{
  const fh_field *darcy = NULL;
  fh_generate_config config;
  FH_TRY(fh_generate_prepare("darcy", "", &config, &darcy));
  FH_TRY(fh_config_set(darcy, config.problem_config, "coefficient", "two_phase"));
  config.samples = samples;
  config.seed = seed;
  config.size = (fh_int_list){.count = 1, .value = {24}};
  config.overwrite = true;
  snprintf(config.out, sizeof config.out, "%s", path);
  return fh_generate_run(comm, &config, NULL, NULL, NULL);
}

static fh_status configure(fh_train_setup *s)
{
  const fh_model_class *fno = NULL;
  FH_TRY(fh_model_class_find("fno", &fno));
  FH_TRY(fh_model_spec_create(fno, 1, 1, &s->spec));
  FH_TRY(fh_config_set(fno->fields, s->spec.config, "n_modes", "8,8"));
  FH_TRY(fh_config_set(fno->fields, s->spec.config, "hidden_channels", "12"));
  FH_TRY(fh_config_defaults(fh_train_fields, &s->train));
  FH_TRY(fh_config_defaults(fh_loss_fields, &s->loss));
  FH_TRY(fh_config_defaults(fh_optimiser_fields, &s->optimiser));
  FH_TRY(fh_config_defaults(fh_schedule_fields, &s->schedule));
  s->train.epochs = 12;
  s->train.batch = 8;
  s->schedule.rate = 1e-2;
  s->schedule.kind = FH_SCHEDULE_COSINE;
  s->loss.periodic = false;
  return FH_OK;
}

/* called on all ranks after every epoch */
static void tell(void *context, const fh_train_epoch *e)
{
  const fh_team *team = context;
  if (team->rank || !e->evaluated) return;
  printf("epoch %td: loss %.4f, relative L2 error on the test set %.4f\n", e->epoch, e->loss,
         fh_metrics_find(e->tests[0].metrics, "rel_l2")->value);
}

static fh_status job(fh_team *team, const char *folder)
{
  char train_path[4096], test_path[4096];
  fh_train_setup setup = {0};
  fh_dataset *train = NULL, *test = NULL;
  const fh_dataset_choice choice = {.boundary = FH_DIRICHLET};
  const fh_train_hooks hooks = {.context = team, .epoch = tell};
  snprintf(train_path, sizeof train_path, "%s/train.h5", folder);
  snprintf(test_path, sizeof test_path, "%s/test.h5", folder);
  FH_TRY(generate(team->world, 300, 1, train_path));
  FH_TRY(generate(team->world, 40, 2, test_path));
  FH_TRY(fh_dataset_open(team->world, train_path, &choice, &train));
  FH_TRY(fh_dataset_open(team->world, test_path, &choice, &test));
  FH_TRY(configure(&setup));
  FH_TRY(fh_train_run(team, &setup, train, 1, &test, folder, false, &hooks));
  fh_model_spec_clear(&setup.spec);
  fh_dataset_close(&train);
  fh_dataset_close(&test);
  return FH_OK;
}

static fh_status run(const char *folder)
{
  fh_team *team = NULL;
  FH_CHECK(folder, FH_ERR_USAGE, "usage: driver FOLDER");
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  if (team->rank == 0) mkdir(folder, 0777);
  MPI_Barrier(team->world);
  const fh_status st = job(team, folder);
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
  const fh_status st = run(argc > 1 ? argv[1] : NULL);
  if (st != FH_OK) fh_status_print(stderr);
  PetscFinalize();
  MPI_Finalize();
  return fh_status_exit(st);
}
