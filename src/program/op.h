/**
 * op - the interface of an operator: a differentiable map between values, with its adjoint
 *
 * One folder in operators/ is one operator. The contract, which tests/conformance proves for every
 * registered operator:
 *  - inputs are read-only; outputs, work and saved arrive with undefined contents;
 *  - backward overwrites din (=) and adds to dparam (+=); din[i] may be NULL: nobody wants it;
 *  - no allocation and no file access after setup; no pointer of a call survives it;
 *  - the same inputs give the same bits, and a sample's result does not depend on its batch;
 *  - all ranks of the team call the same steps in the same order;
 *  - forward may be called without backward; after backward, saved is dead.
 *
 * Gradients of complex parameters follow PyTorch: dL/dRe + i dL/dIm.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"
#include "base/real.h"
#include "base/status.h"
#include "comm/team.h"
#include "program/shape.h"

enum { FH_OP_MAX_IN = 8, FH_OP_MAX_OUT = 8, FH_OP_MAX_PARAM = 16, FH_PARAM_MAX_RANK = 8 };

/** The law from which a parameter starts. */
typedef enum {
  FH_INIT_ZERO,
  FH_INIT_ONE,
  FH_INIT_UNIFORM, /* uniform on (-scale, scale) */
  FH_INIT_NORMAL   /* normal of standard deviation scale; complex: E|w|^2 = scale^2 */
} fh_init;

/** A parameter that an operator asks for; the program owns its value and its gradient. */
typedef struct {
  char role[48]; /* "weight.tensor": the program prepends the step's name */
  int rank;      /* of the tensor; a complex one does not count its (re, im) axis */
  ptrdiff_t n[FH_PARAM_MAX_RANK]; /* its shape */
  bool is_complex;
  fh_init init;
  double scale;
  bool sharded; /* each rank of team->space owns another part: its gradient is summed over samples
                   and patches only. False: the same on all ranks, summed over the world */
} fh_param_decl;

/** Fills role, shape and kind of *p. Errors: FH_ERR_ARG for a rank or a size that cannot be. */
fh_status fh_param_declare(fh_param_decl *p, const char *role, int rank, const ptrdiff_t *n,
                           bool is_complex) FH_MUST;
/** Draws a parameter from its law with numbers keyed by (seed, key). */
void fh_param_draw(const fh_param_decl *p, uint64_t seed, uint64_t key, fh_real *value);
/** Number of reals in a parameter (a complex number counts two). */
ptrdiff_t fh_param_size(const fh_param_decl *p);

/** What a step asks for, once the shapes are known. */
typedef struct {
  size_t saved; /* bytes kept from forward to backward, for shape.batch samples */
  size_t work;  /* bytes of scratch of one call */
  unsigned bwd_reads_in, bwd_reads_out; /* bit i: backward reads the value of input/output i */
  unsigned bwd_same; /* bit i: the gradient of input i is that of output 0, untouched; din[i] may be
                        the same memory as dout[0], see fh_pass_gradient */
  bool alias;        /* every output is the same memory as input 0, untouched (split) */
} fh_need;

/* The batch of an output may be another multiple of the program's batch than that of the input
 * (patch, unpatch); shape.batch says which, and a call's batch is that of input 0. */
typedef struct {
  ptrdiff_t batch; /* samples in this call, 1..in[0].batch */
  const fh_real *in[FH_OP_MAX_IN];
  fh_real *out[FH_OP_MAX_OUT];
  const fh_real *param[FH_OP_MAX_PARAM];
  void *saved; /* NULL when no backward will follow: then do not save */
  void *work;
} fh_fwd;

typedef struct {
  ptrdiff_t batch;
  const fh_real *in[FH_OP_MAX_IN], *out[FH_OP_MAX_OUT]; /* NULL unless declared in bwd_reads_* */
  const fh_real *dout[FH_OP_MAX_OUT];
  fh_real *din[FH_OP_MAX_IN];
  const fh_real *param[FH_OP_MAX_PARAM];
  fh_real *dparam[FH_OP_MAX_PARAM];
  void *saved, *work;
} fh_bwd;

/** For an input of fh_need.bwd_same: din = dout, count reals, unless they are one memory or din is NULL. */
static inline void fh_pass_gradient(ptrdiff_t count, const fh_real *dout, fh_real *din)
{
  if (din && din != dout) memcpy(din, dout, (size_t)count * sizeof(fh_real));
}

/** What one forward call costs for one sample (backward: twice the flops, by convention). */
typedef struct {
  double flops, bytes, message_bytes;
} fh_cost;

typedef struct fh_op fh_op;

typedef struct fh_op_class {
  const char *name;
  /** Checks in[0..n_in), fills out[0..n_out) and need, makes tables and plans. Called once. */
  fh_status (*setup)(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need);
  fh_status (*forward)(fh_op *op, const fh_fwd *io);
  fh_status (*backward)(fh_op *op, const fh_bwd *io);
  /** Frees what create and setup hung on op->data (not op->data itself); accepts a half-built
   *  operator. NULL: nothing hangs there. */
  void (*destroy)(fh_op *op);
  fh_cost (*cost)(const fh_op *op);
  /** Case i of the conformance test: makes the operator and fills in[0..op->n_in) with small,
   *  awkward shapes (odd sizes, 1-D to 3-D). Sets *op to NULL when there is no case i. */
  fh_status (*example)(int i, fh_op **op, fh_shape *in);
  bool linear; /* in its inputs together, without parameters' help: adjoint dot product is tested */
  bool joins;  /* reads all the patches of a sample at once (unpatch) */
} fh_op_class;

struct fh_op {
  const fh_op_class *class;
  int n_in, n_out, n_param;
  fh_param_decl param[FH_OP_MAX_PARAM];
  const fh_team *team;                           /* set by the program before setup; not owned */
  fh_shape in[FH_OP_MAX_IN], out[FH_OP_MAX_OUT]; /* set by the program around setup */
  fh_cost at; /* set by the program after setup: the cost of one sample */
  void *data; /* the operator's own, made by its create function */
};

/** Makes an operator of n_in inputs and n_out outputs with data_bytes zeroed bytes of op->data. */
fh_status fh_op_new(const fh_op_class *class, int n_in, int n_out, size_t data_bytes,
                    fh_op **op) FH_MUST;
/** For example: batch samples of channels on all points n of a periodic box of dim axes. */
fh_status fh_example_shape(ptrdiff_t batch, ptrdiff_t channels, int dim, const ptrdiff_t *n,
                           fh_shape *shape) FH_MUST;
/** Declares the next parameter of op; n has rank entries. Errors: FH_ERR_ARG if there are too many. */
fh_status fh_op_param(fh_op *op, const char *role, int rank, const ptrdiff_t *n, bool is_complex,
                      fh_init init, double scale) FH_MUST;
/** Sets op->team, op->in, calls setup, sets op->out and op->at. out may be NULL. */
fh_status fh_op_setup(fh_op *op, const fh_team *team, const fh_shape *in, fh_need *need) FH_MUST;
/** Calls the class's destroy, frees op->data and op, sets *op to NULL; NULL is allowed. */
void fh_op_destroy(fh_op **op);

/** Every operator of operators/, in alphabetical order; NULL-terminated. Generated by CMake. */
extern const fh_op_class *const fh_op_registry[];
