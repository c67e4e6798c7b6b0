/**
 * frames - trajectories in memory, frame by frame; one-step pairs are put together from them
 *
 * A frame is kept once, however many pairs it is part of.
 */
#pragma once

#include "io/dataset.h"

typedef struct fh_frames fh_frames;

/** Local. dataset: opened with pairs, not owned. cache_bytes: frames are kept if all of them fit. */
fh_status fh_frames_create(fh_dataset *dataset, size_t cache_bytes, fh_frames **frames) FH_MUST;
void fh_frames_destroy(fh_frames **frames);
/** Pair number sample as fh_dataset_read gives it; x or y may be NULL. Local. */
fh_status fh_frames_read(fh_frames *frames, int64_t sample, fh_real *x, fh_real *y) FH_MUST;
