/**
 * grf - Gaussian random fields whose covariance is a power of the Laplacian
 *
 *   g = mean + sum over wave vectors k of  sigma (lambda_k + tau^2)^(-alpha/2) xi_k phi_k,
 *
 * xi_k independent standard normals and phi_k the orthonormal eigenfunctions of -Laplace on the box:
 * g ~ N(mean, sigma^2 (-Laplace + tau^2)^(-alpha)). Neumann: products of cosines, lambda =
 * |pi k / L|^2; periodic: cosines and sines, lambda = |2 pi k / L|^2. The numbers xi_k are named by
 * the wave vector, so the same (seed, sample, field) has the same coefficients at every resolution,
 * on every number of ranks; a finer grid only adds modes. Published laws in these terms:
 * docs/datagen.md.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/config.h"
#include "grid/grid.h"

/** Boundary of the field (not of the equation that it enters). */
typedef enum { FH_GRF_NEUMANN, FH_GRF_PERIODIC } fh_grf_boundary;

typedef struct {
  double sigma;    /* amplitude; 0: tau^(alpha - dim/2), the usual normalisation */
  double tau;      /* inverse correlation length */
  double alpha;    /* smoothness, above dim/2 */
  double mean;     /* constant added to the field */
  int boundary;    /* fh_grf_boundary */
  bool mean_mode;  /* false: the constant mode is left out (as all the published sets do) */
  ptrdiff_t modes; /* wave numbers below this per axis (periodic: |k|); 0: all the grid carries */
} fh_grf_law;

extern const char *const fh_grf_boundary_names[];

/** The rows of a law that is a member of a configuration struct; presets are texts. Its shape: */
#define FH_GRF_SHAPE_FIELDS(type, member, preset_tau, preset_alpha)                                \
  {"field_tau",                                                                                    \
   FH_FIELD_REAL,                                                                                  \
   offsetof(type, member.tau),                                                                     \
   preset_tau,                                                                                     \
   0.0,                                                                                            \
   1e6,                                                                                            \
   NULL,                                                                                           \
   "random field: inverse correlation length (1/length)"},                                         \
      {"field_alpha",                                                                              \
       FH_FIELD_REAL,                                                                              \
       offsetof(type, member.alpha),                                                               \
       preset_alpha,                                                                               \
       0.0,                                                                                        \
       100.0,                                                                                      \
       NULL,                                                                                       \
       "random field: covariance sigma^2 (-Laplace + tau^2)^(-alpha)"},                            \
      {"field_sigma",                                                                              \
       FH_FIELD_REAL,                                                                              \
       offsetof(type, member.sigma),                                                               \
       "0",                                                                                        \
       0.0,                                                                                        \
       1e12,                                                                                       \
       NULL,                                                                                       \
       "random field: amplitude; 0: tau^(alpha - dim/2)"},                                         \
  {                                                                                                \
    "field_modes", FH_FIELD_INT, offsetof(type, member.modes), "0", 0.0, 1e6, NULL,                \
        "random field: wave numbers per axis, equal at every resolution; 0: all the grid carries"  \
  }
/** All of it. */
#define FH_GRF_FIELDS(type, member, preset_tau, preset_alpha)                                      \
  FH_GRF_SHAPE_FIELDS(type, member, preset_tau, preset_alpha),                                     \
      {"field_mean", FH_FIELD_REAL, offsetof(type, member.mean),         "0", 0.0,                 \
       0.0,          NULL,          "random field: constant added to it"},                         \
      {"field_boundary",                                                                           \
       FH_FIELD_ENUM,                                                                              \
       offsetof(type, member.boundary),                                                            \
       "neumann",                                                                                  \
       0.0,                                                                                        \
       0.0,                                                                                        \
       fh_grf_boundary_names,                                                                      \
       "random field: neumann (cosines) or periodic (Fourier)"},                                   \
  {                                                                                                \
    "field_mean_mode", FH_FIELD_BOOL, offsetof(type, member.mean_mode), "false", 0.0, 0.0, NULL,   \
        "random field: keep the constant mode"                                                     \
  }

typedef struct fh_grf fh_grf;

/**
 * fh_grf_create - a sampler of a law at the points of grid
 *
 * Points are cell centres or vertices, as grid says. Not collective: every rank that wants a field
 * makes the whole of it, and gets the same bits. Modes at the Nyquist frequency of a periodic grid
 * are left out (they have no resolution-independent meaning).
 * Errors: FH_ERR_USAGE for a law that is not one (alpha <= dim/2, or tau = 0 where it divides).
 */
fh_status fh_grf_create(const fh_grf_law *law, const fh_grid *grid, fh_grf **grf) FH_MUST;
void fh_grf_destroy(fh_grf **grf);
/** Draws field number field of a sample: values [points]. Allocates nothing. */
void fh_grf_sample(fh_grf *grf, uint64_t seed, uint64_t sample, uint64_t field, double *values);
/** values = exp(scale values), n of them, to 1 ulp; the same bits on every instruction set. */
void fh_grf_exponential(const fh_grf *grf, double scale, ptrdiff_t n, double *values);
/** Sum of the eigenvalues in use = mean over the box of the variance at a point. */
double fh_grf_variance(const fh_grf *grf);
/** The amplitude in use, where sigma = 0 asked for the usual one. */
double fh_grf_sigma(const fh_grf *grf);
/** Standard deviation of the coefficient of one (unit-norm) mode; 0 if it is not in use. */
double fh_grf_deviation(const fh_grf *grf, const ptrdiff_t k[FH_MAX_DIM]);
