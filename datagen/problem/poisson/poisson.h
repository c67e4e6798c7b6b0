/**
 * poisson - -Laplace u = f on the unit square, u = g on its boundary
 *
 * Source f and boundary values g (inputs) are random, the matrix is the same for every sample. All
 * dimensionless. Laws with their sources: docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_POISSON_CHEBYSHEV,   /* f a polynomial in x and y, g one along each side */
  FH_POISSON_CHEBYSHEV_X, /* as published 2024: all five polynomials in x alone */
  FH_POISSON_FIELD,       /* f a Gaussian random field, g = 0 and not stored */
  FH_POISSON_MANUFACTURED /* exact solution known: order of convergence */
} fh_poisson_law;

typedef struct {
  int law;          /* fh_poisson_law */
  ptrdiff_t degree; /* of the polynomials */
  double amplitude; /* coefficients are uniform on (-amplitude, amplitude); factor of the field */
  fh_grf_law field;
} fh_poisson_config;

extern const fh_problem_class fh_poisson_class;

/** Exact solution of the manufactured case at a point. */
double fh_poisson_exact(double x, double y);
