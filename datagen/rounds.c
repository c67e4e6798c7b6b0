#include "datagen/rounds.h"

#include "base/memory.h"

enum { LAG = 2, SUMS = 3, MOSTS = 4 };

typedef struct {
  double sum_in[SUMS], sum_out[SUMS], most_in[MOSTS], most_out[MOSTS];
  MPI_Request request[2];
} flight;

struct fh_rounds {
  MPI_Comm comm;
  flight flights[LAG + 1];
  long posted, taken;
};

fh_status fh_rounds_create(MPI_Comm comm, fh_rounds **rounds)
{
  fh_rounds *r = NULL;
  FH_NEW(r, 1);
  r->comm = comm;
  *rounds = r;
  return FH_OK;
}

static fh_status take(fh_rounds *r, fh_round *total)
{
  flight *f = &r->flights[r->taken % (LAG + 1)];
  FH_TRY_MPI(MPI_Waitall(2, f->request, MPI_STATUSES_IGNORE));
  r->taken++;
  *total = (fh_round){.done = f->sum_out[0],
                      .iterations = f->sum_out[1],
                      .failed = f->sum_out[2],
                      .stop = f->most_out[0],
                      .error = f->most_out[1],
                      .residual = f->most_out[2],
                      .culprit = f->most_out[3]};
  return FH_OK;
}

fh_status fh_rounds_post(fh_rounds *r, const fh_round *mine, bool *arrived, fh_round *total)
{
  flight *f = &r->flights[r->posted % (LAG + 1)];
  *f = (flight){.sum_in = {mine->done, mine->iterations, mine->failed},
                .most_in = {mine->stop, mine->error, mine->residual, mine->culprit}};
  FH_TRY_MPI(
      MPI_Iallreduce(f->sum_in, f->sum_out, SUMS, MPI_DOUBLE, MPI_SUM, r->comm, &f->request[0]));
  FH_TRY_MPI(
      MPI_Iallreduce(f->most_in, f->most_out, MOSTS, MPI_DOUBLE, MPI_MAX, r->comm, &f->request[1]));
  r->posted++;
  *arrived = r->posted - r->taken > LAG;
  if (*arrived) FH_TRY(take(r, total));
  return FH_OK;
}

fh_status fh_rounds_drain(fh_rounds *r, bool *arrived, fh_round *total)
{
  *arrived = r->taken < r->posted;
  if (*arrived) FH_TRY(take(r, total));
  return FH_OK;
}

void fh_rounds_destroy(fh_rounds **rounds)
{
  fh_rounds *r = *rounds;
  fh_round total;
  if (!r) return;
  while (r->taken < r->posted && take(r, &total) == FH_OK) {
  }
  fh_free(r);
  *rounds = NULL;
}
