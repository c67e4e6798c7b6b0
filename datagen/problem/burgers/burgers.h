/**
 * burgers - Burgers' equation on a periodic line: u_t + (u^2/2)_x = viscosity u_xx
 *
 * The initial state is random; the label is the state at one time (a map) or at many (a trajectory).
 * Fourier-Galerkin, free of aliasing. Sources of the laws: docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/spectral/march.h"

typedef enum {
  FH_BURGERS_FIELD,    /* a random field */
  FH_BURGERS_COLE_HOPF /* exact solution known, for tests */
} fh_burgers_initial;

typedef struct {
  double viscosity, length;
  int initial; /* fh_burgers_initial */
  fh_march_config march;
  fh_grf_law law;
} fh_burgers_config;

extern const fh_problem_class fh_burgers_class;

/**
 * The solution with FH_BURGERS_COLE_HOPF: u = -2 viscosity phi_x / phi with the solution
 * phi = 1 + a exp(-viscosity k^2 t) cos kx + b exp(-4 viscosity k^2 t) sin 2kx of the heat equation,
 * k = 2 pi / length, a = 0.5, b = 0.3 (Hopf 1950, Cole 1951).
 */
double fh_burgers_exact(const fh_burgers_config *config, double t, double x);
