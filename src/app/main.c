/* fredholm: generate training sets, train neural operators on them, evaluate and use them */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "app/arguments.h"
#include "app/ending.h"
#include "app/petsc.h"
#include "app/version.h"
#include "io/environment.h"

static void print_overview(FILE *stream)
{
  fprintf(stream, "Usage: fredholm <subcommand> -option value ...\n\n");
  for (int i = 0; fh_commands[i]; i++)
    fprintf(stream, "  %-9s %s\n", fh_commands[i]->name, fh_commands[i]->help);
  fprintf(
      stream,
      "\nfredholm <subcommand> -help tells the options of one; fredholm -version what this is.\n"
      "Options may stand in YAML files (-options_file F.yaml); the command line wins. In "
      "parallel: mpirun -n 4 fredholm ...\n"
      "Exit codes: 0 done, 64 wrong option, 75 stopped early and can be resumed, others "
      "failure.\n");
}

static fh_status print_help(const fh_command *c, FILE *stream)
{
  if (!c) return print_overview(stream), FH_OK;
  fh_options *o = NULL;
  FH_TRY(fh_options_create(true, &o));
  const fh_status st = fh_command_declare(c, o, NULL, NULL);
  if (st == FH_OK) {
    fprintf(stream, "Usage: fredholm %s %s\n\n%s\n", c->name, c->arguments, c->help);
    fh_options_help(o, stream);
    if (c->uses_solver)
      fprintf(stream, "\nOptions of PETSc's solvers (-ksp_type, -ksp_rtol, -pc_type, ...) and "
                      "-log_view are passed on.\n");
  }
  fh_options_destroy(&o);
  return st;
}

/* PETSc's ranks do not all notice a missing text file, so rank 0 looks first */
static fh_status check_files(const fh_arguments *a, int rank)
{
  for (int i = 1; rank == 0 && i + 1 < a->argc; i++) {
    const char *path = a->argv[i + 1];
    if (strncmp(a->argv[i], "-options_file", 13) != 0) continue;
    FH_CHECK(access(path, R_OK) == 0, FH_ERR_USAGE, "the options file %s cannot be read: %s", path,
             strerror(errno));
  }
  return FH_OK;
}

static fh_status run_command(const fh_arguments *a, MPI_Comm comm)
{
  fh_run run = {.comm = comm, .file = a->file};
  FH_TRY_MPI(MPI_Comm_rank(comm, &run.rank));
  FH_TRY_MPI(MPI_Comm_size(comm, &run.size));
  FH_TRY(fh_status_agree(comm, check_files(a, run.rank)));
  FH_TRY(fh_petsc_start(a->argc, a->argv));
  const fh_status st = fh_command_run(a->command, &run);
  if (st != FH_OK && st != FH_STOPPED)
    return st; /* PETSc's end is collective, and others may not get there */
  FH_TRY(fh_petsc_stop());
  return st;
}

static fh_status start(int argc, char **argv, MPI_Comm comm)
{
  int rank = 0;
  fh_arguments a;
  FH_TRY_MPI(MPI_Comm_rank(comm, &rank));
  fh_status st = fh_arguments_parse(argc, argv, &a);
  if (st == FH_OK && a.version) {
    if (rank == 0) fh_version_print(stdout);
  } else if (st == FH_OK && a.help) {
    if (rank == 0) st = print_help(a.command, stdout);
  } else if (st == FH_OK)
    st = run_command(&a, comm);
  fh_arguments_clear(&a);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Comm comm = MPI_COMM_NULL, last = MPI_COMM_NULL;
  if (fh_io_environment() != FH_OK) return fh_status_exit(FH_ERR_LIBRARY);
  if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return 72;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  MPI_Comm_dup(MPI_COMM_WORLD, &last);
  const int code = fh_ending(last, start(argc, argv, comm));
  MPI_Comm_free(&comm);
  MPI_Comm_free(&last);
  MPI_Finalize();
  return code;
}
