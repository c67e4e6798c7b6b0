/* fftw_plane_rows - blocks of rows between columns of coefficients and points: see fftw_plane.h */
#include "datagen/spectral/fftw_plane_impl.h"

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

void fh_plane_block(fh_plane *p, int fields, ptrdiff_t row, ptrdiff_t count, bool in, bool out,
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
