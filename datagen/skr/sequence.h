/**
 * sequence - solving one linear system after another, each to a tolerance that is checked
 *
 * The matrix is one Mat object whose values change from system to system (unless it is constant), so
 * that whatever KSP and PC keep - symbolic factors, recycled spaces - survives. How systems are solved
 * is a strategy (strategy.h); what -ksp_... and -pc_... options say comes on top of it, unless `auto`
 * chose it (then: -auto_NAME_ksp_...). A solution is accepted only if the solver converged and the
 * residual recomputed from scratch, ||b - A x|| / ||b||, is within the tolerance. If it is not, a
 * ladder of other solvers is climbed:
 *   0  the strategy; where its own test was too lenient, again with a tighter one
 *   1  FGMRES(100) with ILU(2); several ranks: ASM with overlap 2, ILU(0)   (options: -retry_...)
 *   2  sparse LU with iterative refinement, MUMPS where there is one    (options: -direct_...)
 */
#pragma once

#include <petscksp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "datagen/skr/stencil.h"
#include "datagen/skr/strategy.h"

typedef struct {
  double tolerance; /* of the recomputed relative residual */
  bool warm_start;  /* start from the previous solution of the sequence */
  int strategy;     /* fh_strategy */
  int choice;       /* what `auto` chose, an entry of fh_strategy_choices; 0: nothing yet */
} fh_sequence_config;

#define FH_SEQUENCE_FIELDS(type, member)                                                           \
  {"tolerance",                                                                                    \
   FH_FIELD_REAL,                                                                                  \
   offsetof(type, member.tolerance),                                                               \
   "1e-8",                                                                                         \
   0.0,                                                                                            \
   1.0,                                                                                            \
   NULL,                                                                                           \
   "accepted ||b - A u|| / ||b||, recomputed for every sample; in time: error of a step"},         \
      {"sequence_strategy",                                                                        \
       FH_FIELD_ENUM,                                                                              \
       offsetof(type, member.strategy),                                                            \
       "manual",                                                                                   \
       0.0,                                                                                        \
       0.0,                                                                                        \
       fh_strategy_names,                                                                          \
       "how the systems are solved; manual: by -ksp_ and -pc_ options, skr: as published, auto: "  \
       "measures the others and takes the fastest"},                                               \
      {"sequence_choice",                                                                          \
       FH_FIELD_ENUM,                                                                              \
       offsetof(type, member.choice),                                                              \
       "none",                                                                                     \
       0.0,                                                                                        \
       0.0,                                                                                        \
       fh_strategy_choices,                                                                        \
       "what auto chose: written into the file, so that the same set is made again without "       \
       "measuring"},                                                                               \
  {                                                                                                \
    "warm_start", FH_FIELD_BOOL, offsetof(type, member.warm_start), "false", 0.0, 0.0, NULL,       \
        "start every solve from the previous solution of the sequence"                             \
  }

/** The strategy in use: what was asked, what auto chose; AUTO if it has not chosen yet. */
fh_strategy fh_sequence_strategy(const fh_sequence_config *config);

typedef struct {
  bool accepted;
  int rung;           /* that accepted; the last one tried if none did */
  int32_t iterations; /* of all rungs together */
  double residual;    /* recomputed; NaN if there is none */
  const char *why;    /* not accepted: the last solver's reason in PETSc's words */
} fh_solve_report;

typedef struct fh_sequence fh_sequence;

/**
 * fh_sequence_create - a sequence of systems with this matrix
 *
 * Collective on the communicator of matrix, which has its structure and is not owned. Reads the
 * options database without a prefix.
 */
fh_status fh_sequence_create(Mat matrix, const fh_sequence_hint *hint,
                             const fh_sequence_config *config, fh_sequence **sequence) FH_MUST;
void fh_sequence_destroy(fh_sequence **sequence);
/**
 * fh_sequence_solve - solve with the matrix's present values
 *
 * Collective. x need not be set. A system that no rung solves is no error: report->accepted is false
 * on all ranks.
 */
fh_status fh_sequence_solve(fh_sequence *s, Vec b, Vec x, fh_solve_report *report) FH_MUST;
/**
 * fh_sequence_trial - one system by the strategy alone, for measuring it
 *
 * Collective. No ladder is climbed; iterations that go on for more than `seconds` are given up, which
 * is a failure of the system.
 */
fh_status fh_sequence_trial(fh_sequence *s, Vec b, Vec x, double seconds,
                            fh_solve_report *report) FH_MUST;
/* ---- several systems at a time --------------------------------------------------------------------- */

/** How many systems are solved together by a batched strategy (batch.h, constant.h); 0: it is none. */
ptrdiff_t fh_sequence_slots(const fh_sequence *s);
/** Number i of them, to be filled: a stencil; NULL where the matrix is constant. */
fh_stencil *fh_sequence_slot(fh_sequence *s, ptrdiff_t i);
/** Of a constant matrix, which must be assembled: right-hand side number i, to be filled; else NULL. */
Vec fh_sequence_slot_rhs(fh_sequence *s, ptrdiff_t i);
/**
 * fh_sequence_solve_slots - solve the first count systems: rung 0 for each of them
 *
 * One rank. seconds: as in a trial; 0: no limit. What fails here is for fh_sequence_climb.
 */
void fh_sequence_solve_slots(fh_sequence *s, ptrdiff_t count, double seconds,
                             fh_solve_report *reports);
/** The solution of number i, until the next call. */
const double *fh_sequence_slot_solution(const fh_sequence *s, ptrdiff_t i);
/** The ladder beyond rung 0, for a system whose rung 0 is in the report; continues it. Collective. */
fh_status fh_sequence_climb(fh_sequence *s, Vec b, Vec x, fh_solve_report *report) FH_MUST;

/** The strategy that it uses: never AUTO. */
fh_strategy fh_sequence_in_use(const fh_sequence *s);
/** "cholesky: cg + cholesky": strategy and solver, for logs. */
void fh_sequence_describe(const fh_sequence *s, char *text, size_t bytes);
/** ||b - A x|| / ||b|| (||A x|| for b = 0). Collective. */
PetscErrorCode fh_sequence_residual(Mat matrix, Vec b, Vec x, Vec work, double *residual);
