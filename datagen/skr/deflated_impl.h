/**
 * deflated_impl - what the files of rcg and rminres share
 *
 * The Lanczos directions z_j (in the space of solutions, z_i'M z_j = delta_ij) of the deflated operator A_d give
 *     A_d z_j = M (off_j z_j-1 + diag_j z_j + off_j+1 z_j+1),   A z_j = A_d z_j + C b_j
 * diag, off and b are by-products of the recurrences. The window keeps X = [S Z]: kept combinations and
 * the directions since; the small matrices below are all that is known about it.
 */
#pragma once

#include "datagen/skr/deflated.h"
#include "datagen/skr/recycle_impl.h"

typedef struct {
  PetscScalar *X; /* ld x room */
  PetscInt room, kept, cols;
  PetscBool open;
  PetscScalar *K;    /* A X = A_d X + C K; leading dimension: room of the space */
  PetscScalar *F;    /* X'A_d X; leading dimension room, as below */
  PetscScalar *O;    /* rcg: X'M X; rminres: (A_d X)'M^-1 (A_d X) */
  PetscScalar *last; /* of the kept columns: coefficient of the last direction before them */
  PetscScalar *low,
      *high; /* and of their images under M^-1 A_d: of that direction and of the next */
  PetscReal diag, off, next; /* of the last direction; next: off of the one to come */
} KSPDeflatedWindow;

typedef struct {
  KSPRecycle base;
  PetscBool minres; /* rminres; else rcg */
  PetscInt window;  /* asked for */
  PetscInt k;       /* that the blocks were made for */
  PetscInt asked;   /* window that they were made for */
  PetscInt solves;  /* that this space has seen */

  PetscScalar *N; /* rcg: U'M U, as far as it is known without M, leading dimension kk */
  PetscBool known;
  KSPDeflatedWindow w;

  Vec r, z; /* residual; M^-1 r where z_valid */
  PetscBool z_valid;
  Vec work[7]; /* of the recurrence */
  PetscBool running, breakdown;
  PetscScalar *xi; /* the solution is x - U xi while it runs */
  PetscScalar *b, *b_old, *kappa, *kappa_old;
  Vec solution; /* for KSPBuildSolution meanwhile */
} KSP_DEFLATED;

/* a run that has reduced the residual by this knows no more about it: what it cannot see (the part along the space
   that projecting left) is as large. It ends, and the residual is recomputed */
#define KSP_DEFLATED_SPENT 1e-14

enum { KSP_DEFLATED_RCG_VECTORS = 2, KSP_DEFLATED_RMINRES_VECTORS = 7 };

/* deflated.c: blocks of the right size; the space is kept when they change */
PETSC_INTERN PetscErrorCode KSPDeflatedAllocate(KSP);
/* deflated_solve.c */
PETSC_INTERN PetscErrorCode KSPSolve_Deflated(KSP);
/* the monitors and the test */
PETSC_INTERN PetscErrorCode KSPDeflatedTest(KSP, PetscReal norm, KSPConvergedReason *reason);
/* sums[0] = a'b, sums[1] = c'd (if c) in one reduction */
PETSC_INTERN PetscErrorCode KSPDeflatedDots(KSP, Vec a, Vec b, Vec c, Vec d, PetscScalar sums[2]);

/* rcg.c, rminres.c: from r until the test says so; leaves x - U xi as the solution. *guess is its word;
   a reason in the KSP is final */
PETSC_INTERN PetscErrorCode KSPDeflatedRunCG(KSP, KSPConvergedReason *guess);
PETSC_INTERN PetscErrorCode KSPDeflatedRunMINRES(KSP, KSPConvergedReason *guess);

/* deflated_window.c */
PETSC_INTERN PetscErrorCode KSPDeflatedWindowOpen(KSP);
/* a direction, scale z; off is that of it and the one before */
PETSC_INTERN PetscErrorCode KSPDeflatedWindowAdd(KSP, Vec z, PetscReal scale, PetscReal off,
                                                 PetscReal diag, PetscReal next,
                                                 const PetscScalar *b);
/* the space becomes the best of the window */
PETSC_INTERN PetscErrorCode KSPDeflatedWindowHarvest(KSP);
/* deflated_norm.c: what is known of U'M U */
PETSC_INTERN PetscErrorCode KSPDeflatedNormCarry(KSP, const PetscScalar *R);
PETSC_INTERN PetscErrorCode KSPDeflatedNormEstimate(KSP);
