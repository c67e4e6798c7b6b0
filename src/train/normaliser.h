/**
 * normaliser - subtract a mean, divide by a deviation; fitted in parallel, stored in the model
 */
#pragma once

#include "base/config.h"
#include "base/real.h"
#include "comm/team.h"
#include "grid/selection.h"
#include "program/shape.h"

typedef enum {
  FH_NORM_NONE,
  FH_NORM_CHANNEL, /* one mean and deviation per channel (neuraloperator's UnitGaussianNormalizer) */
  FH_NORM_POINT,   /* per channel and point (FNO 2020, MgNO's UnitGaussianNormalizer) */
  FH_NORM_SCALAR   /* one for everything (MgNO's GaussianNormalizer) */
} fh_norm_kind;

extern const char *const fh_norm_names[]; /* "none", "channel", "point", "scalar", NULL */

typedef struct {
  int kind; /* fh_norm_kind */
  double epsilon;
  ptrdiff_t channels, points; /* points: 1 unless FH_NORM_POINT; FH_NORM_SCALAR: 1 and 1 */
  double *mean, *deviation;   /* [channels][points]; deviation unbiased, without epsilon; NULL for
                                 FH_NORM_NONE, which changes nothing */
} fh_normaliser;

/** The epsilon of the reference implementations: 1e-7 for FH_NORM_CHANNEL, else 1e-5. */
double fh_norm_epsilon(int kind);

/** Reads count samples from first into values [count][channels][points]. Local. */
typedef fh_status (*fh_normaliser_source)(void *context, ptrdiff_t first, ptrdiff_t count,
                                          fh_real *values);

/**
 * fh_normaliser_fit - mean and unbiased deviation of n samples, in double
 *
 * Collective on comm: each rank reads its share through source. Two passes over fixed blocks of
 * samples, combined in the order of the blocks: the same bits for any number of ranks.
 * epsilon < 0: fh_norm_epsilon(kind).
 * Errors, on all ranks alike: what source returned; FH_ERR_NUMERIC if a mean is not finite, or a whole
 * channel is constant (names the channel; single constant points of FH_NORM_POINT, as on a Dirichlet
 * boundary, are allowed: epsilon keeps them finite); FH_ERR_UNSUPPORTED for a grid that is split over
 * ranks.
 */
fh_status fh_normaliser_fit(MPI_Comm comm, int kind, double epsilon, ptrdiff_t n,
                            const fh_shape *shape, fh_normaliser_source source, void *context,
                            fh_normaliser **normaliser) FH_MUST;
/** From stored numbers (copied). Errors: FH_ERR_FORMAT for numbers no fit can have made. */
fh_status fh_normaliser_create(int kind, double epsilon, ptrdiff_t channels, ptrdiff_t points,
                               const double *mean, const double *deviation,
                               fh_normaliser **normaliser) FH_MUST;
/** A copy for some of the points: those of a selection, or of the box of shape's layout. */
fh_status fh_normaliser_select(const fh_normaliser *n, const fh_selection *at, const fh_grid *grid,
                               fh_normaliser **normaliser) FH_MUST;
fh_status fh_normaliser_part(const fh_normaliser *n, const fh_shape *shape,
                             fh_normaliser **normaliser) FH_MUST;
void fh_normaliser_destroy(fh_normaliser **normaliser);
/** values <- (values - mean) / (deviation + epsilon), in place, [batch][channels][points].
 *  Errors: FH_ERR_SHAPE if channels or (FH_NORM_POINT) points differ from the fitted ones. */
fh_status fh_normaliser_encode(const fh_normaliser *n, ptrdiff_t batch, const fh_shape *shape,
                               fh_real *values) FH_MUST;
/** values <- values * (deviation + epsilon) + mean, in place. */
fh_status fh_normaliser_decode(const fh_normaliser *n, ptrdiff_t batch, const fh_shape *shape,
                               fh_real *values) FH_MUST;
/** gradient <- gradient * (deviation + epsilon): the adjoint of decode. */
fh_status fh_normaliser_decode_adjoint(const fh_normaliser *n, ptrdiff_t batch,
                                       const fh_shape *shape, fh_real *gradient) FH_MUST;
