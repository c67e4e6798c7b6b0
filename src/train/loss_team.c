/* loss_team - losses of fields of which each rank has a box: halos for the differences, sums by tile */
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "train/loss_impl.h"

enum { ERROR, TRUTH, FIELDS, MOST_TILES = 1 << 24, TAG_DOWN = 61, TAG_UP = 62 };

/* a tile in the box: where it begins, and its points on three axes, leading ones 1 */
typedef struct {
  ptrdiff_t offset, count[3];
} tile;

/* an axis along which the boxes lie: neighbours, and two rows of every field on either side */
typedef struct {
  bool split;
  int below, above;                          /* ranks; MPI_PROC_NULL: the end of the field */
  fh_real *low, *high, *to_below, *to_above; /* [FIELDS][items][outer][halo][inner] */
  fh_real *before, *after;                   /* one item: quotients beyond the ends */
} side;

struct fh_loss_team {
  MPI_Comm comm;
  int ranks;
  ptrdiff_t all, first, here; /* tiles of a field, and which are here */
  ptrdiff_t n[3];             /* points of the box on three axes, leading ones 1 */
  tile *tiles;                /* [here] */
  side sides[FH_MAX_DIM];
  fh_real *difference; /* [batch][channels][points] */
  double *sums;        /* [FIELDS][batch][channels][all] */
};

/* ---- create ------------------------------------------------------------------------------------- */

bool fh_loss_can_share(const fh_loss_config *c, const fh_tiles *tiles, int ranks)
{
  if (c->kind == FH_LOSS_SPECTRAL_H1) return false;
  if (c->kind != FH_LOSS_H1) return true;
  for (int r = 0; r < ranks; r++) {
    fh_layout box;
    if (fh_tiles_box(tiles, ranks, r, &box) != FH_OK) {
      fh_status_clear();
      return false;
    }
    for (int a = 0; a < tiles->grid.dim; a++) {
      const bool periodic = c->periodic_axes.count ? c->periodic_axes.value[a] != 0 : c->periodic;
      const fh_difference d = {.periodic = periodic, .edge = c->edge};
      if (box.parts[a] > 1 && box.count[a] < fh_difference_least_here(&d)) return false;
    }
  }
  return true;
}

/* the rank whose box lies steps further along axis a */
static int neighbour(const fh_layout *box, int a, int steps, bool periodic)
{
  int rank = 0;
  for (int b = 0; b < box->grid.dim; b++) {
    int part = box->part[b];
    if (b == a) {
      part += steps;
      if (!periodic && (part < 0 || part >= box->parts[b])) return MPI_PROC_NULL;
      part = (part + box->parts[b]) % box->parts[b];
    }
    rank = rank * box->parts[b] + part;
  }
  return rank;
}

static fh_status plan_side(const fh_shape *shape, int a, const fh_loss *l, side *s)
{
  const fh_layout *box = &shape->layout;
  const fh_difference *d = &l->axis[a];
  s->split = box->parts[a] > 1 && l->config.kind == FH_LOSS_H1;
  if (!s->split) return FH_OK;
  FH_CHECK(d->n >= fh_difference_least_here(d), FH_ERR_UNSUPPORTED,
           "a rank has %td points along axis %d, but the differences of the H1 loss need %td: use "
           "fewer ranks a sample",
           d->n, a, fh_difference_least_here(d));
  s->below = neighbour(box, a, -1, d->periodic);
  s->above = neighbour(box, a, 1, d->periodic);
  const ptrdiff_t face = d->outer * FH_DIFFERENCE_HALO * d->inner;
  const ptrdiff_t size = FIELDS * shape->batch * l->channels * face;
  int fits = 0;
  FH_TRY(fh_size_int(size, &fits));
  FH_NEW(s->low, size);
  FH_NEW(s->high, size);
  FH_NEW(s->to_below, size);
  FH_NEW(s->to_above, size);
  FH_NEW(s->before, d->outer * d->inner);
  FH_NEW(s->after, d->outer * d->inner);
  return FH_OK;
}

static fh_status plan_tiles(const fh_tiles *tiles, const fh_shape *shape, fh_loss_team *t)
{
  const fh_layout *box = &shape->layout;
  const int dim = tiles->grid.dim;
  for (int a = 0; a < 3; a++) t->n[a] = a >= 3 - dim ? box->count[a - (3 - dim)] : 1;
  FH_NEW(t->tiles, t->here);
  for (ptrdiff_t i = 0; i < t->here; i++) {
    const fh_layout l = fh_tiles_tile(tiles, t->first + i);
    tile *q = &t->tiles[i];
    for (int a = 0; a < 3; a++) {
      const int at = a - (3 - dim);
      q->count[a] = at >= 0 ? l.count[at] : 1;
      q->offset = q->offset * t->n[a] + (at >= 0 ? l.first[at] - box->first[at] : 0);
    }
  }
  return FH_OK;
}

