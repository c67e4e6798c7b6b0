/**
 * march - a diffusive equation on a periodic box from its initial state through the recorded times
 *
 *   u' = N(u) - viscosity |k|^2 u   in Fourier coefficients (fftw_plane.h, stepper.h);
 * what the problems of this kind share: options, memory, the loop over recorded frames.
 */
#pragma once

#include "datagen/problem/problem.h"
#include "datagen/spectral/fftw_plane.h"
#include "datagen/spectral/stepper.h"

typedef struct {
  int scheme; /* fh_stepper_method */
  double end_time, record_every, dt, courant;
} fh_march_config;

extern const char *const fh_stepper_names[];

/** The rows of a fh_march_config that is a member of a configuration struct. */
#define FH_MARCH_FIELDS(type, member, preset_end, preset_every)                                    \
  {"end_time", FH_FIELD_REAL,       offsetof(type, member.end_time), preset_end, 0.0, 1e9,         \
   NULL,       "last recorded time"},                                                              \
      {"record_every",                                                                             \
       FH_FIELD_REAL,                                                                              \
       offsetof(type, member.record_every),                                                        \
       preset_every,                                                                               \
       0.0,                                                                                        \
       1e9,                                                                                        \
       NULL,                                                                                       \
       "trajectory: time between frames, the first one at 0; 0: a map to end_time"},               \
      {"scheme",                                                                                   \
       FH_FIELD_ENUM,                                                                              \
       offsetof(type, member.scheme),                                                              \
       "etdrk4",                                                                                   \
       0.0,                                                                                        \
       0.0,                                                                                        \
       fh_stepper_names,                                                                           \
       "etdrk4: fourth order; cn_euler: Crank-Nicolson and explicit Euler, with a fixed dt"},      \
      {"dt",                                                                                       \
       FH_FIELD_REAL,                                                                              \
       offsetof(type, member.dt),                                                                  \
       "0",                                                                                        \
       0.0,                                                                                        \
       1e9,                                                                                        \
       NULL,                                                                                       \
       "time step; 0: chosen so that its estimated relative error is below -tolerance"},           \
  {                                                                                                \
    "courant", FH_FIELD_REAL, offsetof(type, member.courant), "1.3", 0.0, 100.0, NULL,             \
        "cells that the flow may cross in a step; a fixed dt that exceeds it fails the sample"     \
  }

/** The recorded times: {1, end_time} of a map, {frames, 0, record_every} of a trajectory. Errors:
 *  FH_ERR_USAGE if they are none (end_time no multiple of record_every). */
fh_status fh_march_times(const fh_march_config *config, fh_writer_time *time) FH_MUST;

typedef struct fh_march fh_march;

/** N(u) of the coefficients state, as fh_stepper_equation's slope. */
typedef fh_status (*fh_march_slope)(void *context, const double *state, double *slope,
                                    double *courant);

/**
 * fh_march_create - for p->grid, which is periodic and has 1 or 2 axes
 *
 * Collective on p->comm. Sets p->method and p->bounded. context: what slope gets.
 */
fh_status fh_march_create(fh_problem *p, const fh_march_config *config, double viscosity,
                          fh_march_slope slope, void *context, fh_march **march) FH_MUST;
void fh_march_destroy(fh_march **march);
fh_plane *fh_march_plane(const fh_march *march);
/** 2 pi / length along an axis of the plane: a line is its axis 1. */
double fh_march_wave_unit(const fh_march *march, int axis);
/** Coefficients [modes][2] of a whole field [points] that every rank has. Collective. */
fh_status fh_march_modes(fh_march *march, const double *field, double *modes) FH_MUST;
/**
 * fh_march_run - the evolve of a problem with one output
 *
 * initial: whole field [points], on every rank (p->value[output] is allowed). Collective.
 */
fh_status fh_march_run(fh_march *march, fh_problem *p, const double *initial, int output,
                       fh_frame_taker take, void *context, fh_evolution *evolution) FH_MUST;
