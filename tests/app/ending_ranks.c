/* ends as its argument says: "together" all ranks fail alike, "one" the last rank alone reports and
 * all return, "alone" the last rank leaves while the others wait for it in a barrier */
#include <string.h>

#include "app/ending.h"

static fh_status fail(int rank)
{
  FH_RAISE(FH_ERR_FORMAT, "rank %d has failed", rank);
}

static fh_status act(const char *how, int rank, int size)
{
  if (!strcmp(how, "well")) return FH_OK;
  if (!strcmp(how, "together")) return fail(rank);
  if (rank == size - 1) return fail(rank);
  if (!strcmp(how, "alone")) FH_TRY_MPI(MPI_Barrier(MPI_COMM_WORLD));
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Comm last = MPI_COMM_NULL;
  int rank = 0, size = 1;
  if (MPI_Init(&argc, &argv) != MPI_SUCCESS) return 1;
  MPI_Comm_dup(MPI_COMM_WORLD, &last);
  MPI_Comm_rank(last, &rank);
  MPI_Comm_size(last, &size);
  const int code = fh_ending(last, act(argc > 1 ? argv[1] : "", rank, size));
  MPI_Comm_free(&last);
  MPI_Finalize();
  return code;
}
