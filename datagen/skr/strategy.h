/**
 * strategy - the ways in which a sequence of linear systems can be solved, by name
 *
 * What `-sequence_strategy` chooses from. A strategy is a Krylov method with its preconditioner and
 * what it keeps from one system to the next. `manual` and `skr` leave room for -ksp_... and -pc_...
 * options; `auto` measures the single strategies that fit the problem and takes the fastest
 * (datagen/choose.h). Every label passes the same test, whoever made it.
 */
#pragma once

#include <petscksp.h>
#include <stdbool.h>
#include <stddef.h>

/* name, help. The single ones in the order in which they are tried; numbers are stored in files: new
   ones go to the end of their list. */
#define FH_STRATEGY_OPEN_LIST(X)                                                                   \
  X(MANUAL, "manual",                                                                              \
    "what -ksp_ and -pc_ options say; CG + Cholesky, ICC(0) or GAMG, GMRES + LU")                  \
  X(SKR, "skr", "Sorting Krylov Recycling as published: GCRO-DR(40, 20), left ICC(0) or ILU(0)")   \
  X(AUTO, "auto", "measures the strategies below that fit, and takes the fastest")
#define FH_STRATEGY_SINGLE_LIST(X)                                                                 \
  X(CHOLESKY, "cholesky", "sparse Cholesky factor of every matrix, symbolic factor kept")          \
  X(LU, "lu", "sparse LU factors of every matrix, symbolic factors kept")                          \
  X(CG_ICC, "cg_icc", "CG with ICC(0)")                                                            \
  X(CG_GAMG, "cg_gamg", "CG with PETSc's algebraic multigrid")                                     \
  X(CG_BOOMERAMG, "cg_boomeramg", "CG with hypre's algebraic multigrid")                           \
  X(RCG_ICC, "rcg_icc", "CG that recycles a space, with ICC(0)")                                   \
  X(BCGS_ILU, "bcgs_ilu", "BiCGStab with ILU(0)")                                                  \
  X(FASTELLIPTIC, "fastelliptic",                                                                  \
    "CG or GMRES with transforms that invert a mean operator on a box")                            \
  X(FROZEN, "frozen", "factors of one matrix for many, renewed when that pays")                    \
  X(BATCHED_MULTIGRID, "batched_multigrid", "CG on stencils, several systems at a time, V-cycles") \
  X(CONSTANT, "constant", "one matrix: inverted once, right-hand sides in blocks")

typedef enum {
#define FH_STRATEGY_ENUM(code, name, help) FH_STRATEGY_##code,
  FH_STRATEGY_OPEN_LIST(FH_STRATEGY_ENUM) FH_STRATEGY_SINGLE_LIST(FH_STRATEGY_ENUM)
#undef FH_STRATEGY_ENUM
      FH_STRATEGY_COUNT
} fh_strategy;
enum { FH_STRATEGY_FIRST_SINGLE = FH_STRATEGY_AUTO + 1 };

/** All names, NULL-terminated. */
extern const char *const fh_strategy_names[];
/** "none", then the single ones: what auto may choose; entry c > 0 is strategy
    FH_STRATEGY_FIRST_SINGLE + c - 1. */
extern const char *const fh_strategy_choices[];
const char *fh_strategy_help(fh_strategy strategy);

/** What is known about the matrices of a sequence beforehand. */
typedef struct {
  bool symmetric, positive_definite;
  bool constant;      /* the matrix is the same for every system */
  bool judged;        /* the problem may refuse a solution: it wants vectors, one at a time */
  bool box;           /* a grid is attached for fastelliptic */
  bool stencil;       /* and the problem gives its systems as stencils on it */
  int dim;            /* of the grid: factors of 3-D matrices fill in */
  ptrdiff_t unknowns; /* 0: not known */
} fh_sequence_hint;

/**
 * fh_strategy_unfit - why a strategy cannot be used, or is hopeless
 *
 * ranks: that solve a system together. Returns NULL if it can be used; else half a sentence.
 */
const char *fh_strategy_unfit(fh_strategy strategy, const fh_sequence_hint *hint, int ranks);
/** Several systems at a time, without a KSP. */
bool fh_strategy_is_batched(fh_strategy strategy);
/**
 * fh_strategy_apply - set the type of a KSP and of its PC
 *
 * Before KSPSetFromOptions. Logically collective on the KSP, whose communicator has `ranks` ranks.
 */
PetscErrorCode fh_strategy_apply(fh_strategy strategy, const fh_sequence_hint *hint, int ranks,
                                 KSP ksp);
