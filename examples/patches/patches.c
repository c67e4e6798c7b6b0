/* patches - trains an MG-TFNO whose patches are spread over ranks, through the C API: every rank reads
 * what its patches need of a sample, makes its box of the prediction and compares it there.
 *
 *   mpirun -n 4 patches DATA.h5 FOLDER RANKS_PER_SAMPLE
 *
 * RANKS_PER_SAMPLE ranks work on one sample; the others share the samples of a batch. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <fredholm.h>

static fh_status configure(const fh_dataset *data, fh_train_setup *s)
{
  static const char *const options[][2] = {{"levels", "1"},
                                           {"padding_fraction", "0.125"},
                                           {"outside", "reflect"},
                                           {"coordinates", "global"},
                                           {"n_modes", "8"},
                                           {"hidden_channels", "12"},
                                           {"factorization", "tucker"},
                                           {"rank", "0.2"}};
  const fh_model_class *class = NULL;
  FH_TRY(fh_model_class_find("mg-tfno", &class));
  FH_TRY(fh_model_spec_create(class, fh_dataset_in_channels(data), fh_dataset_out_channels(data),
                              &s->spec));
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    FH_TRY(fh_config_set(class->fields, s->spec.config, options[i][0], options[i][1]));
  FH_TRY(fh_config_defaults(fh_train_fields, &s->train));
  FH_TRY(fh_config_defaults(fh_loss_fields, &s->loss));
  FH_TRY(fh_config_defaults(fh_optimiser_fields, &s->optimiser));
  FH_TRY(fh_config_defaults(fh_schedule_fields, &s->schedule));
  s->train.epochs = 8;
  s->train.batch = 8;
  s->schedule.rate = 5e-3;
  s->loss.periodic = false;
  return FH_OK;
}

/* what each rank has of a sample */
static fh_status tell_parts(const fh_team *team, const fh_model_spec *spec, const fh_grid *grid)
{
  fh_model_part part;
  FH_TRY(fh_model_part_find(spec, team, grid, &part));
  const long mine[3] = {(long)part.count, (long)fh_selection_size(&part.in),
                        (long)fh_layout_size(&part.out)};
  long(*all)[3] = calloc((size_t)team->size, sizeof *all);
  fh_model_part_clear(&part);
  FH_CHECK(all, FH_ERR_MEMORY, "out of memory for %d ranks", team->size);
  MPI_Gather(mine, 3, MPI_LONG, all, 3, MPI_LONG, 0, team->world);
  for (int r = 0; team->rank == 0 && r < team->size; r++)
    printf("rank %d: %ld patches, reads %ld of %ld points, makes %ld\n", r, all[r][0], all[r][1],
           (long)fh_grid_size(grid), all[r][2]);
  free(all);
  return FH_OK;
}

/* called on all ranks after every epoch */
static void tell(void *context, const fh_train_epoch *e)
{
  const fh_team *team = context;
  if (team->rank == 0)
    printf("epoch %td: loss %.6f, relative L2 error %.6f\n", e->epoch, e->loss,
           fh_metrics_find(e->tests[0].metrics, "rel_l2")->value);
}

static fh_status job(fh_team *team, const char *path, const char *folder)
{
  fh_train_setup setup = {0};
  fh_dataset *data = NULL;
  const fh_dataset_choice choice = {.boundary = FH_DIRICHLET};
  const fh_train_hooks hooks = {.context = team, .epoch = tell};
  FH_TRY(fh_dataset_open(team->world, path, &choice, &data));
  FH_TRY(configure(data, &setup));
  FH_TRY(tell_parts(team, &setup.spec, fh_dataset_grid(data)));
  FH_TRY(fh_train_run(team, &setup, data, 1, &data, folder, false, &hooks));
  fh_model_spec_clear(&setup.spec);
  fh_dataset_close(&data);
  return FH_OK;
}

static fh_status run(int argc, char **argv)
{
  fh_team *team = NULL;
  FH_CHECK(argc == 4, FH_ERR_USAGE, "usage: patches DATA.h5 FOLDER RANKS_PER_SAMPLE");
  FH_TRY(fh_team_create(MPI_COMM_WORLD, (int)strtol(argv[3], NULL, 10), 1, &team));
  if (team->rank == 0) mkdir(argv[2], 0777);
  MPI_Barrier(team->world);
  const fh_status st = job(team, argv[1], argv[2]);
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run(argc, argv);
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Finalize();
  return fh_status_exit(st);
}
