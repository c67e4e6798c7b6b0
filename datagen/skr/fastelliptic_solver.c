/* The inverse: who owns what, and its parts put together. */
#include "datagen/petsc.h"
#include "datagen/skr/fastelliptic_impl.h"

/* counts of the all-to-all between planes of the first axis and modes of the others */
static PetscErrorCode PlanExchange(FHSolver *f)
{
  PetscMPIInt size = 1, rank = 0;
  PetscFunctionBegin;
  PetscCallMPI(MPI_Comm_size(f->comm, &size));
  PetscCallMPI(MPI_Comm_rank(f->comm, &rank));
  f->ranks = size;
  f->planes = FHShare(f->n[0], size, rank + 1) - FHShare(f->n[0], size, rank);
  f->first_mode = FHShare(f->modes, size, rank);
  f->own_modes = FHShare(f->modes, size, rank + 1) - f->first_mode;
  PetscCall(
      PetscCalloc4(size, &f->send, size, &f->send_at, size, &f->receive, size, &f->receive_at));
  PetscInt sent = 0, received = 0;
  for (int r = 0; r < size; r++) {
    const PetscInt modes = FHShare(f->modes, size, r + 1) - FHShare(f->modes, size, r);
    const PetscInt planes = FHShare(f->n[0], size, r + 1) - FHShare(f->n[0], size, r);
    PetscCall(PetscMPIIntCast(f->planes * modes, &f->send[r]));
    PetscCall(PetscMPIIntCast(planes * f->own_modes, &f->receive[r]));
    PetscCall(PetscMPIIntCast(sent, &f->send_at[r]));
    PetscCall(PetscMPIIntCast(received, &f->receive_at[r]));
    sent += f->send[r], received += f->receive[r];
  }
  PetscFunctionReturn(0);
}

/* where the smallest eigenvalues of both axes meet, if L is singular there */
static PetscInt NullMode(const FHSolver *f, const FHEllipticGrid *g, bool singular)
{
  PetscInt least[2] = {0, 0};
  if (!singular || g->shift > 0.0 || g->reaction) return -1;
  for (int a = 0; a < 2; a++)
    for (PetscInt k = 0; k < f->axis[a].n; k++)
      if (f->axis[a].lambda[k] < f->axis[a].lambda[least[a]]) least[a] = k;
  const PetscInt mode = least[0] * f->n[2] + least[1] - f->first_mode;
  return mode >= 0 && mode < f->own_modes ? mode : -1;
}

static fh_status PlanLines(FHSolver *f, bool single)
{
  const FHModes *middle = &f->axis[0], *last = &f->axis[1];
  if (f->planes == 0) return FH_OK;
  for (int back = 0; back < 2; back++) {
    if (!middle->vectors)
      FH_TRY(fh_lines_create(single, middle->kind, back, f->planes, f->n[1], f->n[2], f->b,
                             &f->lines[0][back]));
    if (!last->vectors)
      FH_TRY(fh_lines_create(single, last->kind, back, f->planes * f->n[1], f->n[2], 1, f->b,
                             &f->lines[1][back]));
  }
  return FH_OK;
}

static PetscErrorCode Build(FHSolver *f, const FHEllipticGrid *g, PetscInt dense, bool single,
                            const FHAxis axis[3])
{
  const int number[2] = {1, (int)g->dim - 1};
  PetscReal least = 1.0;
  PetscFunctionBegin;
  f->first = axis[0]; /* owned from here on */
  for (int a = 0; a < 3; a++) f->n[a] = axis[a].n;
  f->modes = f->n[1] * f->n[2];
  f->corner = axis[0].corner;
  f->gain = 1.0;
  for (int a = 0; a < 2; a++) {
    PetscCall(FHModesCreate(g, number[a], dense, &axis[a + 1], &f->axis[a]));
    f->gain *= f->axis[a].gain;
  }
  PetscCall(PlanExchange(f));
  f->null_mode = NullMode(f, g, axis[0].singular && axis[1].singular && axis[2].singular);
  PetscCall(PetscCalloc2(f->n[0], &f->off, f->n[0], &f->null_pivots));
  PetscCall(PetscArraycpy(f->off, axis[0].off, f->n[0]));
  PetscCall((single ? FHSolverBuild_single : FHSolverBuild_double)(f));
  PetscCall((single ? FHSolverShift_single : FHSolverShift_double)(f, g->shift, &least));
  PetscCheck(PlanLines(f, single) == FH_OK, PETSC_COMM_SELF, PETSC_ERR_LIB, "%s",
             fh_status_message());
  PetscFunctionReturn(0);
}

PetscErrorCode FHSolverCreate(MPI_Comm comm, const FHEllipticGrid *g, PetscInt dense, bool single,
                              FHSolver **solver)
{
  FHAxis axis[3];
  PetscFunctionBegin;
  PetscCall(PetscNew(solver));
  (*solver)->comm = comm;
  PetscCall(FHAxisCreate(g, 0, &axis[0]));
  PetscCall(FHAxisCreate(g, g->dim == 3 ? 1 : -1, &axis[1]));
  PetscCall(FHAxisCreate(g, g->dim == 1 ? -1 : (int)g->dim - 1, &axis[2]));
  PetscCall(Build(*solver, g, dense, single, axis));
  for (int a = 1; a < 3; a++) FHAxisDestroy(&axis[a]);
  PetscFunctionReturn(0);
}

PetscErrorCode FHSolverDestroy(FHSolver **solver)
{
  FHSolver *f = *solver;
  PetscFunctionBegin;
  if (!f) PetscFunctionReturn(0);
  for (int a = 0; a < 2; a++) {
    PetscCall(FHModesDestroy(&f->axis[a]));
    PetscCall(PetscFree(f->vectors[a]));
    for (int back = 0; back < 2; back++) fh_lines_destroy(&f->lines[a][back]);
  }
  PetscCall(PetscFree4(f->send, f->send_at, f->receive, f->receive_at));
  PetscCall(PetscFree2(f->off, f->null_pivots));
  FHAxisDestroy(&f->first);
  PetscCall(PetscFree(f->pivots));
  PetscCall(PetscFree(f->closing));
  PetscCall(PetscFree(f->a));
  PetscCall(PetscFree(f->b));
  PetscCall(PetscFree(*solver));
  PetscFunctionReturn(0);
}
