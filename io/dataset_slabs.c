/* dataset_slabs - a sample in slabs of bounded size, in the order of the file; checksums on the way */
#include "base/memory.h"
#include "io/crc.h"
#include "io/dataset_impl.h"

/* one source of a sample on its way through the memory of one slab */
typedef struct {
  fh_dataset *d;
  int source;
  int64_t sample; /* of the file */
  fh_slab_taker take;
  void *context;
  /* the checksum of the part that is passing, and what of it has passed */
  ptrdiff_t part, passed;
  uint32_t crc;
} passage;

static fh_status check_parts(passage *p, ptrdiff_t count, const float *values)
{
  const fh_source *s = &p->d->is.sources[p->source];
  const ptrdiff_t size = s->channels * p->d->is.points / p->d->parts[p->source];
  while (count > 0) {
    const ptrdiff_t left = size - p->passed, n = count < left ? count : left;
    p->crc = fh_crc32c(p->crc, values, (size_t)n * sizeof *values);
    p->passed += n;
    values += n;
    count -= n;
    if (p->passed < size) continue;
    FH_TRY(fh_dataset_check_crc(p->d, p->source, p->sample, p->part++, p->crc));
    p->passed = 0;
    p->crc = 0;
  }
  return FH_OK;
}

/* a slab may hold parts of several channels */
static fh_status give(const passage *p, ptrdiff_t first, ptrdiff_t count, const fh_real *values)
{
  const fh_source *s = &p->d->is.sources[p->source];
  const ptrdiff_t points = p->d->is.points;
  if (!p->take) return FH_OK;
  FH_TRY(fh_dataset_check_values(s, p->sample, first, count, values));
  while (count > 0) {
    const ptrdiff_t at = first % points, n = count < points - at ? count : points - at;
    FH_TRY(p->take(p->context, s->first_channel + first / points, at, n, values));
    first += n;
    values += n;
    count -= n;
  }
  return FH_OK;
}

static fh_status load(passage *p, const hsize_t *start, const hsize_t *count, ptrdiff_t first,
                      ptrdiff_t values)
{
  fh_dataset *d = p->d;
  FH_HID memory = H5I_INVALID_HID;
  const hsize_t size = (hsize_t)values;
  const hid_t space = d->spaces[p->source], array = d->arrays[p->source].id;
  const hid_t real = sizeof(fh_real) == sizeof(float) ? H5T_NATIVE_FLOAT : H5T_NATIVE_DOUBLE;
  FH_TRY_H5(memory = H5Screate_simple(1, &size, NULL));
  FH_TRY_H5(H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
  if (d->crc[p->source]) { /* of the float32 values as they are stored */
    FH_TRY_H5(H5Dread(array, H5T_NATIVE_FLOAT, memory, space, H5P_DEFAULT, d->stored));
    FH_TRY(check_parts(p, values, d->stored));
    for (ptrdiff_t i = 0; i < values; i++) d->slab[i] = (fh_real)d->stored[i];
  } else {
    FH_TRY_H5(H5Dread(array, real, memory, space, H5P_DEFAULT, d->slab));
  }
  return give(p, first, values, d->slab);
}

/* slabs along the outermost axis whose single indices fit; the axes before it one index at a time */
static fh_status pass(passage *p)
{
  const fh_source *s = &p->d->is.sources[p->source];
  hsize_t start[FH_H5_MAX_RANK] = {(hsize_t)p->sample}, count[FH_H5_MAX_RANK] = {1};
  ptrdiff_t inner = 1, outer = 1, first = 0;
  int axis = s->rank - 1;
  for (; axis > 1 && inner * s->n[axis] <= FH_SLAB; axis--) inner *= s->n[axis];
  for (int a = 1; a < axis; a++) outer *= s->n[a];
  for (int a = 1; a < s->rank; a++) count[a] = a > axis ? (hsize_t)s->n[a] : 1;
  for (ptrdiff_t o = 0; o < outer; o++) {
    ptrdiff_t rest = o;
    for (int a = axis - 1; a > 0; rest /= s->n[a--]) start[a] = (hsize_t)(rest % s->n[a]);
    for (ptrdiff_t i = 0; i < s->n[axis]; i += FH_SLAB / inner) {
      const ptrdiff_t left = s->n[axis] - i, n = left < FH_SLAB / inner ? left : FH_SLAB / inner;
      start[axis] = (hsize_t)i;
      count[axis] = (hsize_t)n;
      FH_TRY(load(p, start, count, first, n * inner));
      first += n * inner;
    }
  }
  p->d->verified[p->source] = p->sample + 1;
  return FH_OK;
}

fh_status fh_dataset_make_slab(fh_dataset *d)
{
  if (!d->slab) FH_NEW(d->slab, FH_SLAB);
  if (!d->stored && d->is.is_ours) FH_NEW(d->stored, FH_SLAB);
  return FH_OK;
}

fh_status fh_dataset_verify(fh_dataset *d, int i, int64_t sample)
{
  passage p = {.d = d, .source = i, .sample = sample};
  if (!d->crc[i] || d->verified[i] == sample + 1) return FH_OK;
  FH_TRY(fh_dataset_make_slab(d));
  return pass(&p);
}

fh_status fh_dataset_read_slabs(fh_dataset *d, int64_t sample, bool outputs, fh_slab_taker take,
                                void *context)
{
  FH_H5_SCOPE;
  int64_t stored = 0;
  FH_TRY(fh_dataset_find_sample(d, sample, &stored));
  FH_TRY(fh_dataset_make_slab(d));
  for (int i = 0; i < d->is.n_sources; i++) {
    passage p = {d, i, stored, take, context, 0, 0, 0};
    if (d->is.sources[i].is_output != outputs) continue;
    FH_TRY(fh_h5_in_file(d->path, pass(&p)));
  }
  return FH_OK;
}
