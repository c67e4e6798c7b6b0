#include "app/inspect.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

/* ---- statistics of the fields -------------------------------------------------------------------- */

typedef struct {
  double least, most, sum, squares;
  ptrdiff_t count;
} statistics;

static void add_values(statistics *s, ptrdiff_t n, const fh_real *values)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    const double v = (double)values[i];
    if (s->count == 0 || v < s->least) s->least = v;
    if (s->count == 0 || v > s->most) s->most = v;
    s->sum += v;
    s->squares += v * v;
    s->count++;
  }
}

static void print_statistics(FILE *stream, const fh_field_info *info, int channel,
                             const statistics *s)
{
  const double n = (double)s->count, mean = s->sum / n;
  if (s->count == 0) {
    fprintf(stream, "  %s[%d]: no valid sample\n", info->name, channel);
    return;
  }
  fprintf(stream, "  %s[%d]: min %.6g, max %.6g, mean %.6g, deviation %.6g\n", info->name, channel,
          s->least, s->most, mean, sqrt(fmax(0, s->squares / n - mean * mean)));
}

/* one side, inputs or outputs; samples that the file marks as invalid hold NaN and do not count */
static fh_status measure(fh_dataset *d, const fh_sample_record *records, bool inputs, int channels,
                         statistics *all)
{
  const ptrdiff_t points = fh_grid_size(fh_dataset_grid(d));
  fh_real *values = NULL;
  fh_status st = FH_OK;
  FH_NEW(values, channels * points);
  for (int64_t i = 0; i < fh_dataset_samples(d) && st == FH_OK; i++) {
    if (records && !records[i / fh_data_parts(d)].valid) continue;
    st = fh_dataset_read(d, 1, &i, inputs ? values : NULL, inputs ? NULL : values);
    for (int c = 0; c < channels && st == FH_OK; c++)
      add_values(&all[c], points, values + c * points);
  }
  fh_free(values);
  return st;
}

static fh_status print_side_statistics(FILE *stream, fh_dataset *d, const fh_sample_record *records,
                                       bool inputs)
{
  const int channels = inputs ? fh_dataset_in_channels(d) : fh_dataset_out_channels(d);
  const int n = inputs ? fh_dataset_n_inputs(d) : fh_dataset_n_outputs(d);
  statistics *all = NULL;
  FH_NEW(all, channels);
  const fh_status st = measure(d, records, inputs, channels, all);
  const statistics *at = all;
  for (int i = 0; i < n && st == FH_OK; i++) {
    const fh_field_info *f = inputs ? fh_dataset_input(d, i) : fh_dataset_output(d, i);
    for (int c = 0; c < f->channels; c++) print_statistics(stream, f, c, at++);
  }
  fh_free(all);
  return st;
}

/* ---- provenance ------------------------------------------------------------------------------------- */

enum { RUNGS = 8 };

static void print_records(FILE *stream, ptrdiff_t n, const fh_sample_record *r)
{
  ptrdiff_t rungs[RUNGS] = {0}, invalid = 0, worst = -1;
  double iterations = 0, seconds = 0;
  int32_t most = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    if (!r[i].valid) invalid++;
    if (r[i].valid && (worst < 0 || r[i].residual > r[worst].residual)) worst = i;
    if (r[i].iterations > most) most = r[i].iterations;
    iterations += r[i].iterations;
    seconds += r[i].seconds;
    rungs[r[i].rung >= 0 && r[i].rung < RUNGS ? r[i].rung : RUNGS - 1]++;
  }
  fprintf(stream, "provenance: %.4g iterations a sample (most %" PRId32 "), %.4g s a sample\n",
          iterations / (double)n, most, seconds / (double)n);
  if (worst >= 0 && most > 0)
    fprintf(stream, "  largest recomputed residual %.3e (sample %" PRId64 ")\n", r[worst].residual,
            r[worst].index);
  for (int k = 1; k < RUNGS; k++)
    if (rungs[k])
      fprintf(stream, "  %td samples needed step %d of the failure ladder\n", rungs[k], k);
  fprintf(stream, "  %td samples without a valid solution\n", invalid);
}

