/**
 * convection - steady transport by a random flow: div(b u - diffusion grad u) = f on the unit square,
 * u = 0 on the boundary
 *
 * The velocity b = speed * (dpsi/dy, -dpsi/dx) of a random stream function psi is free of divergence;
 * its components at the cell centres are the inputs, u the output; all dimensionless. The matrix is not
 * symmetric. Schemes: docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_CONVECTION_EXPONENTIAL, /* exact in one dimension: monotone for every velocity */
  FH_CONVECTION_CENTRAL,     /* oscillates where the velocity times h exceeds 2 diffusion */
  FH_CONVECTION_UPWIND       /* monotone, first order */
} fh_convection_scheme;

typedef struct {
  int scheme;       /* fh_convection_scheme */
  int flow;         /* 0: random stream function, 1: one with a known solution, for tests */
  double diffusion; /* > 0 */
  double speed;     /* factor of the velocity */
  double source;    /* f */
  fh_grf_law law;   /* of psi */
} fh_convection_config;

extern const fh_problem_class fh_convection_class;

/** Exact solution of the manufactured flow. */
double fh_convection_exact(double x, double y);
