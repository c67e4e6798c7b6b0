/* A program for the scripts here: writes (or resumes) the set of sample_set.h, and may be told to die.
 *   make_set FILE [samples N] [dim D] [inputs C] [outputs C] [existing 0|1|2] [die_us U] [die_rank R] [limit B]
 *            [mixed 1] [nan 1] [seed K] [steps T] (T recorded times from 0.5 on, 0.25 apart)
 * The exit code is that of the command. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "io/environment.h"
#include "sample_set.h"
#include "scratch.h"

typedef struct {
  const char *file;
  long samples, dim, inputs, outputs, existing, die_us, die_rank, limit, mixed, nan, seed, steps;
} wishes;

static bool set_wish(wishes *w, const char *name, const char *value)
{
  const struct {
    const char *name;
    long *value;
  } known[] = {{"samples", &w->samples},   {"dim", &w->dim},           {"inputs", &w->inputs},
               {"outputs", &w->outputs},   {"existing", &w->existing}, {"die_us", &w->die_us},
               {"die_rank", &w->die_rank}, {"limit", &w->limit},       {"mixed", &w->mixed},
               {"nan", &w->nan},           {"seed", &w->seed},         {"steps", &w->steps}};
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(known[i].name, name) == 0) {
      *known[i].value = strtol(value, NULL, 10);
      return true;
    }
  return false;
}

static void die(int signal_number)
{
  (void)signal_number;
  kill(getpid(), SIGKILL);
}

/* SIGKILL out of the blue, wherever the program then is */
static void die_after(long microseconds)
{
  const struct itimerval timer = {.it_value = {microseconds / 1000000, microseconds % 1000000}};
  signal(SIGALRM, die);
  setitimer(ITIMER_REAL, &timer, NULL);
}

static fh_status put_invalid(fh_writer *w, const fh_writer_info *info)
{
  const ptrdiff_t points = fh_grid_size(&info->grid);
  double *values = calloc((size_t)(64 * points * (info->time.steps + 1)), sizeof *values);
  const double *fields[2] = {values, values};
  const fh_sample_record record = {.index = 1, .rung = 3, .residual = 0.5, .valid = false};
  const fh_status st = fh_writer_put(w, fields, &record);
  free(values);
  return st;
}

static fh_status write_set(const wishes *wish)
{
  char config[128];
  int rank = 0;
  fh_writer *w = NULL;
  fh_writer_info info =
      set_info(wish->samples, (int)wish->dim, (int)wish->inputs, (int)wish->outputs);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  snprintf(config, sizeof config, "problem: made_up\nsamples: %ld\nseed: %ld\n", wish->samples,
           wish->seed);
  info.config = config;
  if (wish->steps) info.time = (fh_writer_time){wish->steps, 0.5, 0.25};
  if (wish->mixed) {
    info.grid.side[0][0] = info.grid.side[0][1] = FH_PERIODIC;
    info.grid.side[1][1] = FH_OPEN;
  }
  FH_TRY(fh_writer_create(MPI_COMM_WORLD, wish->file, &info, (fh_existing)wish->existing, &w));
  fh_status st = FH_OK;
  if (wish->nan && rank == 0 && !fh_writer_has(w, 1)) st = put_invalid(w, &info);
  int rank_of = 0, size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  for (int64_t i = 0; st == FH_OK && i < info.samples; i++) {
    rank_of = (int)((7 * i) % size);
    if (rank_of == rank && !fh_writer_has(w, i) && !(wish->nan && i == 1))
      st = set_put(w, &info, i);
  }
  st = fh_status_agree(MPI_COMM_WORLD, st);
  if (st == FH_OK) st = fh_writer_finish(w);
  fh_writer_destroy(&w);
  return st;
}

int main(int argc, char **argv)
{
  wishes wish = {.samples = 12, .dim = 2, .inputs = 1, .outputs = 1, .seed = 7};
  if (argc < 2 || fh_io_environment() != FH_OK) return 64;
  wish.file = argv[1];
  for (int i = 2; i + 1 < argc; i += 2)
    if (!set_wish(&wish, argv[i], argv[i + 1])) return 64;
  MPI_Init(&argc, &argv);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (wish.limit) {
    const struct rlimit limit = {(rlim_t)wish.limit, (rlim_t)wish.limit};
    EXPECT(setrlimit(RLIMIT_FSIZE, &limit) == 0, "no limit");
  }
  if (wish.die_us && rank == wish.die_rank)
    die_after(wish.die_us); /* the launcher kills the rest */
  const fh_status st = write_set(&wish);
  const struct itimerval never = {.it_value = {0}};
  setitimer(ITIMER_REAL, &never, NULL); /* the end of MPI is not what is tested */
  if (st != FH_OK && rank == 0) fh_status_print(stderr);
  MPI_Finalize();
  return st == FH_OK ? 0 : fh_status_exit(st);
}
