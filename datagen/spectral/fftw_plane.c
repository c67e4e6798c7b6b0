#include "datagen/spectral/fftw_plane.h"

#include <fftw3.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"

/* rows that are transformed together, and complex numbers between columns: off powers of two */
enum { ROWS = 16, PAD = 8 };

enum { FIELDS = 2 };
static const size_t complex_bytes = sizeof(fftw_complex);

/* of a block of rows, 0: to points, 1: to coefficients */
typedef struct {
  fftw_plan single[2], pair[2];
} fh_row_plans;

struct fh_plane {
  MPI_Comm comm;
  int rank, size;
  fh_plane_layout is;
  ptrdiff_t half, stride; /* complex numbers of a row of points; from column to column */
  double scale;           /* 1 / points */
  /* columns of this rank [columns][stride]; with several ranks: all columns of its rows [cut_1 + 1][rows] */
  fftw_complex *columns[FIELDS], *rows[FIELDS], *parcel;
  fftw_complex *line; /* a block of rows: [ROWS][half], of two functions [ROWS][n_1] */
  double *value;      /* [ROWS][n_1] */
  fftw_plan column_plan[2];
  fh_row_plans row_plans[2];            /* of full blocks, of the last one */
  int *send, *send_at, *take, *take_at; /* reals per rank, from columns to rows */
};

/* rows or columns of a rank: the first ones get one more */
static ptrdiff_t share_first(ptrdiff_t n, int size, int rank)
{
  const ptrdiff_t more = n % size;
  return n / size * rank + (rank < more ? rank : more);
}

static ptrdiff_t share_count(ptrdiff_t n, int size, int rank)
{
  return share_first(n, size, rank + 1) - share_first(n, size, rank);
}

/* ---- creation ------------------------------------------------------------------------------------ */

static fh_status set_layout(const ptrdiff_t n[2], const ptrdiff_t *cut, fh_plane *p)
{
  fh_plane_layout *l = &p->is;
  for (int a = 0; a < 2; a++) {
    l->n[a] = n[a];
    l->cut[a] = cut ? cut[a] : (n[a] - 1) / 3;
    FH_CHECK(n[a] >= 1 && l->cut[a] >= 0 && (l->cut[a] == 0 || 2 * l->cut[a] < n[a]), FH_ERR_ARG,
             "axis %d has %td points, which do not carry the wave number %td", a, n[a], l->cut[a]);
  }
  l->first_row = share_first(n[0], p->size, p->rank);
  l->rows = share_count(n[0], p->size, p->rank);
  l->first_column = share_first(l->cut[1] + 1, p->size, p->rank);
  l->columns = share_count(l->cut[1] + 1, p->size, p->rank);
  l->height = 2 * l->cut[0] + 1;
  l->modes = l->columns * l->height;
  p->half = n[1] / 2 + 1;
  p->stride = n[0] + PAD;
  p->scale = 1.0 / ((double)n[0] * (double)n[1]);
  return FH_OK;
}

static fh_status allocate(fh_plane *p)
{
  const fh_plane_layout *l = &p->is;
  const ptrdiff_t block = l->rows < ROWS ? l->rows + 1 : ROWS;
  for (int f = 0; f < FIELDS; f++) {
    FH_NEW(p->columns[f], l->columns * p->stride + 1);
    if (p->size > 1) FH_NEW(p->rows[f], (l->cut[1] + 1) * l->rows + 1);
  }
  FH_NEW(p->line, block * (l->n[1] > p->half ? l->n[1] : p->half));
  FH_NEW(p->value, block * l->n[1]);
  if (p->size == 1) return FH_OK;
  FH_NEW(p->parcel, l->columns * l->n[0] + 1);
  FH_NEW(p->send, p->size);
  FH_NEW(p->send_at, p->size);
  FH_NEW(p->take, p->size);
  FH_NEW(p->take_at, p->size);
  return FH_OK;
}

/* what goes from columns to rows; the way back is its inverse */
static fh_status set_parcels(fh_plane *p)
{
  const fh_plane_layout *l = &p->is;
  for (int r = 0; r < p->size && p->size > 1; r++) {
    const ptrdiff_t rows = share_count(l->n[0], p->size, r);
    const ptrdiff_t columns = share_count(l->cut[1] + 1, p->size, r);
    FH_TRY(fh_size_int(2 * l->columns * rows, &p->send[r]));
    FH_TRY(fh_size_int(2 * l->columns * share_first(l->n[0], p->size, r), &p->send_at[r]));
    FH_TRY(fh_size_int(2 * columns * l->rows, &p->take[r]));
    FH_TRY(fh_size_int(2 * l->rows * share_first(l->cut[1] + 1, p->size, r), &p->take_at[r]));
  }
  return FH_OK;
}

