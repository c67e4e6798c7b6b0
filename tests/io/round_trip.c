/* Sets written on all ranks are read on 1, 2, ... ranks: every value, record and text comes back. */
#include <sys/stat.h>

#include "io/dataset.h"
#include "sample_set.h"
#include "scratch.h"

enum { SAMPLES = 23 };

static void write_set(MPI_Comm comm, const char *path, const fh_writer_info *info)
{
  fh_writer *w = NULL;
  EXPECT_OK(fh_writer_create(comm, path, info, FH_REFUSE_EXISTING, &w));
  EXPECT_OK(set_put_missing(comm, w, info));
  EXPECT_OK(fh_writer_finish(w));
  fh_writer_destroy(&w);
}

static void check_sample(fh_dataset *d, const fh_writer_info *info, int64_t sample)
{
  const ptrdiff_t points = fh_grid_size(&info->grid);
  const int channels[2] = {info->fields[0].info.channels, info->fields[1].info.channels};
  fh_real *values[2];
  for (int f = 0; f < 2; f++) values[f] = calloc((size_t)(channels[f] * points), sizeof(fh_real));
  EXPECT_OK(fh_dataset_read(d, 1, &sample, values[0], values[1]));
  for (int f = 0; f < 2; f++)
    for (int c = 0; c < channels[f]; c++)
      for (ptrdiff_t i = 0; i < points; i++) {
        const fh_real is = values[f][c * points + i];
        EXPECT(is == (fh_real)set_value(sample, f, c, i), "sample %d field %d channel %d point %d",
               (int)sample, f, c, (int)i);
      }
  for (int f = 0; f < 2; f++) free(values[f]);
}

static void check_description(const fh_dataset *d, const fh_writer_info *info)
{
  const fh_grid *g = fh_dataset_grid(d);
  EXPECT(fh_dataset_samples(d) == SAMPLES, "%td samples", fh_dataset_samples(d));
  EXPECT(fh_grid_same_size(g, &info->grid) && g->points == FH_CELL, "another grid");
  for (int a = 0; a < g->dim; a++)
    EXPECT(g->length[a] == info->grid.length[a] && g->side[a][0] == FH_DIRICHLET &&
               g->side[a][1] == FH_DIRICHLET,
           "axis %d: length %g", a, g->length[a]);
  EXPECT(fh_dataset_in_channels(d) == info->fields[0].info.channels &&
             fh_dataset_out_channels(d) == info->fields[1].info.channels,
         "other channels");
  EXPECT(strcmp(fh_dataset_input(d, 0)->unit, "m^2") == 0 &&
             strcmp(fh_dataset_output(d, 0)->long_name, "pressure") == 0,
         "other words");
  EXPECT(strcmp(fh_dataset_config(d), info->config) == 0, "config: %s", fh_dataset_config(d));
  EXPECT(strcmp(fh_dataset_problem(d), "made_up") == 0 && fh_dataset_seed(d) == info->seed,
         "another problem or seed");
}

static void check_records(fh_dataset *d)
{
  fh_sample_record found[SAMPLES];
  EXPECT_OK(fh_dataset_records(d, 0, SAMPLES, found));
  EXPECT_OK(fh_dataset_records(d, 3, 2, found + 3));
  for (int i = 0; i < SAMPLES; i++) {
    const fh_sample_record is = found[i], should = set_record(i);
    EXPECT(is.index == should.index && is.seed == should.seed &&
               is.iterations == should.iterations && is.rung == should.rung &&
               is.strategy == should.strategy && is.residual == should.residual &&
               is.seconds == should.seconds && is.valid,
           "record %d", i);
  }
}

/* the first m ranks read, each its own samples and the whole description */
static void read_set(const char *path, const fh_writer_info *info, int m)
{
  int rank = 0;
  MPI_Comm comm = MPI_COMM_NULL;
  const fh_dataset_choice choice = {.boundary = FH_PERIODIC};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_split(MPI_COMM_WORLD, rank < m ? 0 : MPI_UNDEFINED, rank, &comm);
  if (comm == MPI_COMM_NULL) return;
  fh_dataset *d = NULL;
  EXPECT_OK(fh_dataset_open(comm, path, &choice, &d));
  check_description(d, info);
  check_records(d);
  for (int64_t i = rank; i < SAMPLES; i += m) check_sample(d, info, i);
  const int64_t outside = SAMPLES;
  EXPECT_FAILS(FH_ERR_ARG, "23", fh_dataset_read(d, 1, &outside, NULL, NULL));
  fh_dataset_close(&d);
  EXPECT(!d, "close sets the pointer to NULL");
  MPI_Comm_free(&comm);
}

static void check_companions(const char *folder, const char *name)
{
  static const char *const endings[] = {".xdmf", ".stats.yaml"};
  char path[512];
  struct stat info;
  for (int i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s%s", folder, name, endings[i]);
    EXPECT(stat(path, &info) == 0 && info.st_size > 100, "%s is missing", path);
  }
  snprintf(path, sizeof path, "%s/%s.h5.part", folder, name);
  EXPECT(stat(path, &info) != 0, "%s is still there", path);
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  int rank = 0, size = 1;
  char folder[256], path[512], name[64];
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  scratch_make(folder);
  for (int dim = 1; dim <= 3; dim++)
    for (int channels = 1; channels <= 3; channels += 2) {
      const fh_writer_info info = set_info(SAMPLES, dim, channels, 4 - channels);
      snprintf(name, sizeof name, "set%d%d", dim, channels);
      snprintf(path, sizeof path, "%s/%s.h5", folder, name);
      write_set(MPI_COMM_WORLD, path, &info);
      check_companions(folder, name);
      for (int m = 1; m <= size; m++) read_set(path, &info, m);
    }
  scratch_remove(folder);
  if (rank == 0) printf("sets written on %d ranks come back on 1 to %d ranks\n", size, size);
  MPI_Finalize();
  return 0;
}
