/**
 * gcrodr_impl - what the files of gcrodr share
 *
 * Tall blocks are column-major local arrays of the solution's layout, leading dimension ld:
 *   W = [C V]   m+1 columns: the image of the space, then the Krylov basis of the cycle
 *   U           the space, kk columns
 *   Z = [T Z]   right and flexible: T = M^-1 C (right only), then z_j = M^-1 v_j
 * With D = diag(1/||u_i||) a cycle of p steps ends in  B [UD Z] = W G,  G = [[D, Bp], [0, H]]; for
 * left preconditioning Z = V. Small matrices are replicated.
 */
#pragma once

#include <petsc/private/kspimpl.h>
#include <petsc/private/pcimpl.h>
#include <petscblaslapack.h>

#include "datagen/skr/gcrodr.h"

#if defined(PETSC_USE_COMPLEX) || !defined(PETSC_USE_REAL_DOUBLE)
#error "gcrodr is written for real double precision; configure PETSc so"
#endif

/* the operator a space was fitted to */
typedef struct {
  PetscObjectId A, P, pc;
  PetscObjectState state_A, state_P, state_pc, pattern_pc;
  PetscBool transpose;
  char type[64]; /* of the preconditioner */
} GCRODRKey;

typedef struct {
  /* asked for */
  PetscInt restart, recycle, refresh, eager;
  PetscBool fresh, flexible;
  KSPGCRODRRitz ritz;
  KSPGMRESCGSRefinementType refinement;
  PetscReal check;
  PetscInt npending; /* set by the user, not yet taken over; -1: nothing */
  Vec *pending;

  /* tall blocks */
  PetscInt m, k, room; /* restart, recycle, most vectors of a space (k or k+1) */
  PetscBLASInt n, ld;
  PetscScalar *W, *U, *Z;
  PetscInt kk;      /* vectors in the space */
  PetscBool fitted; /* B U = C holds for key */
  PetscBool images; /* T = M^-1 C holds */
  GCRODRKey key;
  PetscInt since_fit; /* refreshes */

  /* one cycle; H is kept, R is rotated, leading dimension m+1; of B it is m */
  PetscScalar *H, *R, *B, *cosine, *sine, *g, *y, *dots, *correction;
  PetscInt steps;
  PetscBool running, breakdown;
  PetscReal beta;  /* norm of the residual at its start, as the method sees it */
  PetscReal scale; /* monitored norm / that norm */
  PetscReal estimate;
  PetscReal *drift; /* estimate of ||B u - c|| of each vector of the space */
  PetscReal width;  /* largest ||B v|| of a unit v seen: a bound of ||B|| from below */

  Vec in, out, side, r, t; /* in, out, side: windows on columns */
  Vec solution;            /* for KSPBuildSolution inside a cycle */
  KSPGCRODRCounts counts;
} KSP_GCRODR;

static inline PetscScalar *GCRODRColumn(const KSP_GCRODR *s, PetscScalar *block, PetscInt column)
{
  return block + (size_t)column * (size_t)s->ld;
}

/* gcrodr.c: blocks of the right size; the space is kept when they change */
PETSC_INTERN PetscErrorCode KSPGCRODRAllocate(KSP);
/* gcrodr_solve.c */
PETSC_INTERN PetscErrorCode KSPSolve_GCRODR(KSP);

/* gcrodr_block.c */
/* h = X'w for columns of X, h[columns] = w'w: one reduction */
PETSC_INTERN PetscErrorCode KSPGCRODRDots(KSP, PetscScalar *X, PetscInt columns, PetscScalar *w,
                                          PetscScalar *h);
/* w += sign X h */
PETSC_INTERN PetscErrorCode KSPGCRODRCombine(KSP, PetscReal sign, PetscScalar *X, PetscInt columns,
                                             const PetscScalar *h, PetscScalar *w);
