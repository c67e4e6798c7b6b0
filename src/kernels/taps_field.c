/* taps_field - fields to padded phases and back; see taps.h */
#include "kernels/taps_impl.h"

#include <string.h>

/* ---- fine field -> phases ------------------------------------------------------------------------ */

/* first..last: the points q of phase f along axis 2 that lie inside the grid, p <= s q + f < n + p */
static void inside_of(const fh_taps *s, ptrdiff_t f, ptrdiff_t *first, ptrdiff_t *last)
{
  const ptrdiff_t step = s->stride[2], p = s->pad[2];
  *first = p > f ? (p - f + step - 1) / step : 0;
  *last = (s->fine[2] + p - f + step - 1) / step;
}

/* dst[q] = src[source[s q + f]] for q in from..to, by the table */
static void load_rim(const fh_taps *s, const fh_real *src, ptrdiff_t f, ptrdiff_t from,
                     ptrdiff_t to, fh_real *dst)
{
  for (ptrdiff_t q = from; q < to; q++) {
    const ptrdiff_t r = s->stride[2] * q + f, i = r < s->padded[2] ? s->source[2][r] : -1;
    dst[q] = i < 0 ? 0 : src[i];
  }
}

/* points of the grid at even and at odd places: phases and first points of a row */
static void halves(const fh_taps *s, ptrdiff_t at[2])
{
  const ptrdiff_t p = s->pad[2];
  at[0] = p % 2 * s->phase_pitch + p / 2;
  at[1] = (p + 1) % 2 * s->phase_pitch + (p + 1) / 2;
}

/* all phases of one row of the grid; dst: phase 0 */
static void load_row(const fh_taps *s, const fh_real *src, fh_real *dst)
{
  const ptrdiff_t n = s->fine[2];
  for (ptrdiff_t f = 0; f < s->stride[2]; f++) {
    ptrdiff_t first, last;
    inside_of(s, f, &first, &last);
    load_rim(s, src, f, 0, first, dst + f * s->phase_pitch);
    load_rim(s, src, f, last, s->phase[2], dst + f * s->phase_pitch);
  }
  if (s->stride[2] == 1) {
    memcpy(dst + s->pad[2], src, (size_t)n * sizeof *dst);
    return;
  }
  ptrdiff_t at[2];
  halves(s, at);
  s->row->unweave(n / 2, src, dst + at[0], dst + at[1]);
  if (n % 2) dst[at[0] + n / 2] = src[n - 1];
}

static void clear_row(const fh_taps *s, fh_real *dst)
{
  for (ptrdiff_t f = 0; f < s->stride[2]; f++)
    memset(dst + f * s->phase_pitch, 0, (size_t)s->phase[2] * sizeof *dst);
}

/* one row of axis 0 of one channel; src NULL: it lies outside */
static void load_plane(const fh_taps *s, const fh_real *src, ptrdiff_t f0, fh_real *dst)
{
  for (ptrdiff_t f1 = 0; f1 < s->stride[1]; f1++)
    for (ptrdiff_t q = 0; q < s->phase[1]; q++) {
      fh_real *row =
          dst + (f0 * s->stride[1] + f1) * s->stride[2] * s->phase_pitch + q * s->phase[2];
      const ptrdiff_t r = s->stride[1] * q + f1;
      const ptrdiff_t i = src && r < s->padded[1] ? s->source[1][r] : -1;
      if (i < 0)
        clear_row(s, row);
      else
        load_row(s, src + i * s->fine[2], row);
    }
}

void fh_taps_load_fine(const fh_taps *s, const fh_real *x, ptrdiff_t first, ptrdiff_t rows,
                       fh_real *padded)
{
  const ptrdiff_t area = s->fine[1] * s->fine[2], end = s->phases * s->phase_pitch;
  for (ptrdiff_t c = 0; c < s->in; c++) {
    fh_real *channel = padded + c * s->fine_pitch;
    for (ptrdiff_t t = 0; t < rows; t++)
      for (ptrdiff_t f0 = 0; f0 < s->stride[0]; f0++) {
        const ptrdiff_t r = s->stride[0] * (first + t) + f0;
        const ptrdiff_t i = r < s->padded[0] ? s->source[0][r] : -1;
        load_plane(s, i < 0 ? NULL : x + (c * s->fine[0] + i) * area, f0, channel + t * s->plane);
      }
    /* what vectors read beyond a phase must be finite */
    for (int f = 0; f < s->phases; f++)
      memset(channel + f * s->phase_pitch + rows * s->plane, 0,
             (size_t)(s->phase_pitch - rows * s->plane) * sizeof *channel);
    memset(channel + end, 0, (size_t)(s->fine_pitch - end) * sizeof *channel);
  }
}

/* ---- coarse field -> rows with gaps ---------------------------------------------------------------- */

void fh_taps_load_coarse(const fh_taps *s, fh_real sign, const fh_real *y, ptrdiff_t first,
                         ptrdiff_t rows, fh_real *gapped)
{
  const ptrdiff_t n = s->coarse[2];
  for (ptrdiff_t o = 0; o < s->out; o++) {
    fh_real *channel = gapped + o * s->coarse_pitch;
    memset(channel, 0, (size_t)s->front * sizeof *channel);
    channel += s->front;
    for (ptrdiff_t t = 0; t < rows; t++) {
      const ptrdiff_t i = first + t;
      fh_real *dst = channel + t * s->plane;
      if (i < 0 || i >= s->coarse[0]) {
        memset(dst, 0, (size_t)s->plane * sizeof *dst);
        continue;
      }
      const fh_real *src = y + (o * s->coarse[0] + i) * s->coarse[1] * n;
      for (ptrdiff_t j = 0; j < s->coarse[1]; j++, dst += s->phase[2], src += n) {
        s->row->scale(n, sign, src, dst);
        memset(dst + n, 0, (size_t)(s->phase[2] - n) * sizeof *dst);
      }
      memset(dst, 0, (size_t)((s->phase[1] - s->coarse[1]) * s->phase[2]) * sizeof *dst);
    }
    const ptrdiff_t used = s->front + rows * s->plane;
    memset(channel + rows * s->plane, 0, (size_t)(s->coarse_pitch - used) * sizeof *channel);
  }
}

