/**
 * model - a family of neural operators, configured, built on a grid, with its parameters
 *
 * A family (fno, ...) is a table of fields and a builder that writes a program; it has no loops over
 * grid points. The same parameters can be built on another grid.
 */
#pragma once

#include "base/config.h"
#include "io/bundle.h"
#include "program/program.h"

typedef struct fh_model_class {
  const char *name, *help;
  size_t config_bytes;
  const fh_field *fields;
  bool shares_samples; /* ranks may share the patches of a sample (team->n_patches > 1) */
  /** Checks the configuration against the number of axes, fills what depends on it. */
  fh_status (*check)(void *config, int dim);
  /** Appends the steps; *slot enters as the input field and leaves as the prediction. */
  fh_status (*build)(const void *config, int in_channels, int out_channels, fh_program *p,
                     fh_slot *slot);
} fh_model_class;

/** All families; NULL-terminated. */
extern const fh_model_class *const fh_model_registry[];
/** The family of that name. Errors: FH_ERR_USAGE, naming the nearest and the known ones. */
fh_status fh_model_class_find(const char *name, const fh_model_class **class) FH_MUST;

/** How a model steps in time: from frames t - (history - 1) stride, ..., t of a trajectory, oldest
 *  first, and constant fields behind them, to frame t + stride. history 0: it is no time step. */
typedef struct {
  ptrdiff_t history, stride;
} fh_time_step;

/** What defines a model apart from the numbers in it. */
typedef struct {
  const fh_model_class *class;
  void *config; /* class->config_bytes, owned */
  int in_channels, out_channels;
  fh_time_step time;
} fh_model_spec;

/** A spec with the family's defaults. Free with fh_model_spec_clear. */
fh_status fh_model_spec_create(const fh_model_class *class, int in_channels, int out_channels,
                               fh_model_spec *spec) FH_MUST;
void fh_model_spec_clear(fh_model_spec *spec);
/** The spec as JSON text (free with fh_free) and back; the same spec gives the same text. An option
 *  that the text does not name has its default. Errors: FH_ERR_FORMAT. */
fh_status fh_model_spec_to_json(const fh_model_spec *spec, char **json) FH_MUST;
fh_status fh_model_spec_from_json(const char *json, fh_model_spec *spec) FH_MUST;

/**
 * fh_model_program - the steps of spec on a grid, not built yet
 *
 * Collective on team. batch: samples of one call (the micro-batch). Nothing is allocated for values
 * or parameters: for counts of parameters, flops and -dry_run. Errors: FH_ERR_USAGE for a
 * configuration that makes no sense, FH_ERR_SHAPE and FH_ERR_UNSUPPORTED from the operators.
 */
fh_status fh_model_program(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                           ptrdiff_t batch, fh_program **program) FH_MUST;
/**
 * fh_model_build - the program of spec on a grid
 *
 * fh_model_program and fh_program_build. The parameters are zero: call fh_program_init or copy
 * values.
 */
fh_status fh_model_build(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                         ptrdiff_t batch, fh_purpose purpose, fh_buffers buffers,
                         fh_program **program) FH_MUST;
/** Real numbers in the parameters of p, built or not; a complex one counts two. */
ptrdiff_t fh_model_n_params(const fh_program *p);
