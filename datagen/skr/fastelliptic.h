/**
 * fastelliptic - fast inverses of separable elliptic operators on boxes, as a PETSc PC type
 *
 * Preconditions -div(a grad u) + ... on a box with the exact inverse of an operator L that separates,
 *
 *     L = T0 x M1 x M2 + M0 x T1 x M2 + M0 x M1 x T2 + shift M0 x M1 x M2,
 *
 * T_a tridiagonal (periodic: cyclic) and M_a diagonal matrices of one axis: the constant-coefficient
 * operator, or one whose coefficient is a product of functions of one axis each. All axes but the first
 * are diagonalised, by sine, cosine or Fourier transforms (FFTW) or, on short axes and for varying
 * coefficients, by products with the matrix of eigenvectors (fast diagonalisation: Lynch, Rice, Thomas,
 * Numer. Math. 6, 1964; folded into even and odd halves where the axis is symmetric); the first axis is
 * a tridiagonal solve for every mode. L is exact where A = L: one iteration. Otherwise the condition
 * number is at most the contrast max a / min a, whatever the grid. After FHPCFastEllipticRegister():
 *
 *     -ksp_type cg -pc_type fastelliptic
 *
 * Options (prefix of the PC applies)
 *   -pc_fastelliptic_scaling none|diagonal|auto    none: L^-1 / c, c the mean of diag A / diag L;
 *                    diagonal: S L^-1 S, S = (diag L / diag A)^1/2 (Concus, Golub, SIAM J. Numer. Anal.
 *                    10, 1973): better for smooth coefficients, worse, and growing with the grid, for
 *                    jumps; auto (default) decides anew for every matrix, see fastelliptic_scale.c
 *   -pc_fastelliptic_precision single|double|auto  of the transforms, not of the Krylov method. auto:
 *                    single while no axis is longer than 512 points and there is no reaction term. Single costs no iterations down to
 *                    residuals of 1e-12 or so, but is no exact inverse: 1e-6
 *   -pc_fastelliptic_dense n                       axes of at most n points are transformed by products
 *                    of matrices (256); what FFTW has no transform for always is
 *
 * Distributed matrices: planes of the first axis are split over the ranks, transforms of the other axes
 * are local, and one all-to-all before and one after the tridiagonal solves bring whole lines together.
 * The entries of A are not looked at but for its diagonal. For L - k^2 the inverse is exact too, in
 * double precision; there are no pivots to choose along the first axis, so that a shift which makes one of
 * them vanish is moved by a thousandth. A singular L (all sides Neumann or periodic,
 * shift 0) is replaced by its pseudo-inverse; attach the constant null space to A.
 */
#pragma once

#include <petscksp.h>
#include <stdbool.h>

#define FHPCFASTELLIPTIC "fastelliptic"

/** What is at one end of an axis; where the first unknown lies tells cells from nodes. */
typedef enum {
  FH_SIDE_DIRICHLET_CELL, /* u = 0 half a spacing beyond the first unknown (finite volumes) */
  FH_SIDE_DIRICHLET_NODE, /* u = 0 a whole spacing beyond it (interior nodes are the unknowns) */
  FH_SIDE_NEUMANN_CELL,   /* no flux, half a spacing beyond it */
  FH_SIDE_NEUMANN_NODE,   /* no flux at the unknown itself, whose volume is halved */
  FH_SIDE_PERIODIC        /* on both ends or on none */
} FHSide;

/** The grid of the unknowns and the operator L; unknown (i, j, k) is number (i n1 + j) n2 + k. */
typedef struct {
  PetscInt dim;         /* 1, 2 or 3 */
  PetscInt n[3];        /* unknowns per axis; the last of dim axes is contiguous */
  FHSide side[3][2];    /* lower and upper end of every axis */
  PetscReal spacing[3]; /* distance of neighbours, > 0 */
  PetscReal shift;      /* >= 0 */
  /* A is L and a reaction term that varies (-k(x)^2 of Helmholtz' equation): L is shifted by its mean,
     which is that of diag A - diag L and may make L indefinite; nothing is scaled. */
  bool reaction;
  /* Separable coefficients, NULL: 1. face[a][0..n]: conductivity between i-1 and i (the ends: towards
     the boundary; periodic: face 0), weight[a][0..n): mass of the unknowns. All > 0. */
  const PetscReal *face[3], *weight[3];
} FHEllipticGrid;

typedef enum {
  FH_ELLIPTIC_SCALING_NONE,
  FH_ELLIPTIC_SCALING_DIAGONAL,
  FH_ELLIPTIC_SCALING_AUTO
} FHEllipticScaling;
typedef enum {
  FH_ELLIPTIC_SINGLE,
  FH_ELLIPTIC_DOUBLE,
  FH_ELLIPTIC_PRECISION_AUTO
} FHEllipticPrecision;

/** Makes "fastelliptic" known to PCSetType() and -pc_type. Every process calls it; again is harmless. */
PetscErrorCode FHPCFastEllipticRegister(void);
/**
 * FHPCFastEllipticSetGrid - describe the grid that a matrix lives on
 *
 * object: the matrix (whoever assembles it calls this once; any PC finds it there), or a PC, which then
 * prefers it to its matrix's. Logically collective. The description is copied, arrays included; a
 * matrix keeps it until it is destroyed or described again.
 * Errors: PETSC_ERR_ARG_OUTOFRANGE, PETSC_ERR_ARG_INCOMP for what is no grid.
 */
PetscErrorCode FHPCFastEllipticSetGrid(PetscObject object, const FHEllipticGrid *grid);
/** What was attached to an object, or NULL; owned by it. Not collective. */
PetscErrorCode FHPCFastEllipticGetGrid(PetscObject object, const FHEllipticGrid **grid);
/** -pc_fastelliptic_scaling, _precision, _dense. Logically collective. */
PetscErrorCode FHPCFastEllipticSetScaling(PC pc, FHEllipticScaling scaling);
PetscErrorCode FHPCFastEllipticSetPrecision(PC pc, FHEllipticPrecision precision);
PetscErrorCode FHPCFastEllipticSetDense(PC pc, PetscInt most);
/** Whether the present matrix is scaled by its diagonal. Not collective; after PCSetUp(). */
PetscErrorCode FHPCFastEllipticGetScaled(PC pc, PetscBool *scaled);
