#include "app/ending.h"

#include <stdbool.h>
#include <time.h>

#include "base/clock.h"

enum { PATIENCE_SECONDS = 10 };

/* Whether the way to the place tells more than the sentence: what options, data and disks can cause needs no trace. */
static bool needs_trace(fh_status st)
{
  return st == FH_ERR_ARG || st == FH_ERR_MEMORY || st == FH_ERR_STATE || st == FH_ERR_LIBRARY;
}

static void tell(fh_status st)
{
  fflush(stdout);
  if (needs_trace(st))
    fh_status_print(stderr);
  else
    fprintf(stderr, "fredholm: %s%s\n", st == FH_STOPPED ? "" : "error: ", fh_status_message());
  fflush(stderr);
}

/* true when everybody has started the reduction before patience is over */
static int wait_for(MPI_Request *request, int is_patient)
{
  const double start = fh_clock();
  const struct timespec pause = {0, 2000000};
  for (;;) {
    int done = 0;
    if (MPI_Test(request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS) return 0;
    if (done) return 1;
    if (!is_patient && fh_clock() - start > PATIENCE_SECONDS) return 0;
    nanosleep(&pause, NULL);
  }
}

int fh_ending(MPI_Comm comm, fh_status mine)
{
  int rank = 0, size = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  struct {
    int failed, exit;
  } in = {mine == FH_OK ? size : rank, fh_status_exit(mine)}, out = in;
  MPI_Request request = MPI_REQUEST_NULL;
  MPI_Iallreduce(&in, &out, 1, MPI_2INT, MPI_MINLOC, comm, &request);
  if (!wait_for(&request, mine == FH_OK)) {
    fprintf(stderr, "fredholm: rank %d failed alone and ends the program\n", rank);
    tell(mine);
    MPI_Abort(MPI_COMM_WORLD, fh_status_exit(mine));
  }
  if (out.failed == rank) tell(mine);
  return out.exit;
}
