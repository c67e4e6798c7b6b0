#include "datagen/spectral/march.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"

const char *const fh_stepper_names[] = {"etdrk4", "cn_euler", NULL};

struct fh_march {
  fh_plane *plane;
  fh_stepper *stepper;
  double unit[2]; /* 2 pi / length along the axes of the plane */
  double *decay, *weight, *state, *points;
  int rank;
};

fh_status fh_march_times(const fh_march_config *c, fh_writer_time *time)
{
  FH_CHECK(c->end_time > 0.0, FH_ERR_USAGE, "end_time = %g: it must be positive", c->end_time);
  *time = (fh_writer_time){.steps = 1, .first = c->end_time};
  if (c->record_every == 0.0) return FH_OK;
  const double intervals = round(c->end_time / c->record_every);
  FH_CHECK(intervals >= 1.0 &&
               fabs(intervals * c->record_every - c->end_time) <= 1e-9 * c->end_time,
           FH_ERR_USAGE, "end_time = %g is no multiple of record_every = %g", c->end_time,
           c->record_every);
  *time = (fh_writer_time){(ptrdiff_t)intervals + 1, 0.0, c->record_every};
  return FH_OK;
}

/* of all coefficients here; a column k_1 > 0 stands for k_1 < 0 too */
static void set_weights(fh_march *m, double viscosity)
{
  const fh_plane_layout *l = fh_plane_where(m->plane);
  for (ptrdiff_t i = 0; i < l->modes; i++) {
    const double k0 = m->unit[0] * (double)fh_plane_wave(m->plane, i % l->height);
    const double k1 = m->unit[1] * (double)(l->first_column + i / l->height);
    m->decay[i] = viscosity * (k0 * k0 + k1 * k1);
    m->weight[i] = k1 > 0.0 ? 2.0 : 1.0;
  }
}

static fh_status build(fh_problem *p, const fh_march_config *c, double viscosity,
                       fh_march_slope slope, void *context, fh_march *m)
{
  static const double two_pi = 6.283185307179586;
  const fh_grid *g = &p->grid;
  const int last = g->dim - 1;
  const ptrdiff_t n[2] = {g->dim == 2 ? g->n[0] : 1, g->n[last]};
  m->unit[0] = two_pi / g->length[0];
  m->unit[1] = two_pi / g->length[last];
  FH_TRY_MPI(MPI_Comm_rank(p->comm, &m->rank));
  FH_TRY(fh_plane_create(p->comm, n, NULL, &m->plane));
  const fh_plane_layout *l = fh_plane_where(m->plane);
  FH_NEW(m->decay, l->modes);
  FH_NEW(m->weight, l->modes);
  FH_NEW(m->state, 2 * l->modes);
  FH_NEW(m->points, l->rows * n[1]);
  set_weights(m, viscosity);
  const fh_stepper_equation equation = {p->comm, l->modes, m->decay, m->weight, slope, context};
  const fh_stepper_rules rules = {c->scheme, c->dt, c->courant};
  FH_TRY(fh_stepper_create(&equation, &rules, &m->stepper));
  snprintf(p->method, sizeof p->method, "%s", fh_stepper_names[c->scheme]);
  p->bounded = c->dt == 0.0;
  return FH_OK;
}

fh_status fh_march_create(fh_problem *p, const fh_march_config *config, double viscosity,
                          fh_march_slope slope, void *context, fh_march **march)
{
  fh_march *m = NULL;
  *march = NULL;
  FH_NEW(m, 1);
  const fh_status st = build(p, config, viscosity, slope, context, m);
  if (st != FH_OK) fh_march_destroy(&m);
  *march = m;
  return st;
}

void fh_march_destroy(fh_march **march)
{
  fh_march *m = *march;
  if (!m) return;
  fh_stepper_destroy(&m->stepper);
  fh_plane_destroy(&m->plane);
  fh_free(m->decay);
  fh_free(m->weight);
  fh_free(m->state);
  fh_free(m->points);
  fh_free(m);
  *march = NULL;
}

fh_plane *fh_march_plane(const fh_march *m)
{
  return m->plane;
}

double fh_march_wave_unit(const fh_march *m, int axis)
{
  return m->unit[axis];
}

fh_status fh_march_modes(fh_march *m, const double *field, double *modes)
{
  const fh_plane_layout *l = fh_plane_where(m->plane);
  return fh_plane_to_modes(m->plane, field + l->first_row * l->n[1], modes);
}

static fh_status take_frame(fh_march *m, double *value, fh_frame_taker take, void *context)
{
  FH_TRY(fh_plane_to_points(m->plane, m->state, m->points));
  FH_TRY(fh_plane_gather(m->plane, m->points, m->rank == 0 ? value : NULL));
  return take(context);
}

fh_status fh_march_run(fh_march *m, fh_problem *p, const double *initial, int output,
                       fh_frame_taker take, void *context, fh_evolution *evolution)
{
  const fh_writer_time *time = &p->time;
  double now = 0.0;
  FH_TRY(fh_march_modes(m, initial, m->state));
  fh_stepper_restart(m->stepper, p->tolerance);
  for (ptrdiff_t k = time->steps > 1 ? 1 : 0; k < time->steps; k++) {
    const double next = time->first + (double)k * time->interval;
    FH_TRY(fh_stepper_advance(m->stepper, now, next, m->state));
    FH_TRY(take_frame(m, p->value[output], take, context));
    now = next;
  }
  const fh_stepper_report *report = fh_stepper_what(m->stepper);
  *evolution = (fh_evolution){(int32_t)report->steps, report->error};
  return FH_OK;
}
