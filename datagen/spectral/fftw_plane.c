#include "datagen/spectral/fftw_plane_impl.h"

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
