/* fastelliptic_impl - what the files of the preconditioner share */
#pragma once

#include <stdbool.h>

#include "datagen/field/fftw_lines.h"
#include "datagen/skr/fastelliptic.h"

/* The matrices of one axis: T symmetric tridiagonal with a corner, M diagonal. */
typedef struct {
  PetscInt n;
  PetscReal *main, *off, *mass; /* [n], [n-1], [n] */
  PetscReal corner;             /* T(0, n-1) */
  bool uniform;                 /* constant coefficients: FFTW may have a transform */
  bool singular;                /* T times ones is zero */
} FHAxis;

/* How a transformed axis is diagonalised: T v = lambda M v, v'M v = 1. */
typedef struct {
  PetscInt n, even, odd; /* modes; not symmetric, or by FFTW: even = n, odd = 0 */
  PetscReal *lambda;     /* [n] */
  PetscReal *vectors;    /* [even][even], then [odd][odd]: entry (j, k) of mode k; NULL: by FFTW */
  fh_lines_kind kind;    /* of FFTW's transform */
  PetscReal gain;        /* what a transform and its inverse multiply by */
} FHModes;

/* The inverse in one precision. Axes as (first, middle, last), absent ones have one point. */
typedef struct FHSolver FHSolver;
struct FHSolver {
  PetscInt n[3], planes; /* planes of the first axis that are here */
  PetscInt modes, first_mode, own_modes;
  PetscInt null_mode; /* here, of a singular L; -1: none */
  int ranks;
  MPI_Comm comm;
  int *send, *send_at, *receive, *receive_at; /* counts and places of the all-to-all */
  FHModes axis[2];                            /* of the middle and the last axis */
  PetscReal gain;                             /* of FFTW's transforms */
  FHAxis first;                               /* the axis of the tridiagonal solves */
  PetscReal *off, corner;                     /* of it */
  void *vectors[2];                           /* in this precision */
  void *pivots, *closing; /* [n0][own_modes]: inverse pivots; of a cyclic axis, the correction */
  PetscReal *null_pivots;
  void *a, *b;           /* work */
  fh_lines *lines[2][2]; /* FFTW: [axis][inverse], in place on b */
};

/* The grid attached to an object and its container (not referenced), NULL if there is none. */
PetscErrorCode FHGridFind(PetscObject object, PetscContainer *box, const FHEllipticGrid **grid);
PetscErrorCode FHAxisCreate(const FHEllipticGrid *grid, int axis, FHAxis *a);
void FHAxisDestroy(FHAxis *a);
PetscErrorCode FHModesCreate(const FHEllipticGrid *grid, int axis, PetscInt dense, const FHAxis *a,
                             FHModes *m);
PetscErrorCode FHModesDestroy(FHModes *m);

/* out = gain_out s L^-1 s gain_in in, on the planes that are here; s may be NULL. Collective. */
PetscErrorCode FHSolverApply_single(FHSolver *f, const PetscScalar *in, const PetscReal *s,
                                    PetscReal before, PetscReal after, PetscScalar *out);
PetscErrorCode FHSolverApply_double(FHSolver *f, const PetscScalar *in, const PetscReal *s,
                                    PetscReal before, PetscReal after, PetscScalar *out);
PetscErrorCode FHSolverBuild_single(FHSolver *f);
PetscErrorCode FHSolverBuild_double(FHSolver *f);
/* Factors L with this shift; *least: the smallest pivot against the largest entry, on this rank. */
PetscErrorCode FHSolverShift_single(FHSolver *f, PetscReal shift, PetscReal *least);
PetscErrorCode FHSolverShift_double(FHSolver *f, PetscReal shift, PetscReal *least);
/* Collective. */
PetscErrorCode FHSolverCreate(MPI_Comm comm, const FHEllipticGrid *grid, PetscInt dense,
                              bool single, FHSolver **f);
PetscErrorCode FHSolverDestroy(FHSolver **f);

/* Diagonal of L on the planes that are here. */
PetscErrorCode FHGridDiagonal(const FHEllipticGrid *grid, PetscInt first, PetscInt planes,
                              PetscReal *diagonal);
/* Would scaling by ratio = diag A / diag L help? Collective. */
PetscErrorCode FHScalingHelps(MPI_Comm comm, const FHEllipticGrid *grid, PetscInt planes,
                              const PetscReal *ratio, bool *helps);
/* Rank's share of n planes or modes: where it begins. */
static inline PetscInt FHShare(PetscInt n, int ranks, int rank)
{
  return n / ranks * rank + PetscMin(rank, n % ranks);
}
