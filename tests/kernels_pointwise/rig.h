/**
 * rig - one operator with buffers, for tests that compare it with its definition
 */
#pragma once

#include "program/op.h"

typedef struct {
  fh_op *op;
  fh_need need;
  fh_real *x[2], *dx[2], *y, *dy, *param[FH_OP_MAX_PARAM], *dparam[FH_OP_MAX_PARAM];
  void *saved, *work;
} fh_rig;

/** Takes op (owned), sets it up, fills inputs, dy and parameters with numbers; runs both ways. */
fh_status fh_rig_run(fh_op *op, const fh_shape *in, fh_rig *rig) FH_MUST;
void fh_rig_destroy(fh_rig *rig);
/** max |a - b| / max |b|, NaN if anything is. */
double fh_rig_error(ptrdiff_t n, const fh_real *a, const fh_real *b);
