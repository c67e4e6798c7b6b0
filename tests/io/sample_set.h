/**
 * sample_set - a set whose every value is known: what the tests of io write and expect to read
 */
#pragma once

#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "io/writer.h"

/* Channel c of field f of a sample at point i; exact in float32. */
static inline double set_value(int64_t sample, int field, int channel, ptrdiff_t i)
{
  uint64_t h = (uint64_t)sample * 0x9E3779B97F4A7C15u + (uint64_t)i * 0xC2B2AE3D27D4EB4Fu +
               (uint64_t)field * 0x165667B19E3779F9u + (uint64_t)channel * 0xD6E8FEB86659FD93u;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9u;
  h ^= h >> 32;
  return (double)(h & 0xFFFFF) / 1024.0 - 300.0;
}

static inline fh_writer_info set_info(ptrdiff_t samples, int dim, int in_channels, int out_channels)
{
  const ptrdiff_t n[FH_MAX_DIM] = {6, 5, 4};
  fh_writer_info info = {.problem = "made_up", .seed = 18446744073709551557u, .samples = samples};
  info.config = "problem: made_up\nsamples: some\nseed: 7\n";
  if (fh_grid_box(dim, n, FH_DIRICHLET, FH_CELL, &info.grid) != FH_OK) abort();
  info.grid.length[0] = 0.1;
  info.n_fields = 2;
  info.fields[0] = (fh_writer_field){{"a", "m^2", "permeability", in_channels}, false};
  info.fields[1] = (fh_writer_field){{"u", "Pa", "pressure", out_channels}, true};
  info.n_scalars = 2;
  info.scalars[0] = (fh_writer_scalar){"beta", 0.1};
  info.scalars[1] = (fh_writer_scalar){"kappa", -3};
  return info;
}

static inline fh_sample_record set_record(int64_t sample)
{
  return (fh_sample_record){.index = sample,
                            .seed = 1234567890123456789u + (uint64_t)sample,
                            .iterations = (int32_t)(10 + sample),
                            .rung = (int32_t)(sample % 3),
                            .strategy = (int32_t)(sample % 7),
                            .residual = 1e-11 * (double)(sample + 1),
                            .seconds = 0.5 * (double)sample,
                            .valid = true};
}

static inline fh_status set_put(fh_writer *w, const fh_writer_info *info, int64_t sample)
{
  double *values[FH_WRITER_MAX_FIELDS];
  const double *fields[FH_WRITER_MAX_FIELDS];
  const ptrdiff_t steps = info->time.steps > 1 ? info->time.steps : 1;
  for (int f = 0; f < info->n_fields; f++) {
    const ptrdiff_t points = fh_grid_size(&info->grid) * (info->fields[f].is_output ? steps : 1);
    values[f] = malloc((size_t)(info->fields[f].info.channels * points) * sizeof(double));
    fields[f] = values[f];
    for (int c = 0; c < info->fields[f].info.channels; c++)
      for (ptrdiff_t i = 0; i < points; i++) values[f][c * points + i] = set_value(sample, f, c, i);
  }
  const fh_sample_record record = set_record(sample);
  const fh_status st = fh_writer_put(w, fields, &record);
  for (int f = 0; f < info->n_fields; f++) free(values[f]);
  return st;
}

/* Writes what is missing: sample i by rank (7 i) mod size, so that journals are not in order. */
static inline fh_status set_put_missing(MPI_Comm comm, fh_writer *w, const fh_writer_info *info)
{
  int rank = 0, size = 1;
  MPI_Comm_rank(comm, &rank);
  MPI_Comm_size(comm, &size);
  for (int64_t i = info->samples - 1; i >= 0; i--)
    if ((7 * i) % size == rank && !fh_writer_has(w, i)) FH_TRY(set_put(w, info, i));
  return FH_OK;
}
