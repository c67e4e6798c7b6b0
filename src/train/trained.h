/**
 * trained - a trained model: what model.h5 holds, and what applies it to fields
 *
 * Spec, parameters and normalisers. This is the interface for programs that embed an operator: read
 * a model, build it on their grid, apply it to their arrays. No PETSc, no data set, no trainer.
 */
#pragma once

#include "model/model.h"
#include "train/normaliser.h"
#include "train/patchwise.h"

typedef struct {
  fh_model_spec spec;
  fh_normaliser *input, *output; /* NULL: none */
  fh_bundle *bundle; /* the parameters: name, shape, values (FH_F32 or FH_F64), as in the file */
  fh_grid grid;      /* the one it was trained on */
} fh_trained;

/**
 * fh_trained_read - a model file, on all ranks
 *
 * Collective on comm: rank 0 reads and checks, the others receive. Errors: FH_ERR_IO, FH_ERR_FORMAT.
 */
fh_status fh_trained_read(MPI_Comm comm, const char *path, fh_trained **trained) FH_MUST;
void fh_trained_destroy(fh_trained **trained);
/** Writes path from a running program. Not collective: one rank calls. The same arguments give the
 *  same bytes. */
fh_status fh_trained_write(const char *path, const fh_model_spec *spec, const fh_program *program,
                           const fh_real *values, const fh_normaliser *input,
                           const fh_normaliser *output, const fh_grid *grid) FH_MUST;
/** What fh_trained_read would read from what fh_trained_write would write: a model with copies of
 *  everything. Local. fh_bundle_write of its bundle makes the file. */
fh_status fh_trained_create(const fh_model_spec *spec, const fh_program *program,
                            const fh_real *values, const fh_normaliser *input,
                            const fh_normaliser *output, const fh_grid *grid,
                            fh_trained **trained) FH_MUST;
/** Copies the stored parameters into a program built from trained->spec (converts precision).
 *  Errors: FH_ERR_FORMAT if a name or a shape differs. */
fh_status fh_trained_load(const fh_trained *trained, fh_program *program) FH_MUST;

/** FH_ERR_SHAPE if grid has not as many axes as the one that the model was trained on. */
fh_status fh_trained_check_axes(const fh_trained *trained, const fh_grid *grid) FH_MUST;

/** A trained model built on a grid, ready to predict. */
typedef struct fh_operator fh_operator;

/**
 * fh_operator_create - build trained on grid
 *
 * Collective on team. batch: most samples of one call. Errors: FH_ERR_SHAPE if the model cannot be
 * built on this grid (a pointwise normaliser, a norm over the function: the sentence tells both
 * grids).
 */
fh_status fh_operator_create(const fh_trained *trained, const fh_team *team, const fh_grid *grid,
                             ptrdiff_t batch, fh_operator **op) FH_MUST;
/**
 * The same, with the number of patches that are computed at once by a model that works patch by patch
 * (0: what keeps its memory small and fits the cache; other models ignore it). The bits do not depend
 * on it.
 */
fh_status fh_operator_create_patchwise(const fh_trained *trained, const fh_team *team,
                                       const fh_grid *grid, ptrdiff_t batch,
                                       ptrdiff_t patches_at_once, fh_operator **op) FH_MUST;
/** The same without values: normalisers are read, not owned, parameters are zero. */
fh_status fh_operator_create_from(const fh_model_spec *spec, const fh_normaliser *input,
                                  const fh_normaliser *output, const fh_team *team,
                                  const fh_grid *grid, ptrdiff_t batch, ptrdiff_t patches_at_once,
                                  fh_operator **op) FH_MUST;
void fh_operator_destroy(fh_operator **op);
/** Parameters of the operator's program, to copy new values into. */
fh_program *fh_operator_program(fh_operator *op);
/**
 * fh_operator_apply - predict, in physical units
 *
 * x [batch][in_channels][points] as in the training set, not normalised; y [batch][out_channels]
 * [points]. Any batch; allocates nothing. Local, but where ranks share the patches of a sample: then
 * collective on team->patches, every rank has the whole x and receives the whole y, and the first call
 * makes room for what they exchange. A model that works patch by patch needs room for a few patches only,
 * however large the field.
 */
fh_status fh_operator_apply(fh_operator *op, ptrdiff_t batch, const fh_real *x, fh_real *y) FH_MUST;
/**
 * fh_operator_advance - from the input of one time step to that of the next
 *
 * For a model that steps in time (spec.time.history frames, then constant fields): the frames of x
 * move up by one, y becomes the newest; constant fields stay. x [batch][in_channels][points], y
 * [batch][out_channels][points]. Local.
 */
void fh_operator_advance(const fh_operator *op, ptrdiff_t batch, const fh_real *y, fh_real *x);

/** Does the model work patch by patch? */
bool fh_operator_is_patchwise(const fh_operator *op);
/** One sample whose input nobody holds whole: read is asked for what some patches need, [in_channels]
 *  [selection], again and again. The same bits. Only if fh_operator_is_patchwise. */
fh_status fh_operator_apply_reading(fh_operator *op, fh_point_reader read, void *context,
                                    fh_real *y) FH_MUST;
/** The same where nobody holds the prediction either: take receives it tile by tile, in physical units.
 *  Local: each of the ranks that share the patches of a sample gives its own tiles. */
fh_status fh_operator_apply_streaming(fh_operator *op, fh_point_reader read, void *read_context,
                                      fh_box_taker take, void *take_context) FH_MUST;
