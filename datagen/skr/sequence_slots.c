/* Strategies that solve several systems at a time. */
#include <math.h>

#include "base/clock.h"
#include "datagen/petsc.h"
#include "datagen/skr/sequence_impl.h"

enum { MOST_SLOTS = 64 };

fh_status fh_sequence_create_slots(fh_sequence *s)
{
  const FHEllipticGrid *grid = NULL;
  if (s->strategy == FH_STRATEGY_CONSTANT) {
    FH_TRY_PETSC(fh_constant_create(s->matrix, &s->hint, &s->constant));
    return FH_OK;
  }
  FH_TRY_PETSC(FHPCFastEllipticGetGrid((PetscObject)s->matrix, &grid));
  return fh_batch_create(grid, FH_BATCH_MULTIGRID, &s->batch);
}

ptrdiff_t fh_sequence_slots(const fh_sequence *s)
{
  if (s->constant) return fh_constant_capacity(s->constant);
  return s->batch ? fh_batch_capacity(s->batch) : 0;
}

fh_stencil *fh_sequence_slot(fh_sequence *s, ptrdiff_t i)
{
  return s->batch ? fh_batch_slot(s->batch, i) : NULL;
}

Vec fh_sequence_slot_rhs(fh_sequence *s, ptrdiff_t i)
{
  return s->constant ? fh_constant_rhs(s->constant, i) : NULL;
}

const double *fh_sequence_slot_solution(const fh_sequence *s, ptrdiff_t i)
{
  return s->constant ? fh_constant_solution(s->constant, i) : fh_batch_solution(s->batch, i);
}

/* an error of PETSc (a zero pivot) fails all of them: the ladder takes over */
static void solve_constant(fh_sequence *s, ptrdiff_t count, fh_batch_report *found)
{
  PetscErrorCode error = 0;
  FH_PETSC_QUIET(error, fh_constant_solve(s->constant, count, s->config.tolerance, found));
  for (ptrdiff_t i = 0; i < count && error; i++)
    found[i] =
        (fh_batch_report){.residual = (double)NAN, .why = "PETSc raised an error in this solver"};
}

void fh_sequence_solve_slots(fh_sequence *s, ptrdiff_t count, double seconds,
                             fh_solve_report *reports)
{
  fh_batch_report found[MOST_SLOTS];
  const double deadline = seconds > 0.0 ? fh_clock_cpu() + seconds * (double)count : 0.0;
  if (s->constant) {
    solve_constant(s, count, found);
  } else {
    fh_batch_solve(s->batch, count, s->config.tolerance, s->config.warm_start, deadline, found);
  }
  for (ptrdiff_t i = 0; i < count; i++)
    reports[i] = (fh_solve_report){.accepted = found[i].accepted,
                                   .iterations = found[i].iterations,
                                   .residual = found[i].residual,
                                   .why = found[i].why};
}
