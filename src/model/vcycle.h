/**
 * vcycle - a multigrid cycle as a linear layer: appends its steps to a program
 *
 * With channels of their own for the solution u and the data f on every level l (0: finest):
 *
 *   down  u_0 = S f_0,  then u <- u + S (f - A u)       pre[0] steps in all
 *         f_l = R f_{l-1}  (or R (f_{l-1} - A u)),  u_l = Pi u_{l-1},  then pre[l] smoothing steps
 *   up    u_l <- u_l + P u_{l+1}  (normalised, if asked for),  then post[l] smoothing steps
 *
 * Every A, S, R, Pi, P is a learned convolution; without biases and norms the whole is linear in f.
 * Names of the parameters are those of the MgNO authors' state dictionary: layer<l>.<i>.{A,S,Pi,R},
 * post_smooth_layer<l>.<i>.{A,S}, RTlayers.<l>, norm_layer_list.<l>. (He, Liu, Xu, ICLR 2024.)
 */
#pragma once

#include "base/config.h"
#include "program/program.h"

enum { FH_VCYCLE_LEVELS = FH_LIST_MAX };

typedef enum { FH_VCYCLE_NO_NORM, FH_VCYCLE_NORM } fh_vcycle_norm;
typedef enum { FH_VCYCLE_PLAIN, FH_VCYCLE_AFFINE_FINEST, FH_VCYCLE_AFFINE } fh_vcycle_affine;

typedef struct {
  int levels;
  ptrdiff_t u_channels, f_channels;   /* on the finest level */
  ptrdiff_t factor[FH_VCYCLE_LEVELS]; /* channels of level l over those of the finest */
  ptrdiff_t pre[FH_VCYCLE_LEVELS], post[FH_VCYCLE_LEVELS];
  int side[FH_MAX_DIM][2]; /* fh_side of A, S, and of R and Pi where they are padded */
  ptrdiff_t pad;           /* of R and Pi, 0 or 1 */
  ptrdiff_t kernel;        /* of P; 0: the one that covers the finer grid, 3 or 4 */
  bool wrap;               /* P wraps at periodic sides; false: zeros, as in PyTorch */
  bool bias;               /* of A and S */
  bool restrict_residual;  /* R (f - A u) instead of R f */
  bool share;              /* one A and one S a level, layer<l>.A and layer<l>.S */
  int norm;                /* fh_vcycle_norm: of u_l + P u_{l+1}, over the function */
  int affine;              /* fh_vcycle_affine: weights of the norm at every point */
  int convolution;         /* fh_convolution of A, S, R, Pi and P */
} fh_vcycle;

/**
 * fh_vcycle_add - appends the cycle
 *
 * prefix of the names, "" for none. *slot enters as f on the finest grid and leaves as u there.
 * Errors: FH_ERR_SHAPE if the grid is too small for the levels, naming the sizes and how many fit;
 * FH_ERR_USAGE for counts that make no cycle.
 */
fh_status fh_vcycle_add(const fh_vcycle *cycle, const char *prefix, fh_program *p,
                        fh_slot *slot) FH_MUST;
/** Points of the next coarser grid along each axis, and how many levels a grid allows. */
void fh_vcycle_coarsen(const fh_vcycle *cycle, int dim, ptrdiff_t *n);
int fh_vcycle_depth(const fh_vcycle *cycle, const fh_grid *grid);
