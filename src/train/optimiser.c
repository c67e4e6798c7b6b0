#include "train/optimiser.h"

#include <math.h>

#include "base/memory.h"

const char *const fh_optimiser_names[] = {"adamw", "adamw-neuralop", "adam", "adam-l2", NULL};
static const char *const decay_names[] = {"decoupled", "after", "coupled", NULL};

#define AT(member) offsetof(fh_optimiser_config, member)

const fh_field fh_optimiser_fields[] = {
    {"optimiser", FH_FIELD_ENUM, AT(kind), "adamw", 0, 0, fh_optimiser_names,
     "conventions of torch's adamw or adam, adamw-neuralop, or adam-l2 (FNO's and MgNO's Adam.py)"},
    {"beta1", FH_FIELD_REAL, AT(beta1), "0.9", 0, 0.999999, NULL, "decay of the first moment"},
    {"beta2", FH_FIELD_REAL, AT(beta2), "0.999", 0, 0.99999999, NULL, "decay of the second moment"},
    {"epsilon", FH_FIELD_REAL, AT(epsilon), "1e-8", 0, 1, NULL,
     "added to the root of the second moment"},
    {"weight_decay", FH_FIELD_REAL, AT(decay), "0.01", 0, 1e3, NULL, "factor of the weight decay"},
    {"decay_kind", FH_FIELD_ENUM, AT(decay_kind), "decoupled", 0, 0, decay_names,
     "weight decay: decoupled (before the step), after (the step), coupled (part of the gradient)"},
    {"complex_modulus", FH_FIELD_BOOL, AT(complex_modulus), "false", 0, 0, NULL,
     "one second moment for each complex number instead of one for each of its parts"},
    {"epsilon_inside", FH_FIELD_BOOL, AT(epsilon_inside), "false", 0, 0, NULL,
     "add epsilon before the bias correction of the second moment"},
    {"clip_norm", FH_FIELD_REAL, AT(clip_norm), "0", 0, 1e30, NULL,
     "scale the gradient down to this norm; 0: never"},
    FH_FIELDS_END};

fh_status fh_optimiser_preset(int kind, fh_optimiser_config *config)
{
  static const fh_optimiser_config presets[] = {
      {0, 0.9, 0.999, 1e-8, 0.01, FH_DECAY_DECOUPLED, false, false, 0},
      {1, 0.9, 0.999, 1e-6, 0, FH_DECAY_AFTER, true, true, 0},
      {2, 0.9, 0.999, 1e-8, 0, FH_DECAY_COUPLED, false, false, 0},
      {3, 0.9, 0.999, 1e-8, 0, FH_DECAY_COUPLED, true, false, 0}};
  const int count = sizeof presets / sizeof *presets;
  FH_CHECK(kind >= 0 && kind < count, FH_ERR_USAGE, "optimiser %d is unknown: there are 0 to %d",
           kind, count - 1);
  *config = presets[kind];
  return FH_OK;
}

static fh_status check(const fh_optimiser_config *c)
{
  FH_CHECK(c->beta1 >= 0 && c->beta1 < 1 && c->beta2 >= 0 && c->beta2 < 1, FH_ERR_USAGE,
           "-beta1 %g and -beta2 %g must lie in [0, 1)", c->beta1, c->beta2);
  FH_CHECK(c->epsilon >= 0 && c->decay >= 0 && c->clip_norm >= 0, FH_ERR_USAGE,
           "-epsilon %g, -weight_decay %g and -clip_norm %g cannot be negative", c->epsilon,
           c->decay, c->clip_norm);
  FH_CHECK(c->decay_kind >= FH_DECAY_DECOUPLED && c->decay_kind <= FH_DECAY_COUPLED, FH_ERR_USAGE,
           "kind of weight decay %d is unknown: there are 0 to %d", c->decay_kind,
           FH_DECAY_COUPLED);
  return FH_OK;
}

static fh_status check_places(int n_params, const fh_param *const *params)
{
  ptrdiff_t end = 0;
  for (int i = 0; i < n_params; i++) {
    const fh_param *p = params[i];
    FH_CHECK(p->offset >= end && p->size >= 0, FH_ERR_ARG,
             "parameter %s starts at %td but the one before ends at %td: they cannot overlap",
             p->name, p->offset, end);
    FH_CHECK(!p->decl.is_complex || p->size % 2 == 0, FH_ERR_ARG,
             "complex parameter %s has %td reals, which is odd", p->name, p->size);
    end = p->offset + p->size;
  }
  return FH_OK;
}