static void print_time(FILE *stream, const fh_dataset *d)
{
  const fh_dataset_time *t = fh_dataset_pairs(d);
  if (!t) return;
  const ptrdiff_t last = t->first + t->frames - 1;
  fprintf(stream,
          "trajectories: frames %td to %td (time %g to %g), cut into %td one-step pairs each: %td "
          "frame%s in, one out, stride %td\n",
          t->first, last, fh_dataset_frame_time(d, t->first), fh_dataset_frame_time(d, last),
          t->pairs, t->history, t->history == 1 ? "" : "s", t->stride);
}

/* ---- the set ------------------------------------------------------------------------------------------ */

static void print_fields(FILE *stream, const fh_dataset *d)
{
  const int n_in = fh_dataset_n_inputs(d), n_out = fh_dataset_n_outputs(d);
  for (int i = 0; i < n_in + n_out; i++) {
    const fh_field_info *f = i < n_in ? fh_dataset_input(d, i) : fh_dataset_output(d, i - n_in);
    fprintf(stream, "  %-6s %s: %d channel%s, unit %s%s%s\n", i < n_in ? "input" : "output",
            f->name, f->channels, f->channels == 1 ? "" : "s", f->unit[0] ? f->unit : "not stated",
            f->long_name[0] ? ", " : "", f->long_name);
  }
}

static void print_grid(FILE *stream, const fh_grid *g)
{
  char text[64];
  fprintf(stream, "grid: %s points (%s), extent", fh_grid_text(g, text),
          g->points == FH_NODE ? "nodes" : "cell centres");
  for (int a = 0; a < g->dim; a++) fprintf(stream, "%s %.6g", a ? " x" : "", g->length[a]);
  fputs(", sides", stream);
  for (int a = 0; a < g->dim; a++)
    fprintf(stream, " %s/%s", fh_boundary_name(g->side[a][0]), fh_boundary_name(g->side[a][1]));
  fputs("\n", stream);
}

static fh_status read_records(fh_dataset *d, fh_sample_record **records)
{
  const ptrdiff_t n = fh_dataset_samples(d) / fh_data_parts(d);
  *records = NULL;
  if (!fh_dataset_config(d)) return FH_OK; /* a foreign file */
  FH_NEW(*records, n);
  return fh_dataset_records(d, 0, n, *records);
}

/* the statistics come last: they read the values, and those may be damaged */
static fh_status print_numbers(FILE *stream, fh_dataset *d, const fh_inspect_config *config)
{
  fh_sample_record *records = NULL;
  fh_status st = read_records(d, &records);
  if (st == FH_OK && records)
    print_records(stream, fh_dataset_samples(d) / fh_data_parts(d), records);
  if (st == FH_OK && config->statistics) {
    fputs(fh_dataset_pairs(d) ? "statistics over all one-step pairs:\n"
                              : "statistics over all samples:\n",
          stream);
    st = print_side_statistics(stream, d, records, true);
    if (st == FH_OK) st = print_side_statistics(stream, d, records, false);
  }
  fh_free(records);
  return st;
}

fh_status fh_inspect_dataset(FILE *stream, fh_dataset *d, const fh_inspect_config *config)
{
  const char *problem = fh_dataset_problem(d), *yaml = fh_dataset_config(d);
  fprintf(stream, "%s is a data set%s%s\n", fh_dataset_path(d), problem[0] ? ": problem " : "",
          problem);
  fprintf(stream, "samples: %td, each %s a checksum\n", fh_dataset_samples(d) / fh_data_parts(d),
          fh_dataset_has_checksums(d) ? "with" : "without");
  print_time(stream, d);
  if (problem[0]) fprintf(stream, "seed: %" PRIu64 "\n", fh_dataset_seed(d));
  print_grid(stream, fh_dataset_grid(d));
  fputs("fields:\n", stream);
  print_fields(stream, d);
  if (yaml)
    fprintf(stream, "configuration (give it back with -options_file to make the same set):\n%s",
            yaml);
  return print_numbers(stream, d, config);
}
