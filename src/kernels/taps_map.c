/* taps_map - gather, scatter and their adjoints, band by band; see taps.h */
#include <string.h>

#include "kernels/taps_impl.h"

/* the coarse field of a band, behind the fine one */
static fh_real *second(const fh_taps *s, fh_real *work)
{
  return work + s->in * s->fine_pitch;
}

static ptrdiff_t halo_size(const fh_taps *s)
{
  return s->in * fh_taps_halo_rows(s) * s->fine[1] * s->fine[2];
}

ptrdiff_t fh_taps_work(const fh_taps *s)
{
  if (s->phased) return fh_winograd_phases_work(s->phased);
  if (s->winograd) return fh_taps_winograd_work(s);
  return s->in * s->fine_pitch + s->out * s->coarse_pitch + halo_size(s);
}

ptrdiff_t fh_taps_samples(const fh_taps *s)
{
  return s->winograd ? fh_winograd_samples(s->winograd) : 1;
}

/* reals of one sample */
static ptrdiff_t fine_sample(const fh_taps *s)
{
  return s->in * s->fine[0] * s->fine[1] * s->fine[2];
}
static ptrdiff_t coarse_sample(const fh_taps *s)
{
  return s->out * s->coarse[0] * s->coarse[1] * s->coarse[2];
}

/* ---- gather --------------------------------------------------------------------------------------- */

/* row (t, j) of the band to its place in y */
static void gather_rows(const fh_taps *s, const fh_real *packed, const fh_real *bias,
                        const fh_real *c, const fh_real *padded, ptrdiff_t first, ptrdiff_t rows,
                        fh_real *y)
{
  const ptrdiff_t n = s->coarse[2], points = s->coarse[0] * s->coarse[1] * n;
  for (ptrdiff_t t = 0; t < rows; t++)
    for (ptrdiff_t j = 0; j < s->coarse[1]; j++) {
      const ptrdiff_t at = ((first + t) * s->coarse[1] + j) * n;
      s->k->apply(s->out, s->in * s->taps, n, packed, bias, c ? c + at : NULL, points, NULL,
                  padded + t * s->plane + j * s->phase[2], 0, s->off_gather, y + at, points);
    }
}

/* the band as one row, then without its gaps to y */
static void gather_long(const fh_taps *s, const fh_real *packed, const fh_real *bias,
                        const fh_real *c, const fh_real *padded, ptrdiff_t first, ptrdiff_t rows,
                        fh_real *gapped, fh_real *y)
{
  const ptrdiff_t n = s->coarse[2], points = s->coarse[0] * s->coarse[1] * n;
  const ptrdiff_t length = (rows - 1) * s->plane + (s->coarse[1] - 1) * s->phase[2] + n;
  s->k->apply(s->out, s->in * s->taps, length, packed, bias, NULL, 0, NULL, padded, 0,
              s->off_gather, gapped, s->coarse_pitch);
  for (ptrdiff_t o = 0; o < s->out; o++)
    for (ptrdiff_t t = 0; t < rows; t++)
      for (ptrdiff_t j = 0; j < s->coarse[1]; j++) {
        const fh_real *row = gapped + o * s->coarse_pitch + t * s->plane + j * s->phase[2];
        const ptrdiff_t at = o * points + ((first + t) * s->coarse[1] + j) * n;
        if (c)
          for (ptrdiff_t q = 0; q < n; q++) y[at + q] = c[at + q] + row[q];
        else
          memcpy(y + at, row, (size_t)n * sizeof *y);
      }
}

static void gather_band(const fh_taps *s, const fh_real *packed, const fh_real *bias,
                        const fh_real *c, const fh_real *padded, ptrdiff_t first, ptrdiff_t rows,
                        fh_real *gapped, fh_real *y)
{
  if (s->rows)
    gather_rows(s, packed, bias, c, padded, first, rows, y);
  else
    gather_long(s, packed, bias, c, padded, first, rows, gapped, y);
}

