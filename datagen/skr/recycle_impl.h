/**
 * recycle_impl - what the files of the recycling methods share
 *
 * Tall blocks are column-major local arrays of the solution's layout, leading dimension ld. Small
 * matrices are replicated. A type's data begins with a KSPRecycle.
 */
#pragma once

#include <petsc/private/kspimpl.h>
#include <petsc/private/pcimpl.h>
#include <petscblaslapack.h>

#include "datagen/skr/recycle.h"

#if defined(PETSC_USE_COMPLEX) || !defined(PETSC_USE_REAL_DOUBLE)
#error "the recycling methods are written for real double precision; configure PETSc so"
#endif

/* the operator a space was fitted to */
typedef struct {
  PetscObjectId A, P, pc;
  PetscObjectState state_A, state_P, state_pc, pattern_pc;
  PetscBool transpose;
  char type[64]; /* of the preconditioner */
} KSPRecycleKey;

typedef struct {
  /* asked for */
  PetscInt recycle, refresh, eager;
  PetscBool fresh;
  PetscReal check;
  PetscInt npending; /* set by the user, not yet taken over; -1: nothing */
  Vec *pending;

  /* the space: B U = C, and dual'C = I where dual is C, U or a block of its own, M^-1 C */
  PetscBLASInt n, ld;
  PetscInt room, kk; /* most vectors; vectors */
  PetscScalar *U, *C, *dual;
  PetscBool fitted; /* the relations hold for key */
  KSPRecycleKey key;
  PetscErrorCode (*image)(KSP, PetscScalar *u, PetscScalar *c); /* c = B u */
  PetscReal width; /* largest ||B v|| of a unit v seen: a bound of ||B|| from below */

  PetscScalar *dots; /* room for as many inner products as there are columns, and two */
  Vec in, out, side; /* windows on columns */
  KSPRecycleCounts counts;
} KSPRecycle;

static inline PetscScalar *KSPRecycleColumn(const KSPRecycle *s, PetscScalar *block,
                                            PetscInt column)
{
  return block + (size_t)column * (size_t)s->ld;
}

/* gcrodr.c, deflated.c: constructors */
PETSC_INTERN PetscErrorCode KSPRecycleCreate_GCRODR(KSP);
PETSC_INTERN PetscErrorCode KSPRecycleCreate_RCG(KSP);
PETSC_INTERN PetscErrorCode KSPRecycleCreate_RMINRES(KSP);

/* recycle.c: options and public calls */
PETSC_INTERN PetscErrorCode KSPRecycleSetFromOptions(KSP, const char *type, PetscOptionItems *);
PETSC_INTERN PetscErrorCode KSPRecycleCompose(KSP, PetscBool on);
/* the options' initial values */
PETSC_INTERN void KSPRecycleInit(KSPRecycle *);
/* the layout of the solution, windows; an error for vectors that are not in main memory */
PETSC_INTERN PetscErrorCode KSPRecycleLayout(KSP);
PETSC_INTERN PetscErrorCode KSPRecycleLayoutFree(KSPRecycle *);

/* after a recomputed residual: ends the solve where round-off stands in the way */
PETSC_INTERN void KSPRecycleStall(KSP, PetscBool passed, PetscReal norm, PetscReal *best,
                                  PetscInt *stalls);

/* recycle_block.c */
/* h = X'w for columns of X, h[columns] = a'b: one reduction */
PETSC_INTERN PetscErrorCode KSPRecycleDots2(KSP, PetscScalar *X, PetscInt columns,
                                            const PetscScalar *w, const PetscScalar *a,
                                            const PetscScalar *b, PetscScalar *h);
/* the same with a = b = w */
PETSC_INTERN PetscErrorCode KSPRecycleDots(KSP, PetscScalar *X, PetscInt columns,
                                           const PetscScalar *w, PetscScalar *h);
/* w += sign X h */
PETSC_INTERN PetscErrorCode KSPRecycleCombine(KSP, PetscReal sign, PetscScalar *X, PetscInt columns,
                                              const PetscScalar *h, PetscScalar *w);
PETSC_INTERN PetscErrorCode KSPRecycleSum(KSP, PetscScalar *values, PetscInt count);
/* S (lds) = X'Y, this process's part only */
PETSC_INTERN PetscErrorCode KSPRecycleGram(KSP, PetscScalar *X, PetscInt nx, PetscScalar *Y,
                                           PetscInt ny, PetscScalar *S, PetscInt lds);
/* to = [X1 X2] Q, n1 + n2 rows of Q, ldq; to may be X1 */
PETSC_INTERN PetscErrorCode KSPRecycleRotate(KSP, PetscScalar *X1, PetscInt n1, PetscScalar *X2,
                                             PetscInt n2, const PetscScalar *Q, PetscInt ldq,
                                             PetscInt columns, PetscScalar *to);
/* X = X R^-1, R upper triangular */
PETSC_INTERN PetscErrorCode KSPRecycleDivide(KSP, PetscScalar *X, PetscInt columns,
                                             const PetscScalar *R, PetscInt ldr);
/* z = M^-1 v; w = A v; counted */
PETSC_INTERN PetscErrorCode KSPRecyclePrecondition(KSP, PetscScalar *v, PetscScalar *z);
PETSC_INTERN PetscErrorCode KSPRecycleApplyOperator(KSP, PetscScalar *v, PetscScalar *w);

/* recycle_space.c */
/* did operator or preconditioner change since the key was noted? notes the new one */
PETSC_INTERN PetscErrorCode KSPRecycleChanged(KSP, PetscBool *changed);
PETSC_INTERN PetscErrorCode KSPRecycleTakePending(KSP);
PETSC_INTERN PetscErrorCode KSPRecycleDropPending(KSPRecycle *);
/* recycle_fit.c */
/* C = B U, then dual'C = I: U and C (and M^-1 C) are divided by R (kk x kk; may be NULL), whose
   condition is about *spread. *dropped: dependent vectors were thrown out, R is not what was divided by */
PETSC_INTERN PetscErrorCode KSPRecycleFit(KSP, PetscScalar *R, PetscReal *spread,
                                          PetscBool *dropped);
PETSC_INTERN PetscErrorCode KSPRecycleScaleColumn(KSP, PetscInt column, PetscReal factor);
/* x += U dual'r, r -= C dual'r: the best the space can do */
PETSC_INTERN PetscErrorCode KSPRecycleProject(KSP, Vec r, Vec x);
/* an error if -ksp_<type>_check is asked for and the space does not pass */
PETSC_INTERN PetscErrorCode KSPRecycleCheck(KSP);
PETSC_INTERN PetscErrorCode KSPRecycleComposeSpace(KSP, PetscBool on);

/* recycle_small.c: dense problems. They run on one process; the caller broadcasts what they give */
/* S = R'R in place (upper); *ok = false if S is not safely positive definite */
PETSC_INTERN PetscErrorCode KSPRecycleCholesky(PetscInt n, PetscScalar *S, PetscBool *ok);
/* P y = mu Q y, symmetric, Q positive definite: ascending values, vectors in P with Y'Q Y = I */
PETSC_INTERN PetscErrorCode KSPRecyclePencil(PetscInt n, PetscScalar *P, PetscScalar *Q,
                                             PetscReal *values, PetscBool *ok);