static fh_status build(fh_optimiser *o, const fh_param *const *params)
{
  FH_NEW(o->params, o->n_params);
  for (int i = 0; i < o->n_params; i++) o->params[i] = params[i];
  FH_NEW(o->first, o->n);
  FH_NEW(o->second, o->n);
  return FH_OK;
}

static fh_status create(const fh_optimiser_config *config, ptrdiff_t n, int n_params,
                        const fh_param *const *params, fh_optimiser **optimiser)
{
  fh_optimiser *o = NULL;
  *optimiser = NULL;
  FH_TRY(check(config));
  FH_TRY(check_places(n_params, params));
  FH_NEW(o, 1);
  o->config = *config;
  o->n = n;
  o->n_params = n_params;
  const fh_status st = build(o, params);
  if (st != FH_OK) fh_optimiser_destroy(&o);
  *optimiser = o;
  return st;
}

fh_status fh_optimiser_create_for(const fh_optimiser_config *config, int n_params,
                                  const fh_param *const *params, fh_optimiser **optimiser)
{
  const fh_param *last = n_params > 0 ? params[n_params - 1] : NULL;
  FH_TRY(create(config, last ? last->offset + last->size : 0, n_params, params, optimiser));
  return FH_OK;
}

fh_status fh_optimiser_create(const fh_optimiser_config *config, const fh_program *p,
                              fh_optimiser **optimiser)
{
  const fh_param **params = NULL;
  const int n = fh_program_n_params(p);
  *optimiser = NULL;
  FH_NEW(params, n);
  for (int i = 0; i < n; i++) params[i] = fh_program_param(p, i);
  const fh_status st = create(config, fh_program_param_size(p), n, params, optimiser);
  fh_free(params);
  FH_TRY(st);
  return FH_OK;
}

void fh_optimiser_destroy(fh_optimiser **optimiser)
{
  fh_optimiser *o = *optimiser;
  if (!o) return;
  fh_free(o->second);
  fh_free(o->first);
  fh_free(o->params);
  fh_free(o);
  *optimiser = NULL;
}

/* ---- norm: lanes that the compiler may keep in a vector, blocks that keep the round-off small ---- */

enum { LANES = 8, BLOCK = 4096 };

static double block_squares(ptrdiff_t n, const fh_real *g)
{
  double lane[LANES] = {0}, sum = 0;
  ptrdiff_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int k = 0; k < LANES; k++) lane[k] += (double)g[i + k] * (double)g[i + k];
  for (; i < n; i++) lane[0] += (double)g[i] * (double)g[i];
  for (int k = 0; k < LANES; k++) sum += lane[k];
  return sum;
}

double fh_optimiser_norm(const fh_optimiser *o, const fh_real *gradient)
{
  double sum = 0;
  for (int i = 0; i < o->n_params; i++) {
    const fh_real *g = gradient + o->params[i]->offset;
    const ptrdiff_t n = o->params[i]->size;
    for (ptrdiff_t k = 0; k < n; k += BLOCK)
      sum += block_squares(n - k < BLOCK ? n - k : BLOCK, g + k);
  }
  return sqrt(sum);
}

/* ---- one update: the scalars of a step in the precision of the arrays ---- */

typedef struct {
  fh_real clip, coupled, shrink; /* g = clip*g + coupled*p; p *= shrink, before or after */
  bool before;
  fh_real gain1, keep2, gain2; /* m += gain1 (g - m); v = keep2 v + gain2 g^2 */
  fh_real root, epsilon, step; /* p -= step m / (root sqrt(v) + epsilon) */
} update;

static inline fh_real square_root(fh_real x)
{
#ifdef FH_DOUBLE
  return sqrt(x);
#else
  return sqrtf(x);
#endif
}

static inline fh_real moved(const update *u, fh_real p, fh_real m, fh_real denominator)
{
  const fh_real start = u->before ? p * u->shrink : p;
  const fh_real end = start - u->step * m / denominator;
  return u->before ? end : end * u->shrink;
}