static void gather(const fh_taps *s, const fh_real *packed, const fh_real *bias, const fh_real *c,
                   const fh_real *x, fh_real *y, fh_real *work)
{
  for (ptrdiff_t i = 0; i < s->coarse[0]; i += s->band) {
    const ptrdiff_t rows = s->coarse[0] - i < s->band ? s->coarse[0] - i : s->band;
    fh_taps_load_fine(s, x, i, rows + s->reach[0], work);
    gather_band(s, packed, bias, c, work, i, rows, second(s, work), y);
  }
}

void fh_taps_gather(const fh_taps *s, ptrdiff_t batch, const fh_real *packed, const fh_real *bias,
                    const fh_real *c, const fh_real *x, fh_real *y, fh_real *work)
{
  const ptrdiff_t fine = fine_sample(s), coarse = coarse_sample(s);
  if (s->phased) {
    fh_winograd_phases_gather(s->phased, batch, packed, bias, c, x, y, work);
    return;
  }
  if (s->winograd) {
    fh_winograd_apply(s->winograd, batch, packed, bias, c, x, y, work);
    return;
  }
  for (ptrdiff_t i = 0; i < batch; i++)
    gather(s, packed, bias, c ? c + i * coarse : NULL, x + i * fine, y + i * coarse, work);
}

/* ---- scatter -------------------------------------------------------------------------------------- */

/* rows of all phases from the gapped field of a band, and from there to x */
static void scatter_band(const fh_taps *s, const fh_real *packed, const fh_real *bias,
                         const fh_real *c, const fh_real *gapped, ptrdiff_t first, ptrdiff_t rows,
                         fh_real *phases, fh_real *x, fh_real *halo)
{
  for (int f = 0; f < s->phases; f++) {
    const ptrdiff_t k = s->out * s->n_taps[f], before = s->out * s->first_tap[f];
    s->k->apply(s->in, k, rows * s->plane, packed + s->in * before, NULL, NULL, 0, NULL, gapped, 0,
                s->off_scatter + before, phases + f * s->phase_pitch, s->fine_pitch);
  }
  fh_taps_fold(s, bias, c, phases, first, rows, x, halo);
}

static void scatter(const fh_taps *s, const fh_real *packed, const fh_real *bias, const fh_real *c,
                    const fh_real *y, fh_real *x, fh_real *work)
{
  fh_real *gapped = second(s, work), *halo = gapped + s->out * s->coarse_pitch;
  memset(halo, 0, (size_t)halo_size(s) * sizeof *halo);
  for (ptrdiff_t i = 0; i < s->phase[0]; i += s->band) {
    const ptrdiff_t rows = s->phase[0] - i < s->band ? s->phase[0] - i : s->band;
    fh_taps_load_coarse(s, 1, y, i - s->reach[0], rows + s->reach[0], gapped);
    scatter_band(s, packed, bias, c, gapped, i, rows, work, x, halo);
  }
  fh_taps_add_halo(s, halo, x);
}

void fh_taps_scatter(const fh_taps *s, ptrdiff_t batch, const fh_real *packed, const fh_real *bias,
                     const fh_real *c, const fh_real *y, fh_real *x, fh_real *work)
{
  const ptrdiff_t fine = fine_sample(s), coarse = coarse_sample(s);
  if (s->phased) {
    fh_winograd_phases_scatter(s->phased, batch, packed, bias, c, y, x, work);
    return;
  }
  if (s->winograd) {
    fh_taps_winograd_scatter(s, batch, packed, bias, c, y, x, work);
    return;
  }
  for (ptrdiff_t i = 0; i < batch; i++)
    scatter(s, packed, bias, c ? c + i * fine : NULL, y + i * coarse, x + i * fine, work);
}

/* ---- adjoints: the gradients of the weight and of the field from one pass over both fields --------- */

/* rows of a band: gapped points to the first one */
static void outer_band(const fh_taps *s, const fh_real *gapped, const fh_real *padded,
                       ptrdiff_t rows, fh_real *dw, fh_real *db)
{
  const ptrdiff_t length = (rows - 1) * s->plane + (s->coarse[1] - 1) * s->phase[2] + s->coarse[2];
  s->row->outer(s->out, s->in * s->taps, length, gapped, s->coarse_pitch, padded, s->off_gather,
                dw);
  if (db) s->row->row_sums(s->out, length, gapped, s->coarse_pitch, db);
}

