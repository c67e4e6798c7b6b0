/* darcy_impl - what the files of this folder share */
#pragma once

#include "datagen/problem/darcy/darcy.h"
#include "io/field_file.h"

/* what the assembly sees; axes beyond dim have one unknown and count for nothing */
typedef struct {
  bool cells; /* unknowns are cells (a[m0][m1][m2]); else interior vertices (a[m0+2][m1+2][m2+2]) */
  int dim;
  ptrdiff_t m[FH_MAX_DIM];   /* unknowns per axis */
  double weight[FH_MAX_DIM]; /* 1/h^2 per axis */
  const double *a;           /* coefficient at the cells or vertices, not owned */
} fh_darcy_system;

typedef struct {
  fh_grf *field;       /* NULL where nothing is random */
  fh_field_file *file; /* NULL but for FH_DARCY_FILE */
  fh_darcy_system system;
  double *vertices; /* FNO_COMPAT: coefficient, then solution, at the vertices */
  double *work;     /* FNO_COMPAT: of the spline */
} fh_darcy;

/* coefficient of sample index at the points of p->grid, into p->value[0] */
fh_status fh_darcy_coefficient_sample(fh_problem *p, uint64_t seed, int64_t index) FH_MUST;
/* f at a point */
double fh_darcy_source(const fh_darcy_config *config, const double x[FH_MAX_DIM]);

PetscErrorCode fh_darcy_matrix_create(fh_problem *p, Mat *matrix);
PetscErrorCode fh_darcy_matrix(fh_problem *p, Mat matrix);
PetscErrorCode fh_darcy_rhs(fh_problem *p, Vec b);
bool fh_darcy_stencil(const fh_problem *p, fh_stencil *s);
/* f at an unknown */
double fh_darcy_row_rhs(const fh_problem *p, PetscInt row);
