/* fftw_plane_pass - columns, their exchange between ranks, and the whole way there and back: see fftw_plane.h */
#include "datagen/spectral/fftw_plane_impl.h"

/* ---- columns ------------------------------------------------------------------------------------- */

/* coefficients -> columns of points along axis 0 */
static void columns_to_points(fh_plane *p, const double *modes, fftw_complex *columns)
{
  const fh_plane_layout *l = &p->is;
  const ptrdiff_t low = l->cut[0] + 1, high = l->cut[0], gap = l->n[0] - l->height;
  for (ptrdiff_t c = 0; c < l->columns; c++) {
    const double *from = modes + 2 * c * l->height;
    fftw_complex *to = columns + c * p->stride;
    memcpy(to, from, (size_t)low * complex_bytes);
    memset(to + low, 0, (size_t)gap * complex_bytes);
    memcpy(to + low + gap, from + 2 * low, (size_t)high * complex_bytes);
  }
  if (p->column_plan[0]) fftw_execute_dft(p->column_plan[0], columns, columns);
}

static void points_to_columns(fh_plane *p, fftw_complex *columns, double *modes)
{
  const fh_plane_layout *l = &p->is;
  const ptrdiff_t low = 2 * (l->cut[0] + 1), high = 2 * l->cut[0];
  if (p->column_plan[1]) fftw_execute_dft(p->column_plan[1], columns, columns);
  for (ptrdiff_t c = 0; c < l->columns; c++) {
    const double *first = (const double *)(columns + c * p->stride);
    const double *last = first + 2 * l->n[0] - high;
    double *to = modes + 2 * c * l->height;
    for (ptrdiff_t i = 0; i < low; i++) to[i] = p->scale * first[i];
    for (ptrdiff_t i = 0; i < high; i++) to[low + i] = p->scale * last[i];
  }
}

/* ---- the exchange: columns of this rank <-> rows of this rank -------------------------------------- */

/* parcel: for every rank [columns here][rows there] */
static void pack(const fh_plane *p, const fftw_complex *columns, fftw_complex *parcel)
{
  for (int r = 0; r < p->size; r++) {
    const ptrdiff_t first = share_first(p->is.n[0], p->size, r);
    const ptrdiff_t rows = share_count(p->is.n[0], p->size, r);
    for (ptrdiff_t c = 0; c < p->is.columns; c++)
      memcpy(parcel + p->is.columns * first + c * rows, columns + c * p->stride + first,
             (size_t)rows * complex_bytes);
  }
}

static void unpack(const fh_plane *p, const fftw_complex *parcel, fftw_complex *columns)
{
  for (int r = 0; r < p->size; r++) {
    const ptrdiff_t first = share_first(p->is.n[0], p->size, r);
    const ptrdiff_t rows = share_count(p->is.n[0], p->size, r);
    for (ptrdiff_t c = 0; c < p->is.columns; c++)
      memcpy(columns + c * p->stride + first, parcel + p->is.columns * first + c * rows,
             (size_t)rows * complex_bytes);
  }
}

static fh_status send_columns(fh_plane *p, int f)
{
  if (p->size == 1) return FH_OK;
  pack(p, p->columns[f], p->parcel);
  FH_TRY_MPI(MPI_Alltoallv(p->parcel, p->send, p->send_at, MPI_DOUBLE, p->rows[f], p->take,
                           p->take_at, MPI_DOUBLE, p->comm));
  return FH_OK;
}

static fh_status send_rows(fh_plane *p, int f)
{
  if (p->size == 1) return FH_OK;
  FH_TRY_MPI(MPI_Alltoallv(p->rows[f], p->take, p->take_at, MPI_DOUBLE, p->parcel, p->send,
                           p->send_at, MPI_DOUBLE, p->comm));
  unpack(p, p->parcel, p->columns[f]);
  return FH_OK;
}

/* ---- all of it ----------------------------------------------------------------------------------- */

fh_status fh_plane_product(fh_plane *p, int fields, const double *const *in, double *const *out,
                           fh_plane_work work, void *context)
{
  for (int f = 0; in && f < fields; f++) {
    columns_to_points(p, in[f], p->columns[f]);
    FH_TRY(send_columns(p, f));
  }
  for (ptrdiff_t row = 0; row < p->is.rows; row += ROWS)
    fh_plane_block(p, fields, row, p->is.rows - row < ROWS ? p->is.rows - row : ROWS, in, out, work,
                   context);
  for (int f = 0; out && f < fields; f++) {
    FH_TRY(send_rows(p, f));
    points_to_columns(p, p->columns[f], out[f]);
  }
  return FH_OK;
}

static void keep_points(void *context, ptrdiff_t first, ptrdiff_t count, double *values)
{
  memcpy((double *)context + first, values, (size_t)count * sizeof(double));
}

fh_status fh_plane_to_points(fh_plane *p, const double *modes, double *points)
{
  return fh_plane_product(p, 1, &modes, NULL, keep_points, points);
}

typedef struct {
  const double *points;
} given;

static void give_points(void *context, ptrdiff_t first, ptrdiff_t count, double *values)
{
  const given *g = context;
  memcpy(values, g->points + first, (size_t)count * sizeof(double));
}

fh_status fh_plane_to_modes(fh_plane *p, const double *points, double *modes)
{
  given g = {points};
  return fh_plane_product(p, 1, NULL, &modes, give_points, &g);
}

static fh_status gather(const fh_plane *p, const double *points, double *all, int *counts,
                        int *places)
{
  int mine = 0;
  for (int r = 0; r < p->size; r++) {
    FH_TRY(fh_size_int(share_count(p->is.n[0], p->size, r) * p->is.n[1], &counts[r]));
    FH_TRY(fh_size_int(share_first(p->is.n[0], p->size, r) * p->is.n[1], &places[r]));
  }
  mine = counts[p->rank];
  FH_TRY_MPI(MPI_Gatherv(points, mine, MPI_DOUBLE, all, counts, places, MPI_DOUBLE, 0, p->comm));
  return FH_OK;
}

fh_status fh_plane_gather(fh_plane *p, const double *points, double *all)
{
  int *counts = NULL;
  FH_NEW(counts, 2 * p->size);
  const fh_status st = gather(p, points, all, counts, counts + p->size);
  fh_free(counts);
  return st;
}