static fh_status build(const fh_tiles *tiles, const fh_shape *shape, fh_loss *l)
{
  fh_loss_team *t = l->team;
  int rank = 0;
  FH_TRY_MPI(MPI_Comm_rank(t->comm, &rank));
  FH_TRY_MPI(MPI_Comm_size(t->comm, &t->ranks));
  fh_layout box;
  FH_TRY(fh_tiles_box(tiles, t->ranks, rank, &box));
  t->all = tiles->count;
  t->here = t->all / t->ranks;
  t->first = rank * t->here;
  bool same = true;
  for (int a = 0; a < tiles->grid.dim; a++)
    same = same && box.first[a] == shape->layout.first[a] && box.count[a] == shape->layout.count[a];
  FH_CHECK(same && t->all <= MOST_TILES, FH_ERR_ARG,
           "a loss of %td of %td points that are not those of the %td tiles of this rank",
           fh_shape_points(shape), fh_grid_size(&tiles->grid), t->here);
  FH_TRY(plan_tiles(tiles, shape, t));
  for (int a = 0; a < l->dim; a++) FH_TRY(plan_side(shape, a, l, &t->sides[a]));
  FH_NEW(t->difference, fh_shape_size(shape));
  FH_NEW(t->sums, FIELDS * shape->batch * l->channels * t->all);
  FH_NEW(l->quotient, l->points);
  return FH_OK;
}

fh_status fh_loss_team_create(MPI_Comm comm, const fh_tiles *tiles, const fh_shape *shape,
                              fh_loss *l)
{
  FH_NEW(l->team, 1);
  l->team->comm = comm;
  return build(tiles, shape, l);
}

void fh_loss_team_destroy(fh_loss_team **team)
{
  fh_loss_team *t = *team;
  if (!t) return;
  for (int a = 0; a < FH_MAX_DIM; a++) {
    side *s = &t->sides[a];
    fh_real *all[] = {s->low, s->high, s->to_below, s->to_above, s->before, s->after};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) fh_free(all[i]);
  }
  fh_free(t->tiles);
  fh_free(t->difference);
  fh_free(t->sums);
  fh_free(t);
  *team = NULL;
}

/* ---- halos -------------------------------------------------------------------------------------- */

static ptrdiff_t face_of(const fh_difference *d)
{
  return d->outer * FH_DIFFERENCE_HALO * d->inner;
}

/* the first and the last rows of items fields, behind each other */
static void pack(const fh_difference *d, ptrdiff_t items, const fh_real *field, fh_real *first,
                 fh_real *last)
{
  const ptrdiff_t rows = FH_DIFFERENCE_HALO * d->inner, n = d->n * d->inner;
  for (ptrdiff_t o = 0; o < items * d->outer; o++) {
    memcpy(first + o * rows, field + o * n, (size_t)rows * sizeof *field);
    memcpy(last + o * rows, field + (o + 1) * n - rows, (size_t)rows * sizeof *field);
  }
}

static fh_status exchange(const fh_loss *l, ptrdiff_t items, const fh_real *truth)
{
  const fh_loss_team *t = l->team;
  MPI_Request request[4 * FH_MAX_DIM];
  int n = 0;
  for (int a = 0; a < l->dim; a++) {
    const side *s = &t->sides[a];
    const ptrdiff_t size = items * face_of(&l->axis[a]);
    const int count = (int)((truth ? FIELDS : 1) * size);
    if (!s->split) continue;
    pack(&l->axis[a], items, t->difference, s->to_below, s->to_above);
    if (truth) pack(&l->axis[a], items, truth, s->to_below + size, s->to_above + size);
    FH_TRY_MPI(
        MPI_Irecv(s->low, count, FH_MPI_REAL, s->below, TAG_UP + 2 * a, t->comm, &request[n++]));
    FH_TRY_MPI(
        MPI_Irecv(s->high, count, FH_MPI_REAL, s->above, TAG_DOWN + 2 * a, t->comm, &request[n++]));
    FH_TRY_MPI(MPI_Isend(s->to_below, count, FH_MPI_REAL, s->below, TAG_DOWN + 2 * a, t->comm,
                         &request[n++]));
    FH_TRY_MPI(MPI_Isend(s->to_above, count, FH_MPI_REAL, s->above, TAG_UP + 2 * a, t->comm,
                         &request[n++]));
  }
  FH_TRY_MPI(MPI_Waitall(n, request, MPI_STATUSES_IGNORE));
  return FH_OK;
}

/* ---- sums --------------------------------------------------------------------------------------- */

