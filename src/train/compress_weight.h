/** compress_weight - the dense spectral weights of a model of the FNO family, read from its program */
#pragma once

#include "model/fno.h"
#include "tensor/factors.h"

typedef struct {
  const fh_program *program; /* with the parameters; not owned, as is values */
  const fh_real *values;
  fh_fno_config *fno;
  int layers, axes;                  /* axes: modes of frequencies, the last ones of shape */
  int modes;                         /* of a layer's weight */
  ptrdiff_t stored[FH_FACTOR_MODES]; /* its shape in the program */
  ptrdiff_t shape[FH_FACTOR_MODES];  /* the shape that is kept: fewer frequencies */
} fh_dense_weights;

/**
 * fh_dense_weights_open - what the weights of a program look like
 *
 * values: of the parameters (fh_program_values). n_modes: frequencies to keep per axis (one entry: all
 * axes; empty: fno->n_modes). Errors: FH_ERR_USAGE for more frequencies than the model has.
 */
fh_status fh_dense_weights_open(const fh_program *program, const fh_real *values,
                                fh_fno_config *fno, int axes, const fh_int_list *n_modes,
                                fh_dense_weights *weights) FH_MUST;
/** The weight of a layer in double, w [shape] complex. Errors: FH_ERR_NUMERIC if it is not finite. */
fh_status fh_dense_weights_get(const fh_dense_weights *weights, int layer, double *w) FH_MUST;
