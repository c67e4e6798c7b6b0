/**
 * thermal - heat conduction in a plate with a hole, on quadratic triangles
 *
 *   -div(k grad u) = 0;  u = g on the side held at a temperature, k du/dn = q on the side with a flux,
 *   insulated elsewhere
 *
 * The law of Wang et al. 2024 (g = 100 U1, q = -100 U2, k = 1, a rectangle with a slot), for which the
 * matrix is the same for all samples, and the same with a random conductivity, which changes it. Laws,
 * meshes and stored layouts: docs/datagen.md.
 */
#pragma once

#include "datagen/field/grf.h"
#include "datagen/mesh/mesh.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_THERMAL_CONSTANT,    /* k = 1: one matrix for all samples */
  FH_THERMAL_LOGNORMAL,   /* k = exp(scale * field) at grid points, bilinear between them */
  FH_THERMAL_MANUFACTURED /* smooth k, exact solution known: order of convergence */
} fh_thermal_conductivity;

typedef enum {
  FH_THERMAL_RANDOM, /* temperature and flux times uniform numbers on (0, 1) */
  FH_THERMAL_FIXED   /* temperature and flux themselves: only k varies */
} fh_thermal_values;

typedef enum {
  FH_THERMAL_GRID, /* a regular grid over the box of the mesh, u interpolated, with a mask */
  FH_THERMAL_NODES /* the nodes of the mesh */
} fh_thermal_layout;

typedef struct {
  int conductivity, boundary_values, layout;                  /* of the enumerations above */
  double temperature, flux;                                   /* what the uniform numbers scale */
  double scale;                                               /* of the field inside exp */
  double mesh_size;                                           /* of our own mesh */
  fh_real_list rectangle, slot;                               /* of our own mesh: x0, x1, y0, y1 */
  char mesh[FH_TEXT_MAX];                                     /* file; "": our own */
  char temperature_side[FH_TEXT_MAX], flux_side[FH_TEXT_MAX]; /* number or name of the side */
  fh_grf_law law;
} fh_thermal_config;

extern const fh_problem_class fh_thermal_class;

/** Exact solution of the manufactured case at a point of the plane. */
double fh_thermal_exact(double x, double y);
/** The mesh of a problem of this class, with the numbering of nodes of the layout "nodes". */
const fh_mesh *fh_thermal_mesh(const fh_problem *p);
