/**
 * helmholtz - time-harmonic waves: -Laplace u - k(x)^2 u = f on the unit square, k = omega / c(x)
 *
 * The wave speed c (input) varies from sample to sample, the wave u (output) is the label; all
 * dimensionless. u = 0, du/dn = g or du/dn - i k u = g on the boundary; with the last one u is
 * complex, and stored and solved for as its real and imaginary part. The matrix is symmetric and, for
 * wave numbers above the first eigenvalue, indefinite. Laws, schemes, resonance: docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_HELMHOLTZ_FV, /* cells, 5-point; every boundary */
  FH_HELMHOLTZ_Q1  /* vertices, bilinear elements on rectangles, 3x3 Gauss points; Neumann */
} fh_helmholtz_scheme;

typedef enum {
  FH_HELMHOLTZ_LINEAR,      /* k = omega / speed * (1 + amplitude * field) */
  FH_HELMHOLTZ_TANH,        /* c = speed + amplitude * tanh(field) */
  FH_HELMHOLTZ_MANUFACTURED /* smooth k, f and g of a known solution: order of convergence */
} fh_helmholtz_medium;

typedef enum {
  FH_HELMHOLTZ_CONSTANT, /* f = source */
  FH_HELMHOLTZ_GAUSSIAN, /* f = source * exp(-|x - centre|^2 / (2 width^2)), centre of the square */
  FH_HELMHOLTZ_TOP_FLUX  /* f = 0, du/dn = source where y = 1 and |x - 1/2| <= width, else 0 */
} fh_helmholtz_drive;

typedef struct {
  int scheme, boundary, medium, drive; /* boundary: 0 Dirichlet, 1 Neumann, 2 impedance */
  double omega, speed, amplitude, source, width;
  double resonance; /* least accepted ||b|| / (k0^2 ||u||), k0 = omega / speed */
  fh_grf_law law;
} fh_helmholtz_config;

extern const fh_problem_class fh_helmholtz_class;

/** Exact solution of the manufactured medium; part 0: real, 1: imaginary. */
double fh_helmholtz_exact(const fh_helmholtz_config *config, int part, double x, double y);