/* sums[tile] += weight * sum over the tile of |z|^p, row by row; half as of fh_loss_power_sum */
static void add_tiles(const fh_loss_team *t, double p, double weight, const fh_real *z,
                      fh_real *half, double *sums)
{
  for (ptrdiff_t q = 0; q < t->here; q++) {
    const tile *w = &t->tiles[q];
    double sum = 0;
    for (ptrdiff_t i = 0; i < w->count[0]; i++)
      for (ptrdiff_t j = 0; j < w->count[1]; j++) {
        const ptrdiff_t at = w->offset + (i * t->n[1] + j) * t->n[2];
        sum += fh_loss_power_sum(p, w->count[2], z + at, half ? half + at : NULL);
      }
    sums[t->first + q] += weight * sum;
  }
}

/* one axis of item number m of a field: sums of the quotients, and their adjoint */
static void add_axis(const fh_loss *l, int a, ptrdiff_t m, const fh_real *z, fh_real *half,
                     double *sums)
{
  const side *s = &l->team->sides[a];
  const fh_difference *d = &l->axis[a];
  const ptrdiff_t at = m * face_of(d);
  if (!s->split)
    fh_difference_apply(d, z, l->quotient);
  else
    fh_difference_apply_part(d, z, s->low + at, s->high + at, l->quotient, half ? s->before : NULL,
                             half ? s->after : NULL);
  add_tiles(l->team, 2, 1, l->quotient, NULL, sums);
  if (half && !s->split) fh_difference_adjoint(d, l->quotient, half);
  if (half && s->split) fh_difference_adjoint_part(d, l->quotient, s->before, s->after, half);
}

/* m: place of the field's halo among the received ones */
static void add_field(const fh_loss *l, ptrdiff_t m, const fh_real *z, fh_real *half, double *sums)
{
  const fh_loss_team *t = l->team;
  if (l->config.kind != FH_LOSS_H1) {
    add_tiles(t, l->power, 1, z, half, sums);
    return;
  }
  const fh_real weight = (fh_real)l->config.value_weight;
  for (ptrdiff_t i = 0; half && i < l->points; i++) half[i] = weight * z[i];
  add_tiles(t, 2, l->config.value_weight, z, NULL, sums);
  for (int a = 0; a < l->dim; a++) add_axis(l, a, m, z, half, sums);
}

/* ---- values ------------------------------------------------------------------------------------- */

static double total(const fh_loss_team *t, const double *sums)
{
  double sum = 0;
  for (ptrdiff_t q = 0; q < t->all; q++) sum += sums[q];
  return sum;
}

/* value of so many channels with one norm over them; gradient: half enters, the gradient leaves */
static double finish(const fh_loss *l, ptrdiff_t channels, const double *error, const double *truth,
                     double scale, fh_real *gradient)
{
  double sum = 0, truth_sum = 0;
  for (ptrdiff_t c = 0; c < channels; c++) {
    sum += total(l->team, error + c * l->team->all);
    truth_sum += total(l->team, truth + c * l->team->all);
  }
  const double denominator = fh_loss_denominator(l, truth_sum);
  const fh_real slope = (fh_real)(scale * fh_loss_slope(l, sum, denominator));
  for (ptrdiff_t i = 0; gradient && i < channels * l->points; i++) gradient[i] *= slope;
  return fh_loss_norm(l, sum) / denominator;
}

fh_status fh_loss_team_eval(fh_loss *l, ptrdiff_t batch, const fh_real *prediction,
                            const fh_real *truth, double scale, double *value, fh_real *gradient)
{
  const fh_loss_team *t = l->team;
  const ptrdiff_t items = batch * l->channels, points = l->points, half = items * t->all;
  double *error = t->sums, *reference = t->sums + half;
  for (ptrdiff_t i = 0; i < items * points; i++) t->difference[i] = prediction[i] - truth[i];
  FH_TRY(exchange(l, items, l->relative ? truth : NULL));
  memset(t->sums, 0, (size_t)(FIELDS * half) * sizeof *t->sums);
  for (ptrdiff_t m = 0; m < items; m++) {
    add_field(l, m, t->difference + m * points, gradient ? gradient + m * points : NULL,
              error + m * t->all);
    if (l->relative) add_field(l, items + m, truth + m * points, NULL, reference + m * t->all);
  }
  if (t->ranks > 1) /* a tile's sum is not zero on one rank at most: exact in any order */
    FH_TRY_MPI(
        MPI_Allreduce(MPI_IN_PLACE, t->sums, (int)(FIELDS * half), MPI_DOUBLE, MPI_SUM, t->comm));
  const ptrdiff_t together = l->config.joint ? l->channels : 1;
  for (ptrdiff_t b = 0; b < batch; b++) {
    value[b] = 0;
    for (ptrdiff_t m = b * l->channels; m < (b + 1) * l->channels; m += together)
      value[b] += finish(l, together, error + m * t->all, reference + m * t->all, scale,
                         gradient ? gradient + m * points : NULL);
  }
  return FH_OK;
}