static void gather_back(const fh_taps *s, const fh_real *packed, fh_real sign, const fh_real *c,
                        const fh_real *dy, const fh_real *x, fh_real *dx, fh_real *dw, fh_real *db,
                        fh_real *work)
{
  fh_real *gapped = second(s, work), *halo = gapped + s->out * s->coarse_pitch;
  memset(halo, 0, (size_t)halo_size(s) * sizeof *halo);
  for (ptrdiff_t i = 0; i < s->phase[0]; i += s->band) {
    const ptrdiff_t rows = s->phase[0] - i < s->band ? s->phase[0] - i : s->band;
    const ptrdiff_t here = s->coarse[0] - i < rows ? s->coarse[0] - i : rows;
    fh_taps_load_coarse(s, sign, dy, i - s->reach[0], rows + s->reach[0], gapped);
    if (here > 0) {
      fh_taps_load_fine(s, x, i, here + s->reach[0], work);
      outer_band(s, gapped + s->front + s->reach[0] * s->plane, work, here, dw, db);
    }
    if (dx) scatter_band(s, packed, NULL, c, gapped, i, rows, work, dx, halo);
  }
  if (dx) fh_taps_add_halo(s, halo, dx);
}

void fh_taps_gather_back(const fh_taps *s, ptrdiff_t batch, const fh_real *packed, fh_real sign,
                         const fh_real *c, const fh_real *dy, const fh_real *x, fh_real *dx,
                         fh_real *dw, fh_real *db, fh_real *work)
{
  const ptrdiff_t fine = fine_sample(s), coarse = coarse_sample(s);
  if (s->phased) {
    fh_winograd_phases_gather_back(s->phased, batch, packed, sign, c, dy, x, dx, dw, db, work);
    return;
  }
  if (s->winograd) {
    fh_taps_winograd_gather_back(s, batch, packed, sign, c, dy, x, dx, dw, db, work);
    return;
  }
  for (ptrdiff_t i = 0; i < batch; i++)
    gather_back(s, packed, sign, c ? c + i * fine : NULL, dy + i * coarse, x + i * fine,
                dx ? dx + i * fine : NULL, dw, db, work);
}

static void scatter_back(const fh_taps *s, const fh_real *packed, const fh_real *dx,
                         const fh_real *y, fh_real *dy, fh_real *dw, fh_real *work)
{
  fh_real *gapped = second(s, work);
  for (ptrdiff_t i = 0; i < s->coarse[0]; i += s->band) {
    const ptrdiff_t rows = s->coarse[0] - i < s->band ? s->coarse[0] - i : s->band;
    fh_taps_load_fine(s, dx, i, rows + s->reach[0], work);
    fh_taps_load_coarse(s, 1, y, i, rows, gapped);
    outer_band(s, gapped + s->front, work, rows, dw, NULL);
    if (dy) gather_band(s, packed, NULL, NULL, work, i, rows, gapped, dy);
  }
}

void fh_taps_scatter_back(const fh_taps *s, ptrdiff_t batch, const fh_real *packed,
                          const fh_real *dx, const fh_real *y, fh_real *dy, fh_real *dw,
                          fh_real *work)
{
  const ptrdiff_t fine = fine_sample(s), coarse = coarse_sample(s);
  if (s->phased) {
    fh_winograd_phases_scatter_back(s->phased, batch, packed, dx, y, dy, dw, work);
    return;
  }
  if (s->winograd) {
    if (dy) fh_winograd_apply(s->winograd, batch, packed, NULL, NULL, dx, dy, work);
    fh_winograd_gradient(s->winograd, batch, 1, y, dx, dw, NULL, work);
    return;
  }
  for (ptrdiff_t i = 0; i < batch; i++)
    scatter_back(s, packed, dx + i * fine, y + i * coarse, dy ? dy + i * coarse : NULL, dw, work);
}
