/**
 * program - a model as a straight-line list of steps
 *
 * A builder adds inputs, then steps; each step applies one operator to slots already written and
 * writes fresh slots. Forward walks the list down, backward walks it up. A slot read by several
 * steps gets a `split` step, whose backward is a sum. Values live in one arena planned from their
 * lifetimes (FH_PLANNED), or each in a buffer of its own filled with NaN (FH_OWN: the oracle that
 * tests compare the plan with). Parameters and gradients are two flat arrays.
 *
 * life: create -> input, add..., output -> build -> [forward -> backward]* -> destroy
 * All calls are collective on the team. After build nothing allocates.
 */
#pragma once

#include "program/map.h"
#include "program/op.h"

typedef struct fh_program fh_program;
typedef int fh_slot;

typedef enum { FH_PLANNED, FH_OWN } fh_buffers;
typedef enum { FH_INFER, FH_TRAIN } fh_purpose; /* INFER: no backward, smaller arena */

/** A parameter of the program: declaration, full name and place in the flat arrays. */
typedef struct {
  char name[160]; /* "fno_blocks.convs.0.weight.tensor" */
  fh_param_decl decl;
  ptrdiff_t offset, size; /* in reals */
} fh_param;

/** team is not owned and must outlive the program. */
fh_status fh_program_create(const fh_team *team, fh_program **program) FH_MUST;
void fh_program_destroy(fh_program **program);

/** The team it was created with. */
const fh_team *fh_program_team(const fh_program *p);

/** Adds an input of the program (before the first step) and returns its slot. */
fh_status fh_program_input(fh_program *p, const fh_shape *shape, fh_slot *slot) FH_MUST;

/**
 * fh_program_add - append a step
 *
 * name  prefix of its parameters' names, "fno_blocks.convs.0"; "" allowed without parameters
 * op    owned by the program from here on, also if the call fails
 * in    op->n_in slots; out receives op->n_out fresh slots (may be NULL if the caller counts)
 * Errors: what setup finds wrong with the shapes, told with the step's name; FH_ERR_STATE if a
 * parameter of that name exists (share it with fh_program_add_shared) or after build.
 */
fh_status fh_program_add(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                         fh_slot *out) FH_MUST;
/** The same for a step that uses the parameters that an earlier step of this name declared; their
 *  shapes must be equal. Gradients of both uses add up. */
fh_status fh_program_add_shared(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                                fh_slot *out) FH_MUST;
/** One input, one output: *slot is read, then names the result. */
fh_status fh_program_then(fh_program *p, const char *name, fh_op *op, fh_slot *slot) FH_MUST;

/**
 * fh_program_map - append a map, whose parameters become parameters of the program
 *
 * name  prefix of their names, "fno_blocks.convs.0"; map: owned by the program from here on, also if
 * the call fails. *index is what fh_program_bind takes. Errors: as fh_program_add.
 */
fh_status fh_program_map(fh_program *p, const char *name, fh_map *map, int *index) FH_MUST;
/**
 * fh_program_bind - where a step that is added later finds a tensor
 *
 * param  full name of the parameter as the step will ask for it ("fno_blocks.convs.0.weight.tensor");
 *        it does not become a parameter of the program: it is output piece of the map.
 *        It may have the name of a parameter that the map is computed from, and then stands in its place
 */
fh_status fh_program_bind(fh_program *p, const char *param, int map, int piece) FH_MUST;
/** The same for a parameter that exists under another name. */
fh_status fh_program_bind_param(fh_program *p, const char *param, const char *existing) FH_MUST;

/** Shape of a slot, valid until the next add. */
const fh_shape *fh_program_shape(const fh_program *p, fh_slot slot);
/** Names slot as the next output of the program. */
fh_status fh_program_output(fh_program *p, fh_slot slot) FH_MUST;

/** Before the steps that it is for: how many patches of a sample pass through the network together (pass.c), at the most;
 *  default 1. More read the weights less often, and need more cache. Values have the same bits, gradients of
 *  parameters other rounding. */
void fh_program_patches_together(fh_program *p, ptrdiff_t patches);
/** Before build, of a program for training: where patches pass one after the other (pass.c), backward computes each pass
 *  again instead of keeping what forward saved of all of them. The same bits, the memory of one patch, forward twice. */
