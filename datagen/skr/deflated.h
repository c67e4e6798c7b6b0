/**
 * deflated - CG and MINRES that carry a deflation space from system to system, as PETSc KSP types
 *
 *     -ksp_type rcg     -ksp_rcg_recycle 20     -pc_type icc      A symmetric positive definite
 *     -ksp_type rminres -ksp_rminres_recycle 20 -pc_type jacobi   A symmetric, indefinite or singular
 *
 * Short recurrences: a step costs a product with A, an application of M^-1, and two passes over one
 * block of k vectors; nothing is restarted. M must be symmetric positive definite. What they share with
 * gcrodr - the life of the space, the calls to read and set it, counts - is in recycle.h.
 *
 * The operator is deflated by the space U (k products with A in every system whose matrix changed; rminres
 * also k applications of M^-1), and the iteration sees what is left:
 *   rcg      (I - C U')A, C = A U, U'C = I     Saad, Yeung, Erhel, Guyomarc'h, SIAM J. Sci. Comput. 21(5), 2000
 *   rminres  (I - C C'M^-1)A, C'M^-1 C = I     Wang, de Sturler, Paulino, Int. J. Numer. Meth. Eng. 69, 2007
 * A solve that refreshes the space collects its Lanczos vectors in a window of m columns and, each time
 * that is full, replaces them by the 2k that eigCG keeps (Stathopoulos, Orginos, SIAM J. Sci. Comput.
 * 32(1), 2010): k Ritz vectors with the last direction, k without it. All inner products that this needs
 * fall off the recurrences. Vectors: rcg Ritz vectors of M^-1 A, smallest values; rminres harmonic
 * ones, smallest magnitudes.
 *
 * Norms: preconditioned (default), unpreconditioned, natural, none. Convergence is never taken from the
 * recurrence alone: the residual is recomputed, and if it does not pass, the iteration goes on from it.
 *
 * Options, <type> rcg or rminres (prefix of the KSP applies)
 *   -ksp_<type>_recycle k   recycled vectors, 20; 0 is CG, MINRES
 *   -ksp_<type>_window m    columns of the window, the kept ones included, 4k; at least k + 3
 *   -ksp_<type>_refresh r   refresh the space in every r-th solve, 4; 0 freezes a space that is there
 *   -ksp_<type>_refresh_eager c   the first c solves of a space refresh anyway, 3
 *   -ksp_<type>_fresh       no space: CG, MINRES
 *   -ksp_<type>_check tol   an error if, after fitting, U'C = I (C'M^-1 C = I) or A U = C is violated by more;
 *                           0 (off); costs k products each time
 */
#pragma once

#include "datagen/skr/recycle.h"

/** -ksp_<type>_window; PETSC_DEFAULT: 4 times the recycled vectors. Logically collective. */
PetscErrorCode KSPDeflatedSetWindow(KSP ksp, PetscInt columns);