/* ---- phases -> fine field, the adjoint of loading --------------------------------------------------- */

/* dst[source[s q + f]] += row[q] for q in from..to, by the table */
static void add_rim(const fh_taps *s, const fh_real *row, ptrdiff_t f, ptrdiff_t from, ptrdiff_t to,
                    fh_real *dst)
{
  for (ptrdiff_t q = from; q < to; q++) {
    const ptrdiff_t r = s->stride[2] * q + f, i = r < s->padded[2] ? s->source[2][r] : -1;
    if (i >= 0) dst[i] += row[q];
  }
}

/* the points of a row of the grid; row: phase 0 */
static void store_row(const fh_taps *s, const fh_real *row, fh_real bias, const fh_real *c,
                      fh_real *dst)
{
  const ptrdiff_t n = s->fine[2];
  if (s->stride[2] == 1) {
    s->row->shift(n, row + s->pad[2], bias, c, dst);
    return;
  }
  ptrdiff_t at[2];
  halves(s, at);
  s->row->weave(n / 2, row + at[0], row + at[1], bias, c, dst);
  if (n % 2) s->row->shift(1, row + at[0] + n / 2, bias, c ? c + n - 1 : NULL, dst + n - 1);
}

/* row r1 of a padded plane, all phases of axis 2; inside: dst is written, else added to */
static void fold_row(const fh_taps *s, const fh_real *plane, ptrdiff_t f0, ptrdiff_t r1,
                     bool inside, fh_real bias, const fh_real *c, fh_real *dst)
{
  const ptrdiff_t f1 = r1 % s->stride[1];
  const fh_real *rows = plane + (f0 * s->stride[1] + f1) * s->stride[2] * s->phase_pitch +
                        r1 / s->stride[1] * s->phase[2];
  if (inside) store_row(s, rows, bias, c, dst);
  for (ptrdiff_t f = 0; f < s->stride[2]; f++) { /* once all points of the row are written */
    const fh_real *row = rows + f * s->phase_pitch;
    ptrdiff_t first = 0, last = 0;
    if (inside) inside_of(s, f, &first, &last);
    add_rim(s, row, f, 0, first, dst);
    add_rim(s, row, f, last, s->phase[2], dst);
  }
}

static void fold_plane(const fh_taps *s, const fh_real *plane, ptrdiff_t f0, fh_real bias,
                       const fh_real *c, fh_real *dst)
{
  const ptrdiff_t n = s->fine[2], p = s->pad[1];
  for (ptrdiff_t i = 0; i < s->fine[1]; i++)
    fold_row(s, plane, f0, i + p, true, bias, c ? c + i * n : NULL, dst + i * n);
  for (ptrdiff_t r = 0; r < s->padded[1]; r++)
    if ((r < p || r >= p + s->fine[1]) && s->source[1][r] >= 0)
      fold_row(s, plane, f0, r, false, 0, NULL, dst + s->source[1][r] * n);
}

ptrdiff_t fh_taps_halo_rows(const fh_taps *s)
{
  return s->padded[0] - s->fine[0];
}

/* place of padded row r among the rows outside, -1: it is inside */
static ptrdiff_t halo_place(const fh_taps *s, ptrdiff_t r)
{
  if (r < s->pad[0]) return r;
  return r < s->pad[0] + s->fine[0] ? -1 : r - s->fine[0];
}

void fh_taps_fold(const fh_taps *s, const fh_real *bias, const fh_real *c, const fh_real *phases,
                  ptrdiff_t first, ptrdiff_t rows, fh_real *x, fh_real *halo)
{
  const ptrdiff_t area = s->fine[1] * s->fine[2], n_halo = fh_taps_halo_rows(s);
  for (ptrdiff_t ch = 0; ch < s->in; ch++)
    for (ptrdiff_t t = 0; t < rows; t++)
      for (ptrdiff_t f0 = 0; f0 < s->stride[0]; f0++) {
        const ptrdiff_t r = s->stride[0] * (first + t) + f0;
        if (r >= s->padded[0] || s->source[0][r] < 0) continue;
        const fh_real *plane = phases + ch * s->fine_pitch + t * s->plane;
        const ptrdiff_t outside = halo_place(s, r), at = ch * s->fine[0] + r - s->pad[0];
        if (outside >= 0)
          fold_plane(s, plane, f0, 0, NULL, halo + (ch * n_halo + outside) * area);
        else
          fold_plane(s, plane, f0, bias ? bias[ch] : 0, c ? c + at * area : NULL, x + at * area);
      }
}

void fh_taps_add_halo(const fh_taps *s, const fh_real *halo, fh_real *x)
{
  const ptrdiff_t area = s->fine[1] * s->fine[2], n_halo = fh_taps_halo_rows(s);
  for (ptrdiff_t r = 0; r < s->padded[0]; r++) {
    const ptrdiff_t outside = halo_place(s, r), i = s->source[0][r];
    if (outside < 0 || i < 0) continue;
    for (ptrdiff_t ch = 0; ch < s->in; ch++) {
      fh_real *to = x + (ch * s->fine[0] + i) * area;
      s->k->add(area, to, halo + (ch * n_halo + outside) * area, to);
    }
  }
}
