/**
 * mg_tfno - a TFNO on patches of the field with coarser views of what surrounds them
 *
 * patch -> FNO on every patch -> unpatch (operators/patch, operators/unpatch): the field that comes
 * out is whole again, so that losses, metrics and users see fields. The network has (levels + 1)
 * times the input channels. Follows neuraloperator's MultigridPatching2D around a TFNO, in 1 to 3
 * axes; beyond it: grids that are not periodic, global coordinates.
 */
#pragma once

#include "model/fno.h"

typedef struct {
  fh_fno_config fno;
  ptrdiff_t levels;
  fh_real_list padding_fraction; /* of the field's points, on each side of a patch */
  int outside;                   /* fh_outside */
  int coordinates;               /* 0: of the patch, 1: of the field */
  bool recompute;                /* in training: fh_program_recompute */
} fh_mg_tfno_config;

extern const fh_model_class fh_mg_tfno_class;
