/**
 * problem - the interface of a class of PDE problems: what is sampled, which system it leads to
 *
 * One folder in datagen/problem/ is one class. A problem knows its law, its discretisation and what
 * is stored; it does not know solvers, files or loops over samples. The pipeline (generate.h) calls
 *   setup, matrix_create  once;
 *   sample(seed, i), matrix, rhs, [solve], store  for every sample;
 * of a problem that evolves in time
 *   setup  once;  sample(seed, i), evolve  for every sample.
 * What is drawn for sample i depends on (seed, i) alone, and is drawn whole, with the same bits, on
 * every rank that shares the sample; only matrix and vectors are distributed over p->comm.
 */
#pragma once

#include <petscmat.h>
#include <stdint.h>

#include "base/config.h"
#include "datagen/skr/stencil.h"
#include "io/writer.h"

typedef struct fh_problem fh_problem;

/** Takes the next frame of the outputs out of p->value. Only rank 0 of p->comm needs to have them. */
typedef fh_status (*fh_frame_taker)(void *context);

/** What integrating a sample in time took. */
typedef struct {
  int32_t steps;
  double error; /* largest estimated relative error of a step; at most p->tolerance if bounded */
} fh_evolution;

typedef struct {
  const char *name;       /* "darcy" */
  const char *help;       /* one line: the equation and what varies */
  const fh_field *fields; /* rows of the configuration struct */
  size_t config_bytes;    /* its size, at most FH_PROBLEM_CONFIG_BYTES */

  /* Fills the public members of p from p->config and p->points; may set p->data. */
  fh_status (*setup)(fh_problem *p);
  /* Draws sample index: p->value[f] of every input f, and whatever else of it matrix and rhs need.
     FH_ERR_NUMERIC: this sample has no solution (coefficient not positive); others go on. */
  fh_status (*sample)(fh_problem *p, uint64_t seed, int64_t index);
  /* Collective on p->comm. A matrix with its structure; then its values for what was sampled. */
  PetscErrorCode (*matrix_create)(fh_problem *p, Mat *matrix);
  PetscErrorCode (*matrix)(fh_problem *p, Mat matrix);
  PetscErrorCode (*rhs)(fh_problem *p, Vec b);
  /* Optional, local, after sample: the system as matrix and rhs would assemble it, in the plain arrays of
     datagen/skr/stencil.h, the whole of it on every rank; for symmetric positive definite 5- and
     7-point matrices with an attached grid (FHPCFastEllipticSetGrid). False: this configuration's
     matrix is none. s = NULL only asks. */
  bool (*stencil)(const fh_problem *p, fh_stencil *s);
  /* Optional, collective: *good = false refuses a solution that the solver found (near resonance, say),
     with the reason in why. The sample is then stored as one that has none. */
  PetscErrorCode (*accept)(fh_problem *p, Vec b, Vec x, bool *good, char why[256]);
  /* Unknowns x [p->unknowns] -> p->value[f] of every output f. Local. May read the inputs in p->value; if it reads
     anything else that sample left behind, store_recalls is true, and the sample is drawn again where
     others have been drawn since. */
  void (*store)(fh_problem *p, const double *x);
  bool store_recalls;
  /* And back, for verification; false if the stored fields do not hold the unknowns. Local. */
  bool (*load)(const fh_problem *p, double *x);
  /* Instead of the functions from matrix_create to load, and collective: integrates what was sampled and
     calls take(context) whenever p->value of the outputs holds the next frame of p->time. Of a
     trajectory (p->time.steps > 1) the first frame, which sample left in p->value of the outputs, has
     been taken. FH_ERR_NUMERIC, on all ranks: this sample has no solution; others go on. */
  fh_status (*evolve)(fh_problem *p, fh_frame_taker take, void *context, fh_evolution *evolution);
  /* Frees p->data; NULL data is allowed. */
  void (*destroy)(fh_problem *p);
} fh_problem_class;

enum { FH_PROBLEM_CONFIG_BYTES = 4096 };

struct fh_problem {
  const fh_problem_class *class;
  MPI_Comm comm;                /* ranks that share a sample; not owned */
  const void *config;           /* the class's struct; must outlive the problem */
  ptrdiff_t points[FH_MAX_DIM]; /* asked points per axis; one entry > 0: the same on all axes */
  double tolerance; /* of a label, as the pipeline measures it; set before the first sample */

  /* set by setup */
  fh_grid grid;        /* of p->value */
  fh_writer_time time; /* when outputs are recorded; left alone by steady problems */
  int n_fields, n_scalars;
  fh_writer_field fields[FH_WRITER_MAX_FIELDS];
  fh_writer_scalar scalars[FH_WRITER_MAX_SCALARS];
  int n_constants; /* fields that are the same for all samples (a mask), owned by the class */
  fh_writer_constant constants[FH_WRITER_MAX_CONSTANTS];
  fh_writer_mesh mesh; /* of fields at the nodes of a mesh; n_nodes = 0: none */
  ptrdiff_t unknowns;
  ptrdiff_t most_samples; /* there are inputs for so many and no more; 0: for any number */
  bool symmetric, positive_definite; /* of the matrix */
  bool constant_matrix;              /* the same for every sample: assembled and factored once */
  char method[64];                   /* evolve: its name, for logs ("etdrk4") */
  bool bounded;                      /* evolve: steps are chosen by p->tolerance */
  void *data;

  double *value[FH_WRITER_MAX_FIELDS]; /* [channels][points] of the current sample, owned */
};

/** All classes, NULL-terminated (datagen/problem/registry.c). */
extern const fh_problem_class *const fh_problem_registry[];
/** The class of that name. Errors: FH_ERR_USAGE (tells the nearest name). */
fh_status fh_problem_find(const char *name, const fh_problem_class **class) FH_MUST;
/** Writes one line "name  help" a class into text: for `-problem list`. */
void fh_problem_list(char *text, size_t bytes);

/**
 * fh_problem_create - a problem on n_points points
 *
 * Collective on comm. points: one count for all axes, or one an axis.
 * Errors: FH_ERR_USAGE for what the class cannot do.
 */
fh_status fh_problem_create(MPI_Comm comm, const fh_problem_class *class, const void *config,
                            const fh_int_list *points, fh_problem **problem) FH_MUST;
void fh_problem_destroy(fh_problem **problem);
/** Points per axis that were asked for: the one count, repeated over dim axes, or all of them. */
fh_status fh_problem_points(const fh_problem *p, int dim, ptrdiff_t n[FH_MAX_DIM]) FH_MUST;
/** Adds a stored field; returns its number (the place in p->value). For setup. */
int fh_problem_add_field(fh_problem *p, const char *name, const char *unit, const char *long_name,
                         bool is_output);
void fh_problem_add_scalar(fh_problem *p, const char *name, double value);
/** A stored field that is the same for all samples; values [points] live as long as the problem. */
void fh_problem_add_constant(fh_problem *p, const char *name, const char *long_name,
                             const double *values);
