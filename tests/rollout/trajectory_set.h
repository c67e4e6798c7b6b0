/**
 * trajectory_set - a small set of trajectories whose every value is known
 */
#pragma once

#include "io/scratch.h"
#include "io/writer.h"
#include "train/check.h"

enum { N = 5, STEPS = 9, ROWS = 8, COLUMNS = 6, POINTS = ROWS * COLUMNS, FIELDS = 2 };

/* exact in float32 */
static inline double value(int64_t trajectory, int64_t frame, int field, ptrdiff_t i)
{
  const fh_rng r = {3, FH_STREAM_TEST, (uint64_t)(trajectory * 100 + frame), (uint32_t)field};
  return (double)(float)(fh_rng_normal(&r, (uint64_t)i) + 0.1 * (double)trajectory + field);
}

enum { FORCING = 7 };

static inline void put(fh_writer *w, int64_t trajectory)
{
  static double g[POINTS], u[FIELDS * STEPS * POINTS];
  const double *fields[2] = {g, u};
  const fh_sample_record record = {.index = trajectory, .valid = true};
  for (ptrdiff_t i = 0; i < POINTS; i++) g[i] = value(trajectory, 0, FORCING, i);
  for (int c = 0; c < FIELDS; c++)
    for (int t = 0; t < STEPS; t++)
      for (ptrdiff_t i = 0; i < POINTS; i++)
        u[(c * STEPS + t) * POINTS + i] = value(trajectory, t, c, i);
  MUST(fh_writer_put(w, fields, &record));
}

/* a field u of two channels that evolves, and what drives it */
static inline void make_set(const char *path)
{
  const ptrdiff_t n[2] = {ROWS, COLUMNS};
  int rank = 0;
  fh_writer *w = NULL;
  fh_writer_info info = {.problem = "made_up", .config = "none: 0\n", .samples = N, .n_fields = 2};
  info.time = (fh_writer_time){.steps = STEPS, .first = 1, .interval = 0.25};
  MUST(fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &info.grid));
  info.fields[0] = (fh_writer_field){{"g", "1", "forcing", 1}, false};
  info.fields[1] = (fh_writer_field){{"u", "1", "velocity", FIELDS}, true};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MUST(fh_writer_create(MPI_COMM_WORLD, path, &info, FH_REFUSE_EXISTING, &w));
  for (int64_t i = 0; rank == 0 && i < N; i++) put(w, i);
  MUST(fh_writer_finish(w));
  fh_writer_destroy(&w);
}
