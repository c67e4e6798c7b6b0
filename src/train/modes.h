/**
 * modes - a frequency curriculum: training begins with few Fourier modes, more come when the loss stalls
 *
 * After an epoch whose mean loss differs from the epoch's before by at most gap, every axis receives one
 * more mode, until it has n_modes of the model. All layers change together; weights have room for
 * all modes from the start (max_n_modes), so that nothing else of the run changes. Models with the
 * options n_modes and max_n_modes (fno, tfno, mg-tfno). Source: George, Zhao, Kossaifi, Li, Anandkumar,
 * Incremental Spatial and Spectral Learning of Neural Operators (TMLR 2024), the loss gap method.
 */
#pragma once

#include "base/config.h"

typedef struct {
  fh_int_list start; /* modes to begin with; empty: no curriculum; one: every axis */
  double gap;        /* largest difference of two epochs' losses that counts as stalled */
  ptrdiff_t buffer;  /* epochs that more modes are given before the next ones come */
} fh_modes_config;

extern const fh_field fh_modes_fields[];