static fh_status plan_rows(int n, int half, int rows, fh_plane *p, fh_row_plans *plans)
{
  const unsigned how = FFTW_ESTIMATE | FFTW_DESTROY_INPUT;
  if (rows == 0) return FH_OK;
  plans->single[0] =
      fftw_plan_many_dft_c2r(1, &n, rows, p->line, NULL, 1, half, p->value, NULL, 1, n, how);
  plans->single[1] =
      fftw_plan_many_dft_r2c(1, &n, rows, p->value, NULL, 1, n, p->line, NULL, 1, half, how);
  for (int back = 0; back < 2; back++) {
    plans->pair[back] = fftw_plan_many_dft(1, &n, rows, p->line, NULL, 1, n, p->line, NULL, 1, n,
                                           back ? FFTW_FORWARD : FFTW_BACKWARD, how);
    FH_CHECK(plans->single[back] && plans->pair[back], FH_ERR_LIBRARY,
             "FFTW cannot plan transforms of %d points", n);
  }
  return FH_OK;
}

static fh_status plan_columns(int n, int stride, int columns, fh_plane *p)
{
  if (columns == 0) return FH_OK;
  for (int back = 0; back < 2; back++) {
    p->column_plan[back] =
        fftw_plan_many_dft(1, &n, columns, p->columns[0], NULL, 1, stride, p->columns[0], NULL, 1,
                           stride, back ? FFTW_FORWARD : FFTW_BACKWARD, FFTW_ESTIMATE);
    FH_CHECK(p->column_plan[back], FH_ERR_LIBRARY, "FFTW cannot plan transforms of %d points", n);
  }
  return FH_OK;
}

static fh_status build(const ptrdiff_t n[2], const ptrdiff_t *cut, fh_plane *p)
{
  int rows = 0, points = 0, half = 0, stride = 0, columns = 0, length = 0;
  FH_TRY_MPI(MPI_Comm_rank(p->comm, &p->rank));
  FH_TRY_MPI(MPI_Comm_size(p->comm, &p->size));
  FH_TRY(set_layout(n, cut, p));
  FH_TRY(allocate(p));
  FH_TRY(set_parcels(p));
  FH_TRY(fh_size_int(p->is.rows, &rows));
  FH_TRY(fh_size_int(n[1], &points));
  FH_TRY(fh_size_int(p->half, &half));
  FH_TRY(fh_size_int(n[0], &length));
  FH_TRY(fh_size_int(p->stride, &stride));
  FH_TRY(fh_size_int(p->is.columns, &columns));
  FH_TRY(plan_rows(points, half, rows >= ROWS ? ROWS : 0, p, &p->row_plans[0]));
  FH_TRY(plan_rows(points, half, rows % ROWS, p, &p->row_plans[1]));
  if (n[0] > 1) FH_TRY(plan_columns(length, stride, columns, p));
  return FH_OK;
}

fh_status fh_plane_create(MPI_Comm comm, const ptrdiff_t n[2], const ptrdiff_t *cut,
                          fh_plane **plane)
{
  fh_plane *p = NULL;
  *plane = NULL;
  FH_NEW(p, 1);
  p->comm = comm;
  const fh_status st = build(n, cut, p);
  if (st != FH_OK) fh_plane_destroy(&p);
  *plane = p;
  return st;
}

static void destroy_plan(fftw_plan plan)
{
  if (plan) fftw_destroy_plan(plan);
}

void fh_plane_destroy(fh_plane **plane)
{
  fh_plane *p = *plane;
  if (!p) return;
  for (int i = 0; i < 2; i++) {
    destroy_plan(p->column_plan[i]);
    for (int back = 0; back < 2; back++) {
      destroy_plan(p->row_plans[i].single[back]);
      destroy_plan(p->row_plans[i].pair[back]);
    }
    fh_free(p->columns[i]);
    fh_free(p->rows[i]);
  }
  fh_free(p->line);
  fh_free(p->value);
  fh_free(p->parcel);
  fh_free(p->send);
  fh_free(p->send_at);
  fh_free(p->take);
  fh_free(p->take_at);
  fh_free(p);
  *plane = NULL;
}

const fh_plane_layout *fh_plane_where(const fh_plane *p)
{
  return &p->is;
}

ptrdiff_t fh_plane_wave(const fh_plane *p, ptrdiff_t i)
{
  return i <= p->is.cut[0] ? i : i - p->is.height;
}

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

/* ---- rows ---------------------------------------------------------------------------------------- */

