/**
 * store - what of a sample goes into the file: all points of the solver's grid, or those of a coarser one
 *
 * A sample may be solved on a finer grid than it is stored on (solve at 512, store 256): of every axis each
 * s-th point, the mean of s cells, or the Fourier series cut off (which needs no whole s). What evolves is
 * taken frame by frame.
 */
#pragma once

#include "base/config.h"
#include "datagen/problem/problem.h"

typedef enum {
  FH_STORE_POINTS, /* every s-th point: of a vertex grid its vertices; of s cells the (s + 1)/2-th, the
                       middle one if s is odd */
  FH_STORE_MEAN,    /* of s x s cells: their mean */
  FH_STORE_SPECTRAL /* of a periodic grid: waves that the coarse one carries */
} fh_store_method;

typedef struct {
  fh_int_list size; /* stored points: one count for all axes, or one an axis; 0: all of them */
  int method;       /* fh_store_method */
} fh_store_config;

extern const char *const fh_store_names[];

#define FH_STORE_FIELDS(type, member)                                                              \
  {"store_size",                                                                                   \
   FH_FIELD_INTS,                                                                                  \
   offsetof(type, member.size),                                                                    \
   "0",                                                                                            \
   0.0,                                                                                            \
   1e9,                                                                                            \
   NULL,                                                                                           \
   "points per axis that are stored, of the -size that are solved for; 0: all"},                   \
  {                                                                                                \
    "store_by", FH_FIELD_ENUM, offsetof(type, member.method), "points", 0.0, 0.0, fh_store_names,  \
        "with -store_size: points (every s-th), mean (of cells), spectral (periodic grids)"        \
  }

typedef struct fh_store_reduction fh_store_reduction;

typedef struct {
  const fh_problem *problem; /* not owned */
  fh_grid grid;              /* of the stored fields */
  double shift[FH_MAX_DIM];  /* of the true points against those of grid */
  ptrdiff_t steps, points;   /* of an output; of grid */
  bool is_whole;             /* all points of the problem's grid are stored */
  double *value
      [FH_WRITER_MAX_FIELDS];    /* inputs [channels][points], outputs [channels][steps][points] */
  fh_store_reduction *reduction; /* NULL if whole */
} fh_store;

/** Errors: FH_ERR_USAGE for sizes that do not go into each other, or a method that the grid has not. */
fh_status fh_store_create(const fh_problem *problem, const fh_store_config *config,
                          fh_store **store) FH_MUST;
void fh_store_destroy(fh_store **store);
/** Takes the inputs out of problem->value. Not collective. */
fh_status fh_store_inputs(fh_store *store) FH_MUST;
/** Takes the outputs, as step number step. */
fh_status fh_store_outputs(fh_store *store, ptrdiff_t step) FH_MUST;
/** Fills the outputs (and the inputs) with NaN: there is no such sample. */
void fh_store_invalidate(fh_store *store, bool inputs_too);