static void update_real(const update *restrict u, ptrdiff_t n, const fh_real *restrict gradient,
                        fh_real *restrict p, fh_real *restrict m, fh_real *restrict v)
{
  const update w = *u;
  for (ptrdiff_t i = 0; i < n; i++) {
    const fh_real g = w.clip * gradient[i] + w.coupled * p[i];
    m[i] += w.gain1 * (g - m[i]);
    v[i] = w.keep2 * v[i] + w.gain2 * g * g;
    p[i] = moved(&w, p[i], m[i], w.root * square_root(v[i]) + w.epsilon);
  }
}

/* Pairs in short runs, so that each loop is plain enough for the compiler's vectors. */
enum { PAIRS = 256 };

static void update_pairs(const update w, ptrdiff_t n, const fh_real *restrict gradient,
                         fh_real *restrict p, fh_real *restrict m, fh_real *restrict v)
{
  fh_real g[2 * PAIRS], second[PAIRS], denominator[PAIRS];
  for (ptrdiff_t i = 0; i < 2 * n; i++) {
    g[i] = w.clip * gradient[i] + w.coupled * p[i];
    m[i] += w.gain1 * (g[i] - m[i]);
  }
  for (ptrdiff_t k = 0; k < n; k++)
    second[k] = w.keep2 * v[2 * k] + w.gain2 * (g[2 * k] * g[2 * k] + g[2 * k + 1] * g[2 * k + 1]);
  for (ptrdiff_t k = 0; k < n; k++) denominator[k] = w.root * square_root(second[k]) + w.epsilon;
  for (ptrdiff_t k = 0; k < n; k++) {
    v[2 * k] = second[k];
    v[2 * k + 1] = 0;
    p[2 * k] = moved(&w, p[2 * k], m[2 * k], denominator[k]);
    p[2 * k + 1] = moved(&w, p[2 * k + 1], m[2 * k + 1], denominator[k]);
  }
}

static void update_complex(const update *u, ptrdiff_t n, const fh_real *gradient, fh_real *p,
                           fh_real *m, fh_real *v)
{
  for (ptrdiff_t i = 0; i < n; i += 2 * PAIRS) {
    const ptrdiff_t pairs = (n - i < 2 * PAIRS ? n - i : 2 * PAIRS) / 2;
    update_pairs(*u, pairs, gradient + i, p + i, m + i, v + i);
  }
}

static update make_update(const fh_optimiser *o, double rate, double beta1, double clip)
{
  const fh_optimiser_config *c = &o->config;
  const double t = (double)o->steps, left1 = 1 - pow(beta1, t), left2 = sqrt(1 - pow(c->beta2, t));
  const bool coupled = c->decay_kind == FH_DECAY_COUPLED;
  return (update){.clip = (fh_real)clip,
                  .coupled = (fh_real)(coupled ? c->decay : 0),
                  .shrink = (fh_real)(coupled ? 1 : 1 - rate * c->decay),
                  .before = c->decay_kind == FH_DECAY_DECOUPLED,
                  .gain1 = (fh_real)(1 - beta1),
                  .keep2 = (fh_real)c->beta2,
                  .gain2 = (fh_real)(1 - c->beta2),
                  .root = (fh_real)(c->epsilon_inside ? 1 : 1 / left2),
                  .epsilon = (fh_real)c->epsilon,
                  .step = (fh_real)(c->epsilon_inside ? rate * left2 / left1 : rate / left1)};
}

static double clip_factor(const fh_optimiser *o, const fh_real *gradient)
{
  const double clip = o->config.clip_norm;
  if (!(clip > 0)) return 1;
  const double factor = clip / (fh_optimiser_norm(o, gradient) + 1e-6);
  return factor < 1 ? factor : 1;
}

void fh_optimiser_step(fh_optimiser *o, double rate, double beta1, const fh_real *gradient,
                       fh_real *values)
{
  o->steps++;
  const update u =
      make_update(o, rate, beta1 < 0 ? o->config.beta1 : beta1, clip_factor(o, gradient));
  for (int i = 0; i < o->n_params; i++) {
    const fh_param *p = o->params[i];
    const ptrdiff_t at = p->offset;
    const bool modulus = p->decl.is_complex && o->config.complex_modulus;
    (modulus ? update_complex : update_real)(&u, p->size, gradient + at, values + at, o->first + at,
                                             o->second + at);
  }
}
