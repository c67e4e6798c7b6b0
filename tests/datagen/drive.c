/* drive OUT SAMPLES KILL_AFTER RESUME: makes a set; its last rank kills itself with SIGKILL when it is
   asked for the KILL_AFTER-th time whether to stop (0: never). drive compare A B: are they equal? */
#include <signal.h>

#include "common.h"

static int polls_left;

static int die(void *context)
{
  (void)context;
  if (polls_left > 0 && --polls_left == 0) raise(SIGKILL);
  return 0;
}

static int make(char **argv)
{
  int rank = 0, size = 1;
  fh_generate_config c = defaults();
  fh_generate_summary summary;
  const fh_stop stop = {.poll = die};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  set(&c, "out", argv[1]);
  set(&c, "n", argv[2]);
  set(&c, "resume", argv[4]);
  set(&c, "size", "32");
  polls_left = rank == size - 1 ? atoi(argv[3]) : 0;
  EXPECT_OK(fh_generate_run(MPI_COMM_WORLD, &c, NULL, &stop, &summary));
  if (rank == 0) printf("%td there, %td made\n", summary.resumed, summary.samples);
  return 0;
}

static fh_real *read_all(const char *path, ptrdiff_t *size)
{
  const fh_dataset_choice choice = {.inputs = ""};
  fh_dataset *d = NULL;
  EXPECT_OK(fh_dataset_open(MPI_COMM_WORLD, path, &choice, &d));
  const ptrdiff_t n = fh_dataset_samples(d), points = fh_grid_size(fh_dataset_grid(d));
  fh_real *v = calloc((size_t)(2 * n * points), sizeof *v);
  for (int64_t i = 0; i < n; i++)
    EXPECT_OK(fh_dataset_read(d, 1, &i, v + 2 * i * points, v + (2 * i + 1) * points));
  *size = 2 * n * points;
  fh_dataset_close(&d);
  return v;
}

static int compare(char **argv)
{
  ptrdiff_t na = 0, nb = 0;
  fh_real *a = read_all(argv[2], &na), *b = read_all(argv[3], &nb);
  EXPECT(na == nb && na > 0 && memcmp(a, b, (size_t)na * sizeof *a) == 0, "%s and %s differ",
         argv[2], argv[3]);
  free(a), free(b);
  return 0;
}

int main(int argc, char **argv)
{
  if (argc < 4) return 64;
  int none = 1;
  char **name = argv;
  EXPECT(!PetscInitialize(&none, &name, NULL, NULL), "PETSc");
  const int code = strcmp(argv[1], "compare") == 0 ? compare(argv) : make(argv);
  EXPECT(!PetscFinalize(), "PETSc");
  return code;
}
