/**
 * darcy - steady flow in a random medium: -div(a grad u) = f on the unit square or cube, u = 0 on its
 * boundary
 *
 * The coefficient a (input) varies from sample to sample, the solution u (output) is the label; both
 * dimensionless. Schemes and laws with their sources: docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_DARCY_HARMONIC_FV,   /* cells; harmonic mean at faces: right also where a jumps */
  FH_DARCY_ARITHMETIC_FD, /* vertices with the boundary; arithmetic mean of the two vertices */
  FH_DARCY_FNO_COMPAT /* the code of Li et al. 2020: a at cell centres, splined to vertices after
                             thresholding, ARITHMETIC_FD there, u splined back to cell centres */
} fh_darcy_scheme;

typedef enum {
  FH_DARCY_TWO_PHASE, /* values[0] where the field is >= 0, values[1] elsewhere */
  FH_DARCY_LOGNORMAL, /* exp(scale * field) */
  FH_DARCY_FILE,      /* row i of an array in the user's HDF5 file is a of sample i */
  FH_DARCY_CHANNELS,  /* values[0] where |field| <= channel_width deviations, values[1] elsewhere */
  FH_DARCY_MULTISCALE,   /* product of pairs of random waves: fh_darcy_multiscale */
  FH_DARCY_MANUFACTURED, /* smooth a, source and exact solution known: order of convergence */
  FH_DARCY_LAYERS        /* values[0] for x < 1/2, values[1] beyond; exact solution known */
} fh_darcy_coefficient;

typedef struct {
  int scheme, coefficient; /* fh_darcy_scheme, fh_darcy_coefficient */
  fh_real_list values;     /* of the two phases */
  double scale;            /* of the field inside exp */
  double source;           /* f, where no exact solution asks for another one */
  double channel_width;    /* in standard deviations of the field */
  ptrdiff_t scales;        /* of MULTISCALE */
  ptrdiff_t dim;           /* 2 or 3 */
  char file[FH_TEXT_MAX], dataset[FH_TEXT_MAX]; /* of FH_DARCY_FILE */
  fh_grf_law law;
} fh_darcy_config;

extern const fh_problem_class fh_darcy_class;

enum { FH_DARCY_SCALES = 12 }; /* at most */
/** a(x, y) = product over k = 0..config->scales - 1 of (1 + cos(wave[k] pi (x + y))/2) (1 + sin(wave[k] pi (y - 3 x))/2), times a
 *  factor (1 + cos(wave[k] pi z)/2) each in 3-D. */
double fh_darcy_multiscale(const fh_darcy_config *config, const double wave[FH_DARCY_SCALES],
                           const double x[FH_MAX_DIM]);
/** Exact solution of the two test cases at a point. */
double fh_darcy_exact(const fh_darcy_config *config, const double x[FH_MAX_DIM]);
