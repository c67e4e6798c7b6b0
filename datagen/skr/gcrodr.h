/**
 * gcrodr - GCRO-DR(m, k), a Krylov method that recycles a subspace, as a PETSc KSP type
 *
 * GMRES with deflated restarting that carries the k directions in which the operator is weakest from
 * one cycle to the next and from one system to the next (Parks, de Sturler, Mackey, Johnson, Maiti,
 * SIAM J. Sci. Comput. 28(5), 2006). After KSPRecycleRegister() any PETSc program can say
 *
 *     -ksp_type gcrodr -ksp_gcrodr_restart 40 -ksp_gcrodr_recycle 20
 *
 * What it shares with rcg and rminres - the life of the space, the calls to read and set it, counts - is in
 * recycle.h.
 *
 * Preconditioning and norm
 *   left      (default) B = M^-1 A, preconditioned norm. With -ksp_norm_type unpreconditioned the
 *             solve goes on until ||b - A x|| itself has met the tolerance.
 *   right     -ksp_pc_side right: true norm. The space is carried in x, not in M x.
 *   flexible  -ksp_gcrodr_flexible: right, and M may change from one application to the next.
 * Convergence is never taken from the recurrence alone: the residual is recomputed after every cycle,
 * and that one has to pass.
 *
 * Options (prefix of the KSP applies)
 *   -ksp_gcrodr_restart m    vectors in a cycle, recycled ones included, 40; -ksp_gmres_restart too
 *   -ksp_gcrodr_recycle k    recycled vectors, 0 <= k < m, m/2; 0 is GMRES(m)
 *   -ksp_gcrodr_fresh        forget the space before every solve: GMRES-DR, the fair baseline
 *   -ksp_gcrodr_refresh r    improve the space at the end of every r-th cycle, 1; 0 freezes a space
 *                            that is there when a solve begins
 *   -ksp_gcrodr_refresh_eager c   the first c cycles of a solve refresh anyway, 3
 *   -ksp_gcrodr_ritz exact|published   see KSPGCRODRRitz
 *   -ksp_gcrodr_cgs_refinement_type refine_always|refine_ifneeded|refine_never   second pass of the
 *                            orthogonalisation; a pass costs one reduction
 *                            (KSPGMRESSetCGSRefinementType)
 *   -ksp_gcrodr_flexible     see above
 *   -ksp_gcrodr_check tol    an error if, after a refresh, C'C = I or B U = C is violated by more (more
 *                            than eight times the noise of KSPRecycleGetDefect beside it); 0 (off);
 *                            costs k applications each time
 */
#pragma once

#include "datagen/skr/recycle.h"

/**
 * Which vectors the space is made of.
 *   exact      harmonic Ritz vectors of the smallest values; a conjugate pair at the limit is kept
 *              whole, the space then has k+1 vectors
 *   published  what the solver behind the published SKR tables does (left preconditioning): in the first
 *              cycle the harmonic term is multiplied by the squared cosine of the last Givens
 *              rotation, so that a stagnating cycle gives Ritz vectors; a pair at the limit loses one
 *              of its columns, the space never has more than k vectors, and never grows again
 */
typedef enum { KSP_GCRODR_RITZ_EXACT, KSP_GCRODR_RITZ_PUBLISHED } KSPGCRODRRitz;

/** Vectors in a cycle. Logically collective. Keeps the space (its first m-1 vectors). */
PetscErrorCode KSPGCRODRSetRestart(KSP ksp, PetscInt restart);
/** -ksp_gcrodr_flexible; sets the side to right unless one was chosen. Logically collective. */
PetscErrorCode KSPGCRODRSetFlexible(KSP ksp, PetscBool flexible);
/** -ksp_gcrodr_ritz. Logically collective. */
PetscErrorCode KSPGCRODRSetRitz(KSP ksp, KSPGCRODRRitz ritz);

/* the common calls by the names of this type */
typedef KSPRecycleCounts KSPGCRODRCounts;
#define KSPGCRODRRegister KSPRecycleRegister
#define KSPGCRODRSetRecycle KSPRecycleSetRecycle
#define KSPGCRODRSetRefresh KSPRecycleSetRefresh
#define KSPGCRODRSetFresh KSPRecycleSetFresh
#define KSPGCRODRSetSpace KSPRecycleSetSpace
#define KSPGCRODRGetSpace KSPRecycleGetSpace
#define KSPGCRODRGetCounts KSPRecycleGetCounts
#define KSPGCRODRGetDefect KSPRecycleGetDefect