/* where column c of the rows of this rank begins, row by row */
static fftw_complex *column_of_rows(const fh_plane *p, int f, ptrdiff_t c)
{
  return p->size == 1 ? p->columns[f] + c * p->stride : p->rows[f] + c * p->is.rows;
}

/* One function: rows [row, row + count) from columns to lines of k_1 >= 0, zero above the cut. */
static void take_single(const fh_plane *p, ptrdiff_t row, ptrdiff_t count)
{
  const ptrdiff_t width = p->is.cut[1] + 1, line = p->half;
  for (ptrdiff_t c = 0; c < width; c++) {
    const fftw_complex *column = column_of_rows(p, 0, c) + row;
    for (ptrdiff_t i = 0; i < count; i++) memcpy(p->line + i * line + c, column + i, complex_bytes);
  }
  for (ptrdiff_t i = 0; i < count; i++)
    memset(p->line + i * line + width, 0, (size_t)(line - width) * complex_bytes);
}

static void put_single(const fh_plane *p, ptrdiff_t row, ptrdiff_t count)
{
  for (ptrdiff_t c = 0; c <= p->is.cut[1]; c++) {
    fftw_complex *column = column_of_rows(p, 0, c) + row;
    for (ptrdiff_t i = 0; i < count; i++)
      memcpy(column + i, p->line + i * p->half + c, complex_bytes);
  }
}

/* Two functions as one, z = u + i v: z(k) = u(k) + i v(k), z(-k) = conj u(k) + i conj v(k). */
static void take_pair(const fh_plane *p, ptrdiff_t row, ptrdiff_t count)
{
  const ptrdiff_t n = p->is.n[1], cut = p->is.cut[1];
  for (ptrdiff_t c = cut; c >= 0; c--) { /* c = 0 has the last word on itself */
    const fftw_complex *u = column_of_rows(p, 0, c) + row, *v = column_of_rows(p, 1, c) + row;
    fftw_complex *up = p->line + c, *down = p->line + (c ? n - c : 0);
    for (ptrdiff_t i = 0; i < count; i++) {
      down[i * n][0] = u[i][0] + v[i][1];
      down[i * n][1] = v[i][0] - u[i][1];
      up[i * n][0] = u[i][0] - (c ? v[i][1] : 0.0);
      up[i * n][1] = v[i][0] + (c ? u[i][1] : 0.0);
    }
  }
  for (ptrdiff_t i = 0; i < count; i++)
    memset(p->line + i * n + cut + 1, 0, (size_t)(n - 2 * cut - 1) * complex_bytes);
}

/* u(k) = (z(k) + conj z(-k))/2, v(k) = (z(k) - conj z(-k))/2i */
static void put_pair(const fh_plane *p, ptrdiff_t row, ptrdiff_t count)
{
  const ptrdiff_t n = p->is.n[1];
  for (ptrdiff_t c = 0; c <= p->is.cut[1]; c++) {
    fftw_complex *u = column_of_rows(p, 0, c) + row, *v = column_of_rows(p, 1, c) + row;
    const fftw_complex *up = p->line + c, *down = p->line + (c ? n - c : 0);
    for (ptrdiff_t i = 0; i < count; i++) {
      u[i][0] = 0.5 * (up[i * n][0] + down[i * n][0]);
      u[i][1] = 0.5 * (up[i * n][1] - down[i * n][1]);
      v[i][0] = 0.5 * (up[i * n][1] + down[i * n][1]);
      v[i][1] = 0.5 * (down[i * n][0] - up[i * n][0]);
    }
  }
}

/* a block of rows there and back */
static void pass_block(fh_plane *p, int fields, ptrdiff_t row, ptrdiff_t count, bool in, bool out,
                       fh_plane_work work, void *context)
{
  const ptrdiff_t n = p->is.n[1];
  const fh_row_plans *plans = &p->row_plans[count < ROWS];
  double *values = fields == 2 ? (double *)p->line : p->value;
  if (in && fields == 2) {
    take_pair(p, row, count);
    fftw_execute_dft(plans->pair[0], p->line, p->line);
  } else if (in) {
    take_single(p, row, count);
    fftw_execute_dft_c2r(plans->single[0], p->line, p->value);
  }
  work(context, row * n, count * n, values);
  if (out && fields == 2) {
    fftw_execute_dft(plans->pair[1], p->line, p->line);
    put_pair(p, row, count);
  } else if (out) {
    fftw_execute_dft_r2c(plans->single[1], p->value, p->line);
    put_single(p, row, count);
  }
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
    pass_block(p, fields, row, p->is.rows - row < ROWS ? p->is.rows - row : ROWS, in, out, work,
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
