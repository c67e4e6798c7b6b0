/**
 * dataset_find - what a file holds and which parts of it are inputs and outputs; internal to io/
 *
 * Rank 0 fills a description, which is a plain value that is broadcast; no other rank interprets
 * the file again.
 */
#pragma once

#include "io/h5.h"
#include "io/manifest.h"

enum { FH_MAX_SOURCES = FH_MAX_PIECES, FH_SOURCE_PATH = 128 };

/** One data set [samples][channels...][grid] of the file, with pairs [samples][frames][grid] if it
 *  evolves. */
typedef struct {
  char path[FH_SOURCE_PATH], crc_path[FH_SOURCE_PATH]; /* crc_path: "" if it has no checksums */
  bool is_output, evolves;
  int field; /* which of the inputs, or of the outputs */
  int rank;
  ptrdiff_t n[FH_H5_MAX_RANK];
  ptrdiff_t channels, first_channel; /* within its side */
} fh_source;

typedef struct {
  bool is_ours;
  ptrdiff_t samples, points;
  fh_grid grid;
  int n_fields[2]; /* 0: inputs, 1: outputs */
  fh_field_info fields[2][FH_MAX_SOURCES];
  ptrdiff_t channels[2];
  int n_sources;
  fh_source sources[FH_MAX_SOURCES];
  char problem[64];
  uint64_t seed;
  bool in_pairs; /* then time holds all but trajectories */
  fh_dataset_time time;
} fh_description;

/** Not collective. Errors: FH_ERR_FORMAT, FH_ERR_USAGE (the choice names what is not there). */
fh_status fh_describe(hid_t file, const fh_dataset_choice *choice, fh_description *d) FH_MUST;
/** A step of fh_describe: shapes, grid, channels (dataset_shape.c). dim 0: find it. */
fh_status fh_describe_shapes(hid_t file, int dim, const fh_dataset_choice *choice,
                             fh_description *d) FH_MUST;
/** A step of that: are samples cut from trajectories, and how (dataset_time.c)? Shapes and grid are
 *  known; may make the outputs inputs, too. */
fh_status fh_describe_time(const fh_dataset_choice *choice, fh_description *d) FH_MUST;
/** Appends a field; *field: its number on its side. */
fh_status fh_describe_field(fh_description *d, bool is_output, const fh_field_info *info,
                            int *field) FH_MUST;
