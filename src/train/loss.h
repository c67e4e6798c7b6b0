/**
 * loss - how far a prediction is from the truth, per sample, and its gradient
 *
 * neuraloperator's LpLoss and H1Loss (periodic or not per axis, any extent) and MgNO's spectral H1
 * (HsLoss); the reference implementations are named below.
 */
#pragma once

#include <mpi.h>

#include "base/config.h"
#include "base/real.h"
#include "grid/tiles.h"
#include "program/shape.h"

typedef enum {
  FH_LOSS_LP,          /* (sum |z|^p)^(1/p) */
  FH_LOSS_H1,          /* sum z^2 + sum over axes of (difference quotient of z)^2, and its root */
  FH_LOSS_SPECTRAL_H1, /* |w DFT z|, w^2 = 1 + a^2 (k1^2 [|k1|<K] + k2^2 [|k2|<K] + ...) */
  FH_LOSS_MSE          /* mean over channels and points of z^2; knows no further options */
} fh_loss_kind;

extern const char *const fh_loss_names[]; /* "lp", "h1", "spectral-h1", "mse", NULL */

/** Differences at the ends of an axis that is not periodic. */
typedef enum {
  FH_EDGE_THIRD, /* (-11 z0 + 18 z1 - 9 z2 + 2 z3) / 6h: neuraloperator */
  FH_EDGE_FIRST  /* (z1 - z0) / h: torch.gradient, MgNO's HSloss_d */
} fh_edge;

/**
 * With z = prediction - truth, n = norm of z, t = norm of the truth, per sample and channel:
 * relative: n / (t + epsilon); absolute: n, times (product of the spacings)^(1/p) for LP and H1 when
 * quadrature is set. square_root = false leaves the p-th root out of both norms. t + epsilon = 0 (a
 * truth that vanishes, without epsilon) counts as 1. Where z = 0 the gradient is 0.
 *
 * Reference classes and their arguments:
 *  neuralop LpLoss  lp; p, measure, eps = epsilon, method rel = relative; reduction "mean" = the sum
 *                   of the values / (batch x channels)
 *  neuralop H1Loss  h1; the same, periodic_in_x/y/z = periodic_axes, take_root = square_root
 *  neuralop MSELoss mse
 *  MgNO LpLoss      lp, epsilon 0, joint true; relative = false: quadrature false; size_average = the
 *                   sum of the values / batch
 *  MgNO HsLoss      spectral-h1, epsilon 0, joint true, a[0] = weight, truncation true = 20, false = 0
 *  MgNO HSloss_d    h1, relative false, quadrature false, periodic false, edge first, value_weight 10,
 *                   measure n1/n2, 1; values / batch
 *  MgNO HSloss_d_2  h1, epsilon 0, periodic false, edge first, measure n1/n2, 1
 */
typedef struct {
  int kind;             /* fh_loss_kind */
  bool relative;        /* divide by the norm of the truth */
  double p;             /* LP: the exponent */
  fh_real_list measure; /* LP, H1: extent per axis; one entry: all axes; neuraloperator: 1 now, 2 pi
                           in the paper */
  bool quadrature;      /* absolute LP, H1: weigh with the spacings, as an integral */
  bool periodic;        /* H1: wrap the differences around */
  fh_int_list periodic_axes; /* H1: per axis 0 or 1, overrides periodic when given */
  int edge;                  /* H1: fh_edge */
  double value_weight;       /* H1: factor of sum z^2 */
  bool square_root;          /* LP, H1, SPECTRAL_H1: false leaves the root out */
  ptrdiff_t truncation;      /* SPECTRAL_H1: K, 0: none */
  double weight;             /* SPECTRAL_H1: a */
  bool joint;                /* one norm over all channels instead of the sum of one a channel */
  double epsilon;            /* added to the norm of the truth */
} fh_loss_config;

extern const fh_field fh_loss_fields[];

typedef struct fh_loss fh_loss;

/**
 * fh_loss_create - plan for samples of one shape
 *
 * shape: of prediction and truth. Errors: FH_ERR_USAGE for what the grid cannot carry or lists that
 * do not fit it; FH_ERR_UNSUPPORTED for a grid that is split over ranks.
 */
fh_status fh_loss_create(const fh_loss_config *config, const fh_shape *shape,
                         fh_loss **loss) FH_MUST;
/**
 * fh_loss_create_shared - the same for fields of which each rank of comm has a box
 *
 * Collective on comm, whose ranks have the boxes fh_tiles_box(tiles, size, rank); shape: of this
 * rank's. fh_loss_eval is then collective on comm, too: neighbours exchange the two layers of points
 * next to each other that the differences of H1 and their adjoint need, one reduction adds up the sums of the
 * samples, tile by tile in a fixed order, so that values and gradients have the same bits for any
 * number of ranks. Every rank receives the values of the samples, and the gradient of its box.
 * Errors: those of fh_loss_create; FH_ERR_UNSUPPORTED for SPECTRAL_H1, and for H1 where a box is
 * too thin (fh_loss_can_share).
 */
fh_status fh_loss_create_shared(const fh_loss_config *config, MPI_Comm comm, const fh_tiles *tiles,
                                const fh_shape *shape, fh_loss **loss) FH_MUST;
/** Can fields of this grid be compared box by box by so many ranks? If not they must be gathered. */
bool fh_loss_can_share(const fh_loss_config *config, const fh_tiles *tiles, int ranks);
void fh_loss_destroy(fh_loss **loss);
/**
 * fh_loss_eval - losses of batch samples, and the gradient of their sum
 *
 * prediction, truth  [batch][channels][points]
 * value              [batch]: the loss of each sample, summed over channels
 * gradient           d(sum of value)/d(prediction) x scale, or NULL; must not overlap the others
 * Not collective; allocates nothing. A sample's value does not depend on its batch.
 */
fh_status fh_loss_eval(fh_loss *loss, ptrdiff_t batch, const fh_real *prediction,
                       const fh_real *truth, double scale, double *value,
                       fh_real *gradient) FH_MUST;
