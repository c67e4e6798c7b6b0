/**
 * model - a family of neural operators, configured, built on a grid, with its parameters
 *
 * A family (fno, ...) is a table of fields and a builder that writes a program; it has no loops over
 * grid points. The same parameters can be built on another grid.
 */
#pragma once

#include "base/config.h"
#include "io/bundle.h"
#include "operators/patch/cut.h"
#include "program/program.h"

typedef struct fh_model_class {
  const char *name, *help;
  size_t config_bytes;
  const fh_field *fields;
  /** Checks the configuration against the number of axes, fills what depends on it. */
  fh_status (*check)(void *config, int dim);
  /** Appends the steps; *slot enters as the input field and leaves as the prediction. */
  fh_status (*build)(const void *config, int in_channels, int out_channels, fh_program *p,
                     fh_slot *slot);
  /** Of models that work patch by patch, whose patches ranks may share (team->n_patches > 1) or
   *  compute one after the other; NULL: others. How a field on grid is cut: */
  fh_patch_config (*patches)(const void *config, const fh_grid *grid);
  /** The steps on patches that have been cut: *slot enters as fh_cut_channels(in_channels) channels
   *  and leaves with the patches' padding. */
  fh_status (*build_patch)(const void *config, int in_channels, int out_channels, fh_program *p,
                           fh_slot *slot);
  /** Why a parameter may depend on the grid, and how to train a model without it; may be NULL. */
  const char *(*tie)(const char *param);
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
/** A copy with a configuration of its own. Free with fh_model_spec_clear. */
fh_status fh_model_spec_copy(const fh_model_spec *spec, fh_model_spec *copy) FH_MUST;
void fh_model_spec_clear(fh_model_spec *spec);
/** The spec as JSON text (free with fh_free) and back; the same spec gives the same text. An option
 *  that the text does not name has its default. Errors: FH_ERR_FORMAT. */
fh_status fh_model_spec_to_json(const fh_model_spec *spec, char **json) FH_MUST;
fh_status fh_model_spec_from_json(const char *json, fh_model_spec *spec) FH_MUST;

/**
 * fh_model_program - the steps of spec on a grid, not built yet
 *
 * Collective on team. batch: samples of one call (the micro-batch). Where ranks share the patches of
 * a sample, the input is what the patches of this rank need (fh_model_part.in), and the output is the
 * box of the field that they make; else both are the whole field. Nothing is allocated for values
 * or parameters: for counts of parameters, flops and -dry_run. Errors: FH_ERR_USAGE for a
 * configuration that makes no sense, FH_ERR_SHAPE and FH_ERR_UNSUPPORTED from the operators.
 */
fh_status fh_model_program(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                           ptrdiff_t batch, fh_program **program) FH_MUST;
/** What of a field is where, for a model that works patch by patch. */
typedef struct {
  fh_cut *cut;
  ptrdiff_t first, count; /* patches of this rank */
  fh_selection in;        /* points that they need */
  fh_layout out;          /* points that they make */
} fh_model_part;

/** This rank's part; *part is all zero for a model without patches. Free with fh_model_part_clear.
 *  Errors: those of fh_model_program. */
fh_status fh_model_part_find(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                             fh_model_part *part) FH_MUST;
void fh_model_part_clear(fh_model_part *part);
/**
 * fh_model_build_patches - the program of spec for patches that have been cut
 *
 * count: patches of one call. The same numbers for a patch as in the program of the whole field.
 * Local: team is not shared. Errors: as fh_model_program; FH_ERR_STATE for a model without patches.
 */
fh_status fh_model_build_patches(const fh_model_spec *spec, const fh_team *team,
                                 const fh_grid *grid, ptrdiff_t count, fh_purpose purpose,
                                 fh_program **program) FH_MUST;
/** FH_ERR_SHAPE unless the program of a whole field predicts at the points of grid, where truth and prediction of
 *  every data set are: a model that scales its resolution may not come back to them. Local. */
fh_status fh_model_check_prediction(const fh_program *program, const fh_grid *grid) FH_MUST;
/**
 * fh_model_build - the program of spec on a grid
 *
 * fh_model_program and fh_program_build. The parameters are zero: call fh_program_init or copy
 * values.
 */
fh_status fh_model_build(const fh_model_spec *spec, const fh_team *team, const fh_grid *grid,
                         ptrdiff_t batch, fh_purpose purpose, fh_buffers buffers,
                         fh_program **program) FH_MUST;
/** The end of a sentence about a parameter that does not fit another grid: what ties it to its own and
 *  the remedy, or "" if the family has no such parameters. */
const char *fh_model_tie(const fh_model_spec *spec, const char *param);
/** Real numbers in the parameters of p, built or not; a complex one counts two. */
ptrdiff_t fh_model_n_params(const fh_program *p);
