/* thermal_impl - what the files of this folder share */
#pragma once

#include "datagen/problem/thermal/thermal.h"

enum { HELD_SIDE, FLUX_SIDE, QUADRATURE = 6, PAIRS = FH_MESH_NODES * FH_MESH_NODES };

typedef struct {
  fh_mesh *mesh;
  fh_grid plate;    /* regular grid over the mesh's box: of the conductivity and of the raster */
  fh_grf *field;    /* NULL where nothing is random */
  int32_t *unknown; /* per node: its row, or -1 where the temperature is given */
  double *conductivity;     /* per point of plate; NULL if constant or manufactured */
  double temperature, flux; /* of the current sample */
  double (*metric)[3];      /* per cell: area times the inverse metric, see assemble.c */
  double products[QUADRATURE][PAIRS][3]; /* of derivatives of the shape functions */
  PetscScalar *entries; /* of the cells at our rows, in the order of the structure */
  PetscInt n_entries;
  /* raster: where the points of plate lie */
  int32_t *where;       /* per point: its cell, or -1 outside */
  double (*weights)[2]; /* first two barycentric coordinates there */
  ptrdiff_t n_rim[2];   /* per side: points of plate nearest to it */
  int32_t *rim[2];
  double *mask;  /* per point: 1 inside, 0 outside */
  double *nodes; /* work: the solution at the nodes */
} fh_thermal;

/* raster.c: fills the raster. Errors: FH_ERR_FORMAT for overlapping cells. */
fh_status fh_thermal_raster(fh_thermal *d) FH_MUST;
/* u [nodes] at the points of plate, 0 outside */
void fh_thermal_to_grid(const fh_thermal *d, const double *nodes, double *grid);

/* assemble.c */
fh_status fh_thermal_assembly_create(fh_problem *p) FH_MUST;
PetscErrorCode fh_thermal_matrix_create(fh_problem *p, Mat *matrix);
PetscErrorCode fh_thermal_matrix(fh_problem *p, Mat matrix);
PetscErrorCode fh_thermal_rhs(fh_problem *p, Vec b);

/* law.c: what is given at a point of the plane */
/* k by bilinear interpolation of d->conductivity, or the manufactured or constant one */
double fh_thermal_conductivity_at(const fh_problem *p, const double x[2]);
/* temperature at a node of the held side */
double fh_thermal_held(const fh_problem *p, const double x[2]);
/* flux through the boundary at a point with outer normal n, on a side */
double fh_thermal_flux(const fh_problem *p, int32_t side, const double x[2], const double n[2]);
double fh_thermal_source(const fh_problem *p, const double x[2]);
