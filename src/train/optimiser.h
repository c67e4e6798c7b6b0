/**
 * optimiser - Adam and AdamW on flat arrays, as PyTorch and the reference codes compute them
 */
#pragma once

#include "base/config.h"
#include "program/program.h"

typedef enum {
  FH_DECAY_DECOUPLED, /* AdamW (torch): p *= 1 - rate*decay before the step */
  FH_DECAY_AFTER,     /* neuraloperator's AdamW: p -= rate*decay*p after the step */
  FH_DECAY_COUPLED    /* Adam with L2 (torch.optim.Adam, FNO's Adam.py): g += decay*p first */
} fh_decay;

typedef struct {
  int kind; /* fh_optimiser_names: whose conventions and defaults the others started from */
  double beta1, beta2, epsilon, decay;
  int decay_kind;       /* fh_decay */
  bool complex_modulus; /* one second moment |g|^2 per complex number (neuraloperator, FNO's
                           Adam.py), kept where its real part is; false: re and im apart (torch) */
  bool epsilon_inside;  /* true: sqrt(v) + eps, step rate*sqrt(1-b2^t)/(1-b1^t) (neuraloperator);
                           false: sqrt(v)/sqrt(1-b2^t) + eps (torch) */
  double clip_norm;     /* scale the gradient by clip/(norm + 1e-6) where that is below 1, as
                           torch.nn.utils.clip_grad_norm_; 0: never */
} fh_optimiser_config;

extern const fh_field fh_optimiser_fields[];

/** "adamw" (torch.optim.AdamW), "adamw-neuralop" (neuraloperator's AdamW), "adam" (torch.optim.Adam),
 *  "adam-l2" (the Adam.py of the FNO and MgNO codes), NULL. */
extern const char *const fh_optimiser_names[];
/**
 * fh_optimiser_preset - the conventions and defaults of one of these classes
 *
 * Sets every member of config, decay to the class's own default (adamw 0.01, others 0). An option
 * -optimiser is applied first, then the options of single members. Errors: FH_ERR_USAGE for a kind
 * out of range.
 */
fh_status fh_optimiser_preset(int kind, fh_optimiser_config *config) FH_MUST;

typedef struct {
  fh_optimiser_config config;
  ptrdiff_t n;
  int n_params;
  const fh_param **params; /* which ranges are complex */
  int64_t steps;           /* updates made; a skipped one does not count */
  fh_real *first, *second; /* moments, n reals each */
} fh_optimiser;

/**
 * fh_optimiser_create - one optimiser for all parameters of p
 *
 * p must outlive it. Owned by the caller. Errors: FH_ERR_USAGE for values that Adam cannot use.
 */
fh_status fh_optimiser_create(const fh_optimiser_config *config, const fh_program *p,
                              fh_optimiser **optimiser) FH_MUST;
/** The same for parameters named one by one, which stand in one array in ascending order, with gaps or
 *  without; gaps are never touched. The list is copied, the parameters must outlive the optimiser. */
fh_status fh_optimiser_create_for(const fh_optimiser_config *config, int n_params,
                                  const fh_param *const *params, fh_optimiser **optimiser) FH_MUST;
void fh_optimiser_destroy(fh_optimiser **optimiser);
/** L2 norm of the gradient's parameters in double, the same bits for the same gradient. */
double fh_optimiser_norm(const fh_optimiser *o, const fh_real *gradient);
/** One update of values from gradient with the learning rate; beta1 < 0: the configured one. Local
 *  and deterministic: equal on all ranks for equal arguments. */
void fh_optimiser_step(fh_optimiser *o, double rate, double beta1, const fh_real *gradient,
                       fh_real *values);
