/**
 * patchwise - a model that works patch by patch, applied a few patches at a time
 *
 * The program is that of the patches alone: however large the field, its memory is that of patches_at_once
 * patches. A patch has the same bits as in the program of the whole field.
 */
#pragma once

#include "model/model.h"
#include "train/normaliser.h"

typedef struct fh_patchwise fh_patchwise;

/** Gives the values of one sample at some points, [in_channels][selection], in physical units. */
typedef fh_status (*fh_point_reader)(void *context, const fh_selection *at, fh_real *x);

/**
 * fh_patchwise_create - on this rank's patches of a field on grid
 *
 * at_once: patches of one call; 0: as many as keep the program in a few MB of cache. input: of the
 * inputs, or NULL; read at create only. Collective on team, which must outlive it.
 */
fh_status fh_patchwise_create(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                              const fh_normaliser *input, ptrdiff_t at_once,
                              fh_patchwise **patchwise) FH_MUST;
void fh_patchwise_destroy(fh_patchwise **patchwise);
/** The program of the patches: for its parameters. */
fh_program *fh_patchwise_program(fh_patchwise *p);
const fh_model_part *fh_patchwise_part(const fh_patchwise *p);
/** Patches of one call. */
ptrdiff_t fh_patchwise_at_once(const fh_patchwise *p);
/** One sample: y [out_channels][box of this rank], not decoded. Local. */
fh_status fh_patchwise_run(fh_patchwise *p, fh_point_reader read, void *context,
                           fh_real *y) FH_MUST;
/** Takes values, [out_channels][box], for a box of the field. */
typedef fh_status (*fh_box_taker)(void *context, const fh_layout *box, fh_real *values);
/** The same, tile by tile as the patches are made, so that nobody holds the box of this rank. take may
 *  change the values. Local. Errors: those of read and take. */
fh_status fh_patchwise_stream(fh_patchwise *p, fh_point_reader read, void *read_context,
                              fh_box_taker take, void *take_context) FH_MUST;
