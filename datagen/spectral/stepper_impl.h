/* stepper_impl - one step of a method, for the file that chooses step sizes */
#pragma once

#include "datagen/spectral/stepper.h"

enum { FH_STAGES = 5 };

/* What a method needs for steps of size h. The slope of stage 0 belongs to the state. */
typedef struct {
  fh_stepper_method method;
  double h;                      /* step size of the coefficients; 0: none yet */
  double *whole, *half, *q;      /* e^(-hd), e^(-hd/2), weight of a half step */
  double *f1, *f2, *f3;          /* weights of the slopes */
  double *slope[FH_STAGES];      /* complex */
  double *a, *b, *next, *memory; /* complex; memory: all of it */
} fh_method;

fh_status fh_method_create(fh_stepper_method method, ptrdiff_t modes, fh_method *m) FH_MUST;
void fh_method_destroy(fh_method *m);
/* m->next = state after a step of size h, slope[4] = the slope there, *courant of it. Collective. */
fh_status fh_method_step(fh_method *m, const fh_stepper_equation *eq, double h, const double *state,
                         double *courant) FH_MUST;
/* squared norms of this rank: of m->next, of the estimated error */
void fh_method_norms(const fh_method *m, const fh_stepper_equation *eq, double norms[2]);
/* phi_1(z), phi_2(z), phi_3(z) for z <= 0: (e^z - 1)/z, (phi_1 - 1)/z, (phi_2 - 1/2)/z */
void fh_phi_functions(double z, double phi[3]);
