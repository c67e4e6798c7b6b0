/**
 * recycle - what the Krylov methods that carry a subspace from system to system have in common
 *
 *   gcrodr    general matrices, restarted          gcrodr.h
 *   rcg       symmetric positive definite ones     deflated.h
 *   rminres   symmetric indefinite ones            deflated.h
 *
 * After KSPRecycleRegister() any PETSc program can say -ksp_type gcrodr, rcg or rminres. The space
 * lives in the KSP. It is kept in the space of solutions, so it stays meaningful when the matrix or the
 * preconditioner changes: it survives KSPSetOperators() with the same or another Mat of the same
 * layout, and is forgotten by KSPReset(). At the beginning of a solve it is fitted to the operator
 * of the moment, unless nothing has changed. A preconditioner that changes without PETSc knowing (a shell's
 * context) cannot be seen: give the space back with KSPRecycleGetSpace() and KSPRecycleSetSpace(),
 * which marks it as not fitted. Real double precision.
 *
 * Options, <type> one of the three; the prefix of the KSP applies
 *   -ksp_<type>_recycle k   recycled vectors; 0: plain GMRES(m), CG, MINRES
 *   -ksp_<type>_refresh r, -ksp_<type>_refresh_eager c   when the space is improved: see the type
 *   -ksp_<type>_fresh       forget the space before every solve
 *   -ksp_<type>_check tol   an error if the space does not fit its operator to tol; costs k products
 *
 * The calls below do nothing, or are an error if they ask for something, on a KSP of another type.
 */
#pragma once

#include <petscksp.h>

#define KSPGCRODR "gcrodr"
#define KSPRCG "rcg"
#define KSPRMINRES "rminres"

/** Work of the last solve; set-up of a recycled space and recomputed residuals included. */
typedef struct {
  PetscInt iterations;
  PetscInt cycles; /* of gcrodr; of the others: 1 + restarts after a residual that did not pass */
  PetscInt refreshes;       /* times new vectors were extracted */
  PetscInt operators;       /* products with A */
  PetscInt preconditioners; /* applications of M^-1 */
  PetscInt reductions;      /* global sums of the method itself */
  PetscInt adaptations;     /* times the space was fitted to an operator (k products each) */
} KSPRecycleCounts;

/**
 * KSPRecycleRegister - make the three types known to KSPSetType() and -ksp_type
 *
 * Not collective, but every process must call it, after PetscInitialize(); again is harmless.
 */
PetscErrorCode KSPRecycleRegister(void);

/** Recycled vectors; PETSC_DEFAULT: the type's own default. Logically collective. */
PetscErrorCode KSPRecycleSetRecycle(KSP ksp, PetscInt recycle);
/** -ksp_<type>_refresh and -ksp_<type>_refresh_eager. Logically collective. */
PetscErrorCode KSPRecycleSetRefresh(KSP ksp, PetscInt every, PetscInt eager);
/** -ksp_<type>_fresh. Logically collective. */
PetscErrorCode KSPRecycleSetFresh(KSP ksp, PetscBool fresh);

/**
 * KSPRecycleSetSpace - recycle these vectors from the next solve on
 *
 * Collective. The n vectors, in the space of solutions, are copied; they need not be orthogonal, and
 * dependent ones are dropped. n = 0 forgets the space. More than the type has room for is an error of
 * that solve.
 */
PetscErrorCode KSPRecycleSetSpace(KSP ksp, PetscInt n, Vec U[]);
/**
 * KSPRecycleGetSpace - a copy of the recycled vectors
 *
 * Collective. Free it with VecDestroyVecs(n, &U); n may be 0, U is NULL then.
 */
PetscErrorCode KSPRecycleGetSpace(KSP ksp, PetscInt *n, Vec *U[]);
/** Work of the last solve. Not collective. */
PetscErrorCode KSPRecycleGetCounts(KSP ksp, KSPRecycleCounts *counts);
/**
 * KSPRecycleGetDefect - how well the space fits the operator it was fitted to
 *
 * Collective. With B = M^-1 A (gcrodr, left) or A, orthogonality is the largest entry of C'C - I
 * (gcrodr), U'C - I (rcg) or C'M^-1 C - I (rminres), relation the largest ||B u_i - c_i|| / ||c_i||.
 * noise: the largest eps ||B|| ||u_i|| / ||c_i||, what evaluating B u_i in this arithmetic is uncertain
 * by; it matters for nearly singular B, where u_i is long. All zero without a fitted space. Costs an
 * application of B for every vector; not in the counts.
 */
PetscErrorCode KSPRecycleGetDefect(KSP ksp, PetscReal *orthogonality, PetscReal *relation,
                                   PetscReal *noise);
