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

#include "datagen/skr/gcrodr.h"
#include "datagen/skr/recycle_impl.h"

typedef struct {
  KSPRecycle base; /* C is the head of W, and its own dual */
  /* asked for */
  PetscInt restart;
  PetscBool flexible;
  KSPGCRODRRitz ritz;
  KSPGMRESCGSRefinementType refinement;

  PetscInt m, k; /* restart, recycle */
  PetscScalar *W, *Z;
  PetscBool images;   /* T = M^-1 C holds */
  PetscInt since_fit; /* refreshes */

  /* one cycle; H is kept, R is rotated, leading dimension m+1; of B it is m */
  PetscScalar *H, *R, *B, *cosine, *sine, *g, *y, *correction;
  PetscInt steps;
  PetscBool running, breakdown;
  PetscReal beta;  /* norm of the residual at its start, as the method sees it */
  PetscReal scale; /* monitored norm / that norm */
  PetscReal estimate;
  PetscReal *drift; /* estimate of ||B u - c|| of each vector of the space */

  Vec r, t;
  Vec solution; /* for KSPBuildSolution inside a cycle */
} KSP_GCRODR;

/* gcrodr.c: blocks of the right size; the space is kept when they change */
PETSC_INTERN PetscErrorCode KSPGCRODRAllocate(KSP);
/* gcrodr_solve.c */
PETSC_INTERN PetscErrorCode KSPSolve_GCRODR(KSP);

/* gcrodr_cycle.c: up to m-kk steps from the residual r of norm beta; sets reason if the test says so */
PETSC_INTERN PetscErrorCode KSPGCRODRCycle(KSP, KSPConvergedReason *reason);
/* x += U y1 + Z y2, the minimiser after the steps done so far */
PETSC_INTERN PetscErrorCode KSPGCRODRUpdate(KSP, PetscInt steps, Vec x);

/* gcrodr_space.c */
/* w = B v; right and flexible: z receives M^-1 v */
PETSC_INTERN PetscErrorCode KSPGCRODRApply(KSP, PetscScalar *v, PetscScalar *z, PetscScalar *w);
/* w = B u for a vector of the space */
PETSC_INTERN PetscErrorCode KSPGCRODRImage(KSP, PetscScalar *u, PetscScalar *w);
/* makes B U = C, C'C = I hold for the present operator, unless nothing changed */
PETSC_INTERN PetscErrorCode KSPGCRODRFit(KSP, PetscBool force);
/* c_j = B u_j again, where round-off has driven them apart */
PETSC_INTERN PetscErrorCode KSPGCRODRRenew(KSP, PetscInt j);
/* gcrodr_options.c */
PETSC_INTERN PetscErrorCode KSPGCRODRComposeOptions(KSP, PetscBool on);
/* gcrodr_refresh.c */
PETSC_INTERN PetscErrorCode KSPGCRODRRefresh(KSP);

/* gcrodr_ritz.c */
typedef struct {
  PetscInt rows, cols; /* of G, E and F */
  PetscInt want, room; /* vectors asked for; most that fit */
  PetscBool published; /* gcrodr_published.c chooses */
  PetscScalar *G;      /* the relation */
  PetscScalar *E, *F;  /* E'E z = theta E'F z; overwritten */
  PetscScalar *M;      /* not NULL: M z = theta z instead, cols x cols; overwritten */
  PetscInt found;
  PetscScalar *Q, *P; /* rows x room, cols x room: G P = Q with Q'Q = I */
} GCRODRRitzProblem;
/* solves it on this process alone; found = 0 if there is nothing usable */
PETSC_INTERN PetscErrorCode KSPGCRODRRitzSolve(GCRODRRitzProblem *);
/* gcrodr_published.c: P and found, of M and of E, F */
PETSC_INTERN PetscErrorCode KSPGCRODRPublishedFirst(GCRODRRitzProblem *);
PETSC_INTERN PetscErrorCode KSPGCRODRPublishedLater(GCRODRRitzProblem *);
