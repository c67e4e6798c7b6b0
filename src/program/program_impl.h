/* program_impl - what the files of src/program share; nobody else includes it */
#pragma once

#include "program/plan.h"
#include "program/program.h"

enum { NO_STEP = -1, NO_ITEM = -1 };

typedef struct {
  fh_op *op;
  char name[96];
  fh_slot in[FH_OP_MAX_IN], out[FH_OP_MAX_OUT];
  int param[FH_OP_MAX_PARAM]; /* indices into params; -1 - i: index i into bindings */
  ptrdiff_t fold;             /* samples of input 0 per sample of the program */
  ptrdiff_t passes; /* calls that share them, see pass.c: 1 if all patches are computed at once */
  int begin, end;   /* the steps [begin, end) that each pass walks through, this one among them */
  bool again;       /* backward computes the pass once more instead of keeping what forward saved */
  int forward_at, again_at, backward_at; /* instants */
  fh_need need;
  int saved, work_forward, work_again, work_backward; /* items of the plan, or NO_ITEM */
  bool has_upstream; /* some parameter at or above this step: its backward is always needed */
} step;

typedef struct {
  fh_shape shape;
  int producer;                     /* step, or NO_STEP for an input of the program */
  int input;                        /* which input of the program, or -1 */
  int reader;                       /* the one step that reads it after build, or NO_STEP */
  int output;                       /* which output of the program, or -1 */
  fh_slot root;                     /* slot whose memory it shares: itself, unless it is a view */
  int value, value_again, gradient; /* items of the plan, or NO_ITEM */
  bool value_of_pass, gradient_of_pass; /* the item holds the samples of one pass, not all */
  bool same_gradient;                   /* as that of its reader's output: one item holds both */
  bool upstream;                        /* some parameter above it: its gradient is always needed */
} slot;

/* instants, both included */
typedef struct {
  int first, last;
} span;

/* a name that a step may ask for, and what stands behind it */
typedef struct {
  char name[160];
  int param;      /* of the program, or -1: computed by a map */
  int map, piece; /* then: which one, and which of its outputs */
  ptrdiff_t size; /* then: its reals */
  bool used;
} binding;

typedef struct {
  fh_map *map;
  int param[FH_MAP_MAX_PARAM];
  ptrdiff_t at;          /* of its first output among the derived tensors */
  ptrdiff_t gradient_at; /* of the outputs, behind those of the parameters if the adjoint waits */
  fh_real *gradient;
  void *state;
  /* dropout in training: of each parameter that is masked (else NULL) the mask, the masked values and
     their gradients */
  fh_real *mask[FH_MAP_MAX_PARAM], *masked[FH_MAP_MAX_PARAM], *masked_gradient[FH_MAP_MAX_PARAM];
} derivation;

struct fh_program {
  const fh_team *team;
  int n_steps, n_slots, n_params, n_inputs, n_outputs;
  int cap_steps, cap_slots, cap_params;
  step *steps;
  slot *slots;
  fh_param *params;
  int n_bindings, cap_bindings, n_maps, cap_maps;
  binding *bindings;
  derivation *maps;
  ptrdiff_t derived_size, cheap_size; /* reals of all outputs; of those of maps that do not wait */
  fh_real *derived, *derived_gradient;
  void *map_work;
  bool dropped; /* masks have been drawn */
  bool stale;   /* values changed since the maps ran */
  bool pending; /* backward ran since the adjoints of the maps did that do not wait */
  fh_slot inputs[FH_OP_MAX_IN], outputs[FH_OP_MAX_OUT];
  ptrdiff_t param_size,
      sum_size; /* reals of the parameters; with the outputs of maps that wait behind them */
  bool built, recompute;
  fh_purpose purpose;
  fh_buffers buffers;

  int caller_at;      /* the instant between forward and backward */
  ptrdiff_t together; /* patches of one pass at the most */
  span *around;       /* of each instant: those of the passes it is part of, or itself */
  fh_plan plan;
  char *arena; /* FH_PLANNED: all items */
  void **own;  /* FH_OWN: one buffer an item */
  fh_real *values, *gradients;

  /* of the forward in flight */
  ptrdiff_t batch;
  const fh_real *input_value[FH_OP_MAX_IN];
  bool forward_done;
};

/** Memory of an item of the plan, NULL for NO_ITEM. */
void *fh_program_item(const fh_program *p, int item);
/** Passes of a step whose inputs are these slots. */
ptrdiff_t fh_program_passes(const fh_program *p, const fh_op *op, const fh_slot *in);
/** Passes whose saved values are kept at the same time. */
static inline ptrdiff_t fh_program_parts_saved(const step *q)
{
  return q->again ? 1 : q->passes;
}
/** Sets begin, end, again and the instants of every step. */
fh_status fh_program_find_passes(fh_program *p);
/** True if what is alive from instant *first to *last lives within a pass; otherwise widens both so that
 *  no pass overwrites what an earlier one has left. */
bool fh_program_within_pass(const fh_program *p, int *first, int *last);
/** True if a pass that is computed again makes slot s anew before step q needs it. */
bool fh_program_made_again(const fh_program *p, fh_slot s, const step *q);
/** The binding of that name, or -1. */
int fh_program_find_binding(const fh_program *p, const char *name);
/** Values and gradient of parameter k of step q. */
const fh_real *fh_program_param_value(const fh_program *p, const step *q, int k);
fh_real *fh_program_param_gradient(const fh_program *p, const step *q, int k);
/** Declares a parameter of the program. */
fh_status fh_program_declare(fh_program *p, const char *name, const fh_param_decl *decl,
                             int *index);
/** Makes room for one more element of size bytes in an array that grows by doubling. */
fh_status fh_program_grow(void **array, int n, int *capacity, size_t size);
/** The sizes of gradients. */
void fh_program_place_maps(fh_program *p);
/** Memory of the maps, at build. */
fh_status fh_program_build_maps(fh_program *p);
size_t fh_program_derived_bytes(const fh_program *p);
void fh_program_destroy_maps(fh_program *p);
/** Room for the masks of dropout, at build. */
fh_status fh_program_build_masks(fh_program *p);
void fh_program_destroy_masks(derivation *d);
/** Where parameter k of a map is read from: the masked copy, if it has one. */
const fh_real *fh_program_masked_value(const fh_program *p, const derivation *d, int k);
/** Where its gradient is added, zero at first if it is masked; and what is added from there, to gradients. */
fh_real *fh_program_masked_gradient(const fh_program *p, const derivation *d, int k,
                                    fh_real *gradients);
void fh_program_add_masked(const fh_program *p, const derivation *d, int k, fh_real *gradients);
/** Evaluates the maps if values may have changed. */
void fh_program_prepare(fh_program *p);
/** Appends a step whose op is set up; used by add and by the insertion of splits. */
fh_status fh_program_append(fh_program *p, const char *name, fh_op *op, const fh_slot *in,
                            fh_slot *out);