PETSC_INTERN PetscErrorCode KSPGCRODRSum(KSP, PetscScalar *values, PetscInt count);
/* S (lds) = X'Y, this process's part only */
PETSC_INTERN PetscErrorCode KSPGCRODRGram(KSP, PetscScalar *X, PetscInt nx, PetscScalar *Y,
                                          PetscInt ny, PetscScalar *S, PetscInt lds);
/* X = [X1 X2] Q written over X1 (both with ncol >= columns of Q): n1 + n2 rows of Q, ldq */
PETSC_INTERN PetscErrorCode KSPGCRODRRotate(KSP, PetscScalar *X1, PetscInt n1, PetscScalar *X2,
                                            PetscInt n2, const PetscScalar *Q, PetscInt ldq,
                                            PetscInt columns);
/* X = X R^-1, R upper triangular */
PETSC_INTERN PetscErrorCode KSPGCRODRDivide(KSP, PetscScalar *X, PetscInt columns,
                                            const PetscScalar *R, PetscInt ldr);
/* w = B v; right and flexible: z receives M^-1 v */
PETSC_INTERN PetscErrorCode KSPGCRODRApply(KSP, PetscScalar *v, PetscScalar *z, PetscScalar *w);
PETSC_INTERN PetscErrorCode KSPGCRODRPrecondition(KSP, PetscScalar *v, PetscScalar *z);
/* w = A v */
PETSC_INTERN PetscErrorCode KSPGCRODRApplyOperator(KSP, PetscScalar *v, PetscScalar *w);

/* gcrodr_cycle.c: up to m-kk steps from the residual r of norm beta; sets reason if the test says so */
PETSC_INTERN PetscErrorCode KSPGCRODRCycle(KSP, KSPConvergedReason *reason);
/* x += U y1 + Z y2, the minimiser after the steps done so far */
PETSC_INTERN PetscErrorCode KSPGCRODRUpdate(KSP, PetscInt steps, Vec x);

/* gcrodr_space.c */
PETSC_INTERN PetscErrorCode KSPGCRODRTakePending(KSP);
/* makes B U = C, C'C = I hold for the present operator, unless nothing changed */
PETSC_INTERN PetscErrorCode KSPGCRODRFit(KSP, PetscBool force);
/* c_j = B u_j again, where round-off has driven them apart */
PETSC_INTERN PetscErrorCode KSPGCRODRRenew(KSP, PetscInt j);
PETSC_INTERN PetscErrorCode KSPGCRODRDropPending(KSP_GCRODR *);
PETSC_INTERN PetscErrorCode KSPGCRODRComposeSpace(KSP, PetscBool on);
/* gcrodr_options.c */
PETSC_INTERN PetscErrorCode KSPGCRODRComposeOptions(KSP, PetscBool on);
/* gcrodr_refresh.c */
PETSC_INTERN PetscErrorCode KSPGCRODRRefresh(KSP);

/* gcrodr_ritz.c */
typedef struct {
  PetscInt rows, cols; /* of G, E and F */
  PetscInt want, room; /* vectors asked for; most that fit */
  PetscBool cut;       /* a pair at the limit: its first column only */
  PetscScalar *G;      /* the relation */
  PetscScalar *E, *F;  /* E'E z = theta E'F z; overwritten */
  PetscScalar *M;      /* not NULL: M z = theta z instead, cols x cols; overwritten */
  PetscInt found;
  PetscScalar *Q, *P; /* rows x room, cols x room: G P = Q with Q'Q = I */
} GCRODRRitzProblem;
/* solves it on this process alone; found = 0 if there is nothing usable */
PETSC_INTERN PetscErrorCode KSPGCRODRRitzSolve(GCRODRRitzProblem *);
/* S = R'R in place (upper); *ok = false if S is not safely positive definite */
PETSC_INTERN PetscErrorCode KSPGCRODRCholesky(PetscInt n, PetscScalar *S, PetscBool *ok);
