/* helmholtz_impl - what the files of this folder share */
#pragma once

#include "datagen/problem/helmholtz/helmholtz.h"
#include "datagen/problem/rows.h"

enum { FH_HELMHOLTZ_DIRICHLET, FH_HELMHOLTZ_NEUMANN, FH_HELMHOLTZ_IMPEDANCE };

typedef struct {
  fh_grf *field; /* NULL where nothing is random */
  ptrdiff_t n[2];
  double h[2];
  int parts; /* 2: real and imaginary, interleaved in the unknowns */
} fh_helmholtz;

/* c at the points of the grid into p->value[0] */
fh_status fh_helmholtz_medium_sample(fh_problem *p, uint64_t seed, int64_t index) FH_MUST;
/* f at a point, part 0 or 1 */
double fh_helmholtz_source(const fh_helmholtz_config *c, int part, double x, double y);
/* Boundary data g of a point on the side of an axis (upper or not): du/dn = g, or du/dn - i k u = g */
double fh_helmholtz_flux(const fh_helmholtz_config *c, int part, int axis, bool upper, double x,
                         double y);
/* The mean of the top flux over [from, to] is this share of its height. */
double fh_helmholtz_share(const fh_helmholtz_config *c, double from, double to);

PetscInt fh_helmholtz_fv_row(const fh_problem *p, PetscInt row, PetscInt *columns,
                             PetscScalar *values);
double fh_helmholtz_fv_rhs(const fh_problem *p, PetscInt row);
PetscInt fh_helmholtz_q1_row(const fh_problem *p, PetscInt row, PetscInt *columns,
                             PetscScalar *values);
double fh_helmholtz_q1_rhs(const fh_problem *p, PetscInt row);
