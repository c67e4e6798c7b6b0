#include "datagen/spectral/stepper.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "datagen/spectral/stepper_impl.h"

struct fh_stepper {
  fh_stepper_equation eq;
  fh_stepper_rules rules;
  fh_stepper_report report;
  fh_method method;
  bool has_slope;   /* the method's first slope belongs to the state */
  double tolerance; /* of an estimated error */
  double courant;   /* of it, over all ranks */
  double norm;      /* the largest so far */
  double wish;      /* step size that the error asks for; 0: none yet */
};

fh_status fh_stepper_create(const fh_stepper_equation *equation, const fh_stepper_rules *rules,
                            fh_stepper **stepper)
{
  fh_stepper *s = NULL;
  *stepper = NULL;
  FH_CHECK(rules->dt > 0.0 || rules->method == FH_ETDRK4, FH_ERR_USAGE,
           "dt = %g: this method needs a fixed time step", rules->dt);
  FH_NEW(s, 1);
  s->eq = *equation;
  s->rules = *rules;
  const fh_status st = fh_method_create(rules->method, equation->modes, &s->method);
  if (st != FH_OK) fh_stepper_destroy(&s);
  *stepper = s;
  return st;
}

void fh_stepper_destroy(fh_stepper **stepper)
{
  fh_stepper *s = *stepper;
  if (!s) return;
  fh_method_destroy(&s->method);
  fh_free(s);
  *stepper = NULL;
}

void fh_stepper_restart(fh_stepper *s, double tolerance)
{
  s->tolerance = tolerance;
  s->report = (fh_stepper_report){0};
  s->has_slope = false;
  s->norm = s->wish = 0.0;
}

const fh_stepper_report *fh_stepper_what(const fh_stepper *s)
{
  return &s->report;
}

/* ---- step sizes ---------------------------------------------------------------------------------- */

static fh_status begin(fh_stepper *s, const double *state)
{
  double here = 0.0;
  if (s->has_slope) return FH_OK;
  FH_TRY(s->eq.slope(s->eq.context, state, s->method.slope[0], &here));
  FH_TRY_MPI(MPI_Allreduce(&here, &s->courant, 1, MPI_DOUBLE, MPI_MAX, s->eq.comm));
  s->has_slope = true;
  return FH_OK;
}

/* a whole number of equal steps leads to the end */
static double choose(const fh_stepper *s, double left)
{
  double h = s->rules.dt;
  if (h <= 0.0) {
    h = s->wish > 0.0 ? s->wish : left;
    if (h * s->courant > s->rules.courant) h = s->rules.courant / s->courant;
  }
  return left / ceil(left / h * (1.0 - 1e-9));
}

static fh_status check(const fh_stepper *s, double t, double h, double end)
{
  const double cells = h * s->courant;
  FH_CHECK(
      s->rules.dt <= 0.0 || cells <= s->rules.courant, FH_ERR_NUMERIC,
      "dt = %g is too long: the flow moves through %.3g cells in a step at t = %.6g, at most %g "
      "are stable; take dt = %.2g, or 0 to have steps chosen",
      s->rules.dt, cells, t, s->rules.courant, 0.9 * s->rules.courant / s->courant);
  FH_CHECK(
      h > 1e-10 * (end - t) && isfinite(h), FH_ERR_NUMERIC,
      "at t = %.6g the tolerance %g asks for time steps below %.1g: raise -tolerance, unless the "
      "solution blows up there",
      t, s->tolerance, 1e-10 * (end - t));
  return FH_OK;
}

/* Hysteresis: a step that is changed a little costs new coefficients and brings nothing. */
static void adapt(fh_stepper *s, double h, double share)
{
  const double factor = share > 0.0 ? 0.9 * pow(share, -0.25) : 4.0;
  if (share > 1.0) {
    s->wish = h * fmin(fmax(factor, 0.2), 0.8);
  } else if (s->wish <= 0.0 || h * factor > 1.25 * s->wish) {
    s->wish = h * fmin(factor, 4.0);
  }
}

static void accept(fh_stepper *s, double courant, double error, double *state)
{
  double *const old = s->method.slope[0];
  memcpy(state, s->method.next, (size_t)(2 * s->eq.modes) * sizeof *state);
  s->method.slope[0] = s->method.slope[4];
  s->method.slope[4] = old;
  s->courant = courant;
  s->report.steps++;
  s->report.error = fmax(s->report.error, error);
}

/* over all ranks */
static fh_status measure(const fh_stepper *s, double here, double *norm, double *error,
                         double *courant)
{
  double norms[2];
  fh_method_norms(&s->method, &s->eq, norms);
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, norms, 2, MPI_DOUBLE, MPI_SUM, s->eq.comm));
  FH_TRY_MPI(MPI_Allreduce(&here, courant, 1, MPI_DOUBLE, MPI_MAX, s->eq.comm));
  *norm = sqrt(norms[0]);
  *error = sqrt(norms[1]);
  return FH_OK;
}

/* one step, or an attempt that was too long; *t moves on if it was accepted */
static fh_status step(fh_stepper *s, double *t, double end, double *state)
{
  const bool fixed = s->rules.dt > 0.0;
  const double left = end - *t, h = choose(s, left);
  double here = 0.0, norm = 0.0, error = 0.0, courant = 0.0;
  FH_TRY(check(s, *t, h, end));
  FH_TRY(fh_method_step(&s->method, &s->eq, h, state, &here));
  FH_TRY(measure(s, here, &norm, &error, &courant));
  const bool finite = isfinite(norm) && isfinite(error) && isfinite(courant);
  FH_CHECK(!fixed || finite, FH_ERR_NUMERIC,
           "the solution is not finite at t = %.6g: take dt below %g, or 0 to have steps chosen",
           *t + h, h);
  const double scale = fmax(norm, s->norm), relative = scale > 0.0 ? error / scale : 0.0;
  const double share = finite ? relative / s->tolerance : 1e6;
  if (!fixed) adapt(s, h, share);
  if (!fixed && share > 1.0) {
    s->report.rejected++;
    return FH_OK;
  }
  s->norm = scale;
  accept(s, courant, relative, state);
  *t = h >= left * (1.0 - 1e-9) ? end : *t + h;
  return FH_OK;
}

fh_status fh_stepper_advance(fh_stepper *s, double t, double end, double *state)
{
  FH_TRY(begin(s, state));
  while (t < end) FH_TRY(step(s, &t, end, state));
  return FH_OK;
}
