/**
 * generate - the pipeline that makes a training set: sample -> order -> solve -> verify -> write
 *
 * Sample i depends on (seed, i) alone. The ranks form groups of ranks_per_sample; a group draws its
 * next sample, assembles and solves it, checks the residual, and appends it to the set (io/writer.h).
 * A sample that cannot be solved is stored as NaN with valid = false; it never stops the others.
 */
#pragma once

#include "base/log.h"
#include "base/stop.h"
#include "datagen/problem/problem.h"
#include "datagen/skr/order.h"
#include "datagen/skr/sequence.h"
#include "datagen/store.h"
#include "io/text.h"

typedef struct {
  char problem[FH_TEXT_MAX]; /* name in the registry */
  char preset[FH_TEXT_MAX];  /* name in the table of presets, "" for none */
  char out[FH_TEXT_MAX];     /* path of the set */
  ptrdiff_t samples, seed, ranks_per_sample;
  fh_int_list size; /* points: one count for all axes, or one an axis */
  fh_store_config store;
  fh_sequence_config solver;
  fh_order_config order; /* about a call only: it changes no input */
  bool resume, overwrite;
  /* the struct that problem_class->fields describes */
  _Alignas(16) unsigned char problem_config[FH_PROBLEM_CONFIG_BYTES];
} fh_generate_config;

/** What defines the data (part of the file), and what is about a call only. */
extern const fh_field fh_generate_fields[], fh_generate_call_fields[];

/** A published law: what is set where the user says nothing else. */
typedef struct {
  const char *name;            /* "fno-darcy-2020" */
  const char *problem;         /* the class that it belongs to */
  const char *law;             /* what it is, exactly; stored in the file */
  const char *settings[16][2]; /* option, value; ends with NULL */
} fh_preset;

/** All presets; the last one has a NULL name. */
extern const fh_preset fh_presets[];

/**
 * fh_generate_prepare - the defaults of a problem, then those of a preset
 *
 * problem or preset may be NULL or "": the preset names its problem, and darcy is the default. On
 * return *problem_fields is the table of config->problem_config; the user's options come on top, by
 * fh_config_set on the tables.
 * Errors: FH_ERR_USAGE for unknown names, or a preset of another problem.
 */
fh_status fh_generate_prepare(const char *problem, const char *preset, fh_generate_config *config,
                              const fh_field **problem_fields) FH_MUST;
/**
 * fh_generate_yaml - what defines the data, as YAML that `-options_file` reads back
 *
 * Holds the problem's options, n, size, seed, tolerance and the -ksp_ and -pc_ options in PETSc's
 * database; not where or on how many ranks it is made.
 */
fh_status fh_generate_yaml(const fh_generate_config *config, fh_text *yaml) FH_MUST;
/** The inverse: reads such a text. Errors: FH_ERR_FORMAT for a line that it does not know. */
fh_status fh_generate_from_yaml(const char *text, fh_generate_config *config) FH_MUST;

typedef struct {
  ptrdiff_t samples; /* made in this run, with the failed ones */
  ptrdiff_t resumed; /* that were there before */
  ptrdiff_t failed;  /* in this run: no solver reached the tolerance */
  double iterations; /* mean per sample; time steps if it evolves */
  double residual;   /* largest accepted one; estimated error of a time step */
  double seconds;    /* wall time of ordering and of the loop */
  double ordering;   /* of it, drawing inputs for and making the order; 0 as sampled */
  char solver[64];   /* "cg + cholesky", "etdrk4" */
  bool evolved;      /* labels are made in time */
} fh_generate_summary;

/**
 * fh_generate_run - make the set
 *
 * Collective on comm; PETSc is initialised. log may be given on one rank only; stop may differ from
 * rank to rank: the ranks agree (FH_STOP_CHECKPOINT needs no answer: what is made is safe). summary
 * may be NULL.
 * Errors: FH_ERR_USAGE (no samples, more groups of ranks than samples, options that do not fit,
 * existing output), FH_ERR_IO, FH_ERR_NUMERIC if not one sample could be solved (the set is written
 * all the same); FH_STOPPED: a request was followed, -resume goes on.
 */
fh_status fh_generate_run(MPI_Comm comm, const fh_generate_config *config, const fh_log *log,
                          const fh_stop *stop, fh_generate_summary *summary) FH_MUST;
