#include "datagen/skr/frozen.h"

/* share of the last system in the mean of the recent ones */
static const double newest = 0.25;

bool fh_frozen_is_old(const fh_frozen *f)
{
  return f->systems == 0 || (f->systems > 1 && f->recent * f->systems > f->total);
}

void fh_frozen_renewed(fh_frozen *f, double seconds)
{
  f->price = f->total = seconds;
  f->recent = 0.0;
  f->systems = 0;
}

void fh_frozen_used(fh_frozen *f, double seconds, int iterations)
{
  f->recent = f->systems ? f->recent + newest * (seconds - f->recent) : seconds;
  f->total += seconds;
  f->systems++;
  /* a solve applies the factor once more before its first step, and checks its residual: of a solve of one
     step they are most */
  if (iterations > 0) f->per_step = seconds / (iterations + 2);
}

int fh_frozen_patience(const fh_frozen *f, int least, int most)
{
  if (!(f->per_step > 0.0)) return most;
  const double steps = 2.0 * f->price / f->per_step;
  if (steps >= most) return most;
  return steps > least ? (int)steps : least;
}