void fh_program_recompute(fh_program *p, bool recompute);
/** Inserts splits, plans the memory, allocates arena and parameters (values and gradients 0). */
fh_status fh_program_build(fh_program *p, fh_purpose purpose, fh_buffers buffers) FH_MUST;

/** Parameters in the order in which they were declared. */
int fh_program_n_params(const fh_program *p);
const fh_param *fh_program_param(const fh_program *p, int i);
/** Index of the parameter of that name, or -1. */
int fh_program_find_param(const fh_program *p, const char *name);
/** Reals in the flat arrays. */
ptrdiff_t fh_program_param_size(const fh_program *p);
/** The values. Whoever asks may write them until the next call of forward: that one evaluates the
 *  maps anew. To change values again, ask again. */
fh_real *fh_program_values(fh_program *p);
/** The gradients (NULL for FH_INFER), complete: runs the adjoint of the maps on what backward has
 *  added since the last time. Ask before the values change, and ask again after more backwards. */
fh_real *fh_program_gradients(fh_program *p);
/**
 * fh_program_unit_gradients - what a unit of samples adds to the gradient of a batch
 *
 * Where the adjoint of a map costs more than adding up the gradients of its outputs, it may wait for their sum: those
 * gradients stand behind the gradients of the parameters, in blocks of their own. Blocks 0 .. n_params - 1 are those of
 * fh_program_param; block n_blocks begins where the vector ends. Whoever adds such vectors up sets them to zero, and
 * completes the sum. A map with an adjoint that is cheap has run it.
 */
fh_real *fh_program_unit_gradients(fh_program *p);
int fh_program_n_blocks(const fh_program *p);
ptrdiff_t fh_program_block(const fh_program *p, int block);
/** Runs the adjoints that have waited, on a sum of such vectors: then its first fh_program_param_size reals are the
 *  gradient of the sum. The values must be those of the units. */
void fh_program_complete(const fh_program *p, fh_real *sum);
/** Draws every parameter from its law with numbers keyed by (seed, its name). */
void fh_program_init(fh_program *p, uint64_t seed);
void fh_program_zero_gradients(fh_program *p);
/**
 * fh_program_drop - what dropout leaves out from now on, a function of (seed, step)
 *
 * Of a program built for training; until the first call nothing is left out. Programs for inference
 * and programs without dropout do nothing.
 */
void fh_program_drop(fh_program *p, uint64_t seed, uint64_t step);

/**
 * fh_program_forward - batch samples, 1..batch of the input shapes
 *
 * in[i]   value of input i, read-only, must stay until backward is done; not copied
 * out[i]  receives a pointer to output i inside the program, valid until the next call
 */
fh_status fh_program_forward(fh_program *p, ptrdiff_t batch, const fh_real *const *in,
                             const fh_real **out) FH_MUST;
/**
 * fh_program_backward - the adjoint of the last forward
 *
 * dout[i]  gradient of output i, read-only
 * din[i]   receives the gradient of input i, or NULL if nobody wants it; din itself may be NULL
 * Adds to fh_program_gradients().
 */
fh_status fh_program_backward(fh_program *p, const fh_real *const *dout,
                              fh_real *const *din) FH_MUST;

/** Numbers of the program: n_inputs, n_outputs and shapes of both. */
int fh_program_n_inputs(const fh_program *p);
int fh_program_n_outputs(const fh_program *p);
const fh_shape *fh_program_input_shape(const fh_program *p, int i);
const fh_shape *fh_program_output_shape(const fh_program *p, int i);
/** Bytes of the arena, of all buffers without a plan, and the lower bound of any plan; derived: what
 *  maps compute, with its gradients and their scratch. */
typedef struct {
  size_t arena, own, bound, saved, work, derived;
} fh_program_memory;
fh_program_memory fh_program_bytes(const fh_program *p);
/** Flops, bytes and message bytes of one forward of one sample, without the maps. */
fh_cost fh_program_cost(const fh_program *p);
/** One line a step: operator, shapes, bytes, lifetime, offset, flops. */
void fh_program_print(const fh_program *p, FILE *stream);
