/**
 * stepper - time steps for u' = -d u + N(u), d >= 0 diagonal
 *
 * ETDRK4 (Cox & Matthews, J. Comput. Phys. 176, 2002): the linear part exactly, N by a Runge-Kutta
 * method of four stages; fourth order, without d the classical Runge-Kutta method. The slope N(u) at the
 * end of a step is the first of the next one; with it comes an estimate of the error at no cost: the
 * method whose last stage is replaced by it is of third order, and the two differ by
 * f3 (N_4 - N_5). Steps are chosen so that this difference, relative to the largest norm so far (L2),
 * stays below a tolerance, and that no wave moves more than a given number of cells in a step.
 *
 * CN_EULER: d by Crank-Nicolson, N by one explicit Euler step; first order: what the published
 * Navier-Stokes sets were made with. Its estimate is h/2 (N_2 - N_1).
 *
 * The coefficients of a sample may be spread over ranks; all ranks take the same steps.
 */
#pragma once

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

typedef enum { FH_ETDRK4, FH_CN_EULER } fh_stepper_method;

/** The equation, as a method sees it: m complex numbers (re, im) on this rank. */
typedef struct {
  MPI_Comm comm; /* not owned; returns errors */
  ptrdiff_t modes;
  const double *decay;  /* [modes]: d */
  const double *weight; /* [modes] of |u|^2 in the norm */
  /* Collective. slope = N(state), both [modes][2]; *courant: cells that the fastest wave of this rank
     moves through in unit time. */
  fh_status (*slope)(void *context, const double *state, double *slope, double *courant);
  void *context;
} fh_stepper_equation;

typedef struct {
  fh_stepper_method method;
  double dt; /* fixed step (shortened to fit the times asked for); 0: chosen, ETDRK4 only */
  /* cells a wave may move in a step: more fails a fixed step, limits a chosen one */
  double courant;
} fh_stepper_rules;

/** What happened since the last restart. */
typedef struct {
  int64_t steps, rejected;
  double error; /* the largest estimate of an accepted step */
} fh_stepper_report;

typedef struct fh_stepper fh_stepper;

/** Not collective; equation is copied, what it points to must outlive the stepper. */
fh_status fh_stepper_create(const fh_stepper_equation *equation, const fh_stepper_rules *rules,
                            fh_stepper **stepper) FH_MUST;
void fh_stepper_destroy(fh_stepper **stepper);
/** Forgets the past: a new sample. tolerance: of the estimated relative error of a step, if steps are
 *  chosen. */
void fh_stepper_restart(fh_stepper *stepper, double tolerance);
/**
 * fh_stepper_advance - state [modes][2] from time t to end, in place
 *
 * Collective. Errors: FH_ERR_NUMERIC if the state is not finite, a fixed step is too long for the
 * waves, or no step is short enough for the tolerance; the sentence says when and what helps.
 */
fh_status fh_stepper_advance(fh_stepper *stepper, double t, double end, double *state) FH_MUST;
const fh_stepper_report *fh_stepper_what(const fh_stepper *stepper);
