#include "datagen/kept.h"

#include <string.h>

#include "base/memory.h"
#include "base/size.h"

typedef struct kept_sample kept_sample;
struct kept_sample {
  fh_label label;
  double *values;
  kept_sample *next;
};

struct fh_kept {
  const fh_store *store;
  bool holder; /* rank 0 of a group: outputs are there */
  kept_sample *first;
  ptrdiff_t count; /* entries of made */
  int *made;       /* [count] by any group */
};

fh_status fh_kept_create(const fh_store *store, bool holder, ptrdiff_t count, fh_kept **kept)
{
  FH_NEW(*kept, 1);
  (*kept)->store = store;
  (*kept)->holder = holder;
  (*kept)->count = count;
  FH_NEW((*kept)->made, count); /* destroyed with the rest */
  return FH_OK;
}

static ptrdiff_t channels(const fh_problem *p)
{
  ptrdiff_t sum = 0;
  for (int f = 0; f < p->n_fields; f++) sum += p->fields[f].info.channels;
  return sum;
}

static void visit_fields(const fh_store *store, double *values, double *at[FH_WRITER_MAX_FIELDS])
{
  const fh_problem *p = store->problem;
  for (int f = 0; f < p->n_fields; f++) {
    at[f] = values;
    values += p->fields[f].info.channels * store->points;
  }
}

fh_status fh_kept_add(fh_kept *k, double *const *values, const fh_label *label)
{
  const fh_problem *p = k->store->problem;
  const ptrdiff_t points = k->store->points;
  double *at[FH_WRITER_MAX_FIELDS];
  kept_sample *s = NULL;
  if (label->record.index < k->count) k->made[label->record.index] = 1;
  if (!k->holder) return FH_OK;
  FH_NEW(s, 1);
  s->label = *label;
  s->next = k->first;
  k->first = s; /* from here on destroyed with the others */
  FH_NEW(s->values, channels(p) * points);
  visit_fields(k->store, s->values, at);
  for (int f = 0; f < p->n_fields; f++)
    memcpy(at[f], values[f], (size_t)(p->fields[f].info.channels * points) * sizeof(double));
  return FH_OK;
}

fh_status fh_kept_share(fh_kept *k, MPI_Comm world)
{
  int n = 0;
  FH_TRY(fh_size_int(k->count, &n));
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, k->made, n, MPI_INT, MPI_MAX, world));
  return FH_OK;
}

bool fh_kept_has(const fh_kept *k, int64_t index)
{
  return k && index < k->count && k->made[index];
}

fh_status fh_kept_give(const fh_kept *k, const fh_receiver *to)
{
  double *at[FH_WRITER_MAX_FIELDS];
  for (const kept_sample *s = k ? k->first : NULL; s; s = s->next) {
    visit_fields(k->store, s->values, at);
    FH_TRY(to->take(to->context, at, &s->label));
  }
  return FH_OK;
}

void fh_kept_destroy(fh_kept **kept)
{
  fh_kept *k = *kept;
  if (!k) return;
  for (kept_sample *s = k->first; s;) {
    kept_sample *next = s->next;
    fh_free(s->values);
    fh_free(s);
    s = next;
  }
  fh_free(k->made);
  fh_free(k);
  *kept = NULL;
}
