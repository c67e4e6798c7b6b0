#include <string.h>

#include "io/well.h"

const fh_column fh_columns[FH_COLUMNS] = {
    {"seed", "1", "seed of the sample's random numbers", 8, 'u'},
    {"index", "1", "index of the sample in the sequence that the seed defines", 8, 'i'},
    {"iterations", "1", "iterations of the solver", 4, 'i'},
    {"rung", "1", "0: the asked solver, 1 and more: step of the failure ladder", 4, 'i'},
    {"strategy", "1", "how the system was solved: a strategy's number in the generator", 4, 'i'},
    {"residual", "1", "recomputed relative residual of the discrete equations", 8, 'f'},
    {"seconds", "s", "wall time of the solve", 8, 'f'},
    {"valid", "1", "a solver reached the tolerance", 1, 'b'},
};

void fh_column_encode(int c, const fh_sample_record *r, void *value)
{
  const signed char valid = r->valid ? 1 : 0;
  const void *const from[FH_COLUMNS] = {&r->seed,     &r->index,    &r->iterations, &r->rung,
                                        &r->strategy, &r->residual, &r->seconds,    &valid};
  memcpy(value, from[c], fh_columns[c].bytes);
}

void fh_column_decode(int c, const void *value, fh_sample_record *r)
{
  signed char valid = 0;
  void *const to[FH_COLUMNS] = {&r->seed,     &r->index,    &r->iterations, &r->rung,
                                &r->strategy, &r->residual, &r->seconds,    &valid};
  memcpy(to[c], value, fh_columns[c].bytes);
  if (to[c] == &valid) r->valid = valid != 0;
}
