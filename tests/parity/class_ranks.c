/* class_ranks - tensorly's ranks from a fraction, for CP, Tucker and TT: whole numbers, all exact */
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "tensor/rank.h"

typedef struct {
  parity_array shape, count, fraction, cp, tucker, fixed, tt;
} table;

static void clear(table *t)
{
  parity_array *all[] = {&t->shape, &t->count, &t->fraction, &t->cp, &t->tucker, &t->fixed, &t->tt};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) parity_array_clear(all[i]);
}

static fh_status load(const parity_file *file, table *t)
{
  FH_TRY(parity_read(file, "shape", &t->shape));
  FH_TRY(parity_read(file, "ndim", &t->count));
  FH_TRY(parity_read(file, "fraction", &t->fraction));
  FH_TRY(parity_read(file, "cp", &t->cp));
  FH_TRY(parity_read(file, "tucker", &t->tucker));
  FH_TRY(parity_read(file, "tucker_fixed0", &t->fixed));
  FH_TRY(parity_read(file, "tt", &t->tt));
  const ptrdiff_t rows = t->count.size;
  FH_CHECK(t->shape.rank == 2 && t->shape.n[0] == rows && t->fraction.size == rows &&
               t->cp.size == rows && t->tucker.size == t->shape.size &&
               t->fixed.size == t->shape.size && t->tt.size == t->shape.size + rows,
           FH_ERR_FORMAT, "the tables of ranks do not have one row a shape");
  return FH_OK;
}

/* the ranks of one kind against a row; ranks below 0 say that the reference raises */
static fh_status compare_row(fh_factor_kind kind, int modes, const ptrdiff_t *shape,
                             double fraction, const bool *fixed, const double *want,
                             const char *what, parity_report *report)
{
  ptrdiff_t rank[FH_FACTOR_MODES + 1];
  double got[FH_FACTOR_MODES + 1];
  const fh_status st = fh_rank_from_fraction(kind, modes, shape, fraction, fixed, rank);
  if (want[0] < 0) {
    FH_CHECK(st != FH_OK, FH_ERR_SHAPE, "%s: the reference raises, the engine gives a rank", what);
    return FH_OK;
  }
  FH_TRY(st);
  const int count = fh_rank_count(kind, modes);
  for (int i = 0; i < count; i++) got[i] = (double)rank[i];
  parity_compare_f64(report, what, count, got, want, 0);
  return FH_OK;
}

static fh_status compare(const table *t, parity_report *report)
{
  const bool first[FH_FACTOR_MODES] = {true};
  const ptrdiff_t wide = t->shape.n[1];
  for (ptrdiff_t i = 0; i < t->count.size; i++) {
    ptrdiff_t s[FH_FACTOR_MODES];
    const int modes = (int)t->count.values[i];
    const double fraction = t->fraction.values[i];
    FH_CHECK(modes >= 1 && modes <= wide && modes <= FH_FACTOR_MODES, FH_ERR_FORMAT,
             "row %td has %d modes", i, modes);
    for (int k = 0; k < modes; k++) s[k] = (ptrdiff_t)t->shape.values[i * wide + k];
    FH_TRY(compare_row(FH_FACTOR_CP, modes, s, fraction, NULL, t->cp.values + i, "cp", report));
    FH_TRY(compare_row(FH_FACTOR_TUCKER, modes, s, fraction, NULL, t->tucker.values + i * wide,
                       "tucker", report));
    FH_TRY(compare_row(FH_FACTOR_TUCKER, modes, s, fraction, first, t->fixed.values + i * wide,
                       "tucker_fixed0", report));
    FH_TRY(compare_row(FH_FACTOR_TT, modes, s, fraction, NULL, t->tt.values + i * (wide + 1), "tt",
                       report));
  }
  parity_compared(report, "ranks of %td shapes", t->count.size);
  return FH_OK;
}

fh_status parity_ranks(const parity_file *file, const fh_team *team, parity_report *report)
{
  table t = {0};
  (void)team;
  fh_status st = load(file, &t);
  if (st == FH_OK) st = compare(&t, report);
  clear(&t);
  FH_TRY(st);
  return FH_OK;
}
