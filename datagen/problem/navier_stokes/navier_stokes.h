/**
 * navier_stokes - plane incompressible flow on a periodic box, by its vorticity
 *
 *   w_t + u . grad w = viscosity Laplace w + f,   u = (psi_y, -psi_x),   -Laplace psi = w.
 *
 * Forcing and initial vorticity are random or given; the label is the vorticity at one time (a map) or
 * at many (a trajectory). Fourier-Galerkin: all products are free of aliasing (2/3 rule), so that without
 * viscosity and forcing energy and enstrophy are kept but for the errors of time. Sources of the laws:
 * docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/spectral/march.h"

typedef enum {
  FH_FORCING_NONE,
  FH_FORCING_DIAGONAL, /* A (sin k(x + y) + cos k(x + y)), k = 2 pi wave / length (Li et al. 2020) */
  FH_FORCING_KOLMOGOROV,  /* A cos k y */
  FH_FORCING_FIELD,       /* a random field, one for each sample: an input */
  FH_FORCING_MANUFACTURED /* makes FH_INITIAL_MANUFACTURED a steady state; for tests */
} fh_forcing;

typedef enum {
  FH_INITIAL_FIELD, /* a random field: an input, or the first frame */
  FH_INITIAL_ZERO,
  FH_INITIAL_TAYLOR_GREEN, /* 2 k cos kx cos ky: decays as exp(-2 viscosity k^2 t) */
  FH_INITIAL_MANUFACTURED
} fh_initial;

typedef struct {
  double viscosity, length;
  int forcing, initial; /* fh_forcing, fh_initial */
  double forcing_amplitude;
  ptrdiff_t forcing_wave;
  fh_march_config march;
  fh_grf_law law; /* of both random fields */
} fh_navier_stokes_config;

extern const fh_problem_class fh_navier_stokes_class;
