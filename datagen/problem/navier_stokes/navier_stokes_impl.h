/* navier_stokes_impl - what the files of this folder share */
#pragma once

#include "datagen/problem/navier_stokes/navier_stokes.h"

typedef struct {
  fh_grf *field; /* NULL where nothing is random */
  fh_march *march;
  int forcing_field, initial_field, output; /* numbers of the stored fields, -1: none */
  double *forcing, *initial;                /* [points], where they are not stored fields */
  double *f, *u, *v;                        /* coefficients [modes][2] */
  bool forced;
  double cells[2]; /* cells of unit length along the axes */
  double fastest;  /* cells that the flow crosses in unit time, in the last product */
} fh_navier_stokes;

/* -u . grad w + f of the vorticity's coefficients w: the slope of fh_march_create, context fh_navier_stokes */
fh_status fh_navier_stokes_slope(void *context, const double *w, double *slope,
                                 double *courant) FH_MUST;
/* given fields at the points of grid (flow.c) */
void fh_navier_stokes_forcing(const fh_navier_stokes_config *c, const fh_grid *grid, double *f);
void fh_navier_stokes_initial(const fh_navier_stokes_config *c, const fh_grid *grid, double *w);
