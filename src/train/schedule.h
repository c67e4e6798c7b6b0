/**
 * schedule - the learning rate (and first moment) in force at each step, as PyTorch computes it
 *
 * Same formulas in the same order of operations in double (reference: torch.optim.lr_scheduler),
 * so that the values agree bit for bit. The recursive ones (step, cosine) keep their state; store it
 * in a checkpoint.
 */
#pragma once

#include "base/config.h"

typedef enum {
  FH_SCHEDULE_CONSTANT,
  FH_SCHEDULE_STEP,
  FH_SCHEDULE_COSINE,
  FH_SCHEDULE_ONECYCLE
} fh_schedule_kind;

typedef struct {
  int kind;             /* fh_schedule_kind */
  double rate;          /* the optimiser's learning rate; one-cycle: the maximum */
  ptrdiff_t step_size;  /* step: scheduler steps between two reductions */
  double gamma;         /* step: factor of a reduction */
  ptrdiff_t period;     /* cosine: T_max; one-cycle: total steps; 0: the length of the training */
  double rate_min;      /* cosine: eta_min */
  double percent_start; /* one-cycle: share of the steps that rise */
  double div_factor,
      final_div_factor; /* one-cycle: rate/div at the start, that/final_div at the end */
  bool cycle_momentum; /* one-cycle: beta1 runs opposite to the rate, overwriting the optimiser's */
  double momentum_base, momentum_max;
  bool three_phase, linear; /* one-cycle variants of PyTorch */
  ptrdiff_t warmup; /* not one-cycle: rate*(s+1)/(warmup+1) in the first steps, then the schedule */
  bool per_step;    /* advance every optimiser step, not every epoch */
} fh_schedule_config;

extern const char *const fh_schedule_names[]; /* "constant", "step", "cosine", "onecycle", NULL */
extern const fh_field fh_schedule_fields[];

typedef struct {
  fh_schedule_config config;
  ptrdiff_t step;     /* calls of fh_schedule_advance so far */
  double rate, beta1; /* in force now; beta1 < 0: leave the optimiser's alone */
} fh_schedule;

/**
 * fh_schedule_create - the schedule before its first step
 *
 * A plain value: step, rate and beta1 are the whole state of a checkpoint. The caller replaces a period
 * of 0 first. Errors: FH_ERR_USAGE for values that the schedule cannot use (period 0, ...).
 */
fh_status fh_schedule_create(const fh_schedule_config *config, fh_schedule *schedule) FH_MUST;
/** One scheduler step. One-cycle: after the period the last value stays (PyTorch raises). */
void fh_schedule_advance(fh_schedule *schedule);
