/* The truncated DFT as products with matrices of cosines and sines. The next-to-last axis goes first,
 * in real numbers and with its rows as vectors; then the last axis; then, in three dimensions, the
 * first axis on what is left. Cosine and sine sums become frequencies at the end. */
#include <string.h>

#include "base/memory.h"
#include "kernels/dft_impl.h"

enum { LINES = 24 }; /* fields of one axis that are transformed together */

static ptrdiff_t frequencies(const fh_dft_spec *s, int a)
{
  const ptrdiff_t below = -s->first[a], above = s->first[a] + s->count[a] - 1;
  return (below > above ? below : above) + 1;
}

static fh_status build_lead(const fh_dft_spec *s, int a, fh_dft_lead *l)
{
  const ptrdiff_t n = s->n[a];
  l->half = n / 2 + 1;
  l->nf = frequencies(s, a);
  FH_NEW(l->analyse, 2 * l->nf * l->half);
  FH_NEW(l->synthesise, 2 * l->nf * l->half);
  for (ptrdiff_t f = 0; f < l->nf; f++)
    for (ptrdiff_t p = 0; p < l->half; p++) {
      double c, sn;
      fh_dft_unit(f, p, n, &c, &sn);
      if (fh_dft_is_nyquist(s, a, f)) sn = 0;
      const double own = p == 0 || 2 * p == n ? 0.5 : 1;
      l->analyse[2 * (p * l->nf + f)] = (fh_real)(own * c);
      l->analyse[2 * (p * l->nf + f) + 1] = (fh_real)sn;
      l->synthesise[2 * f * l->half + p] = (fh_real)c;
      l->synthesise[(2 * f + 1) * l->half + p] = (fh_real)sn;
    }
  return FH_OK;
}

/* Folding halves the terms but puts cosines and sines into vectors of their own; unfolding halves the
 * points, and pays when their vectors are not too empty. */
static void last_sizes(const fh_dft_spec *s, int lanes, fh_dft_last *t)
{
  const ptrdiff_t n = s->n[s->dim - 1], nk = s->count[s->dim - 1];
  t->nk = nk;
  t->half = n / 2 + 1;
  t->padded_n = fh_dft_padded(n);
  t->half_ld = fh_dft_padded(t->half);
  t->spectrum_ld = fh_dft_padded(2 * nk);
  const ptrdiff_t apart = 2 * ((nk + lanes - 1) / lanes) * t->half;
  t->fold = 10 * apart < 9 * ((2 * nk + lanes - 1) / lanes) * n;
  t->unfold = 10 * t->half_ld < 7 * t->padded_n;
  t->im = t->fold ? fh_dft_padded(nk) : nk;
  t->columns = t->fold ? 2 * fh_dft_padded(nk) : fh_dft_padded(2 * nk);
}

double fh_dft_gemm_flops(const fh_dft_spec *s, int lanes)
{
  const int last = s->dim - 1;
  fh_dft_last t;
  last_sizes(s, lanes, &t);
  const double nk = 2.0 * (double)t.nk;
  const double points =
      ((double)(t.fold ? t.half : s->n[last]) + (double)(t.unfold ? t.half : s->n[last])) / 2;
  const double slabs = s->dim == 3 ? (double)s->n[0] : 1;
  double lines = 1, flops = 0;
  if (s->dim >= 2) {
    lines = 2.0 * (double)frequencies(s, last - 1);
    flops += slabs * lines * (double)s->n[last - 1] * (double)s->n[last];
  }
  flops += slabs * 2 * lines * nk * points;
  if (s->dim == 3) flops += 2.0 * (double)frequencies(s, 0) * slabs * lines * nk;
  return flops;
}

static fh_status build_last(const fh_dft_spec *s, int lanes, fh_dft_last *t)
{
  last_sizes(s, lanes, t);
  const ptrdiff_t n = s->n[s->dim - 1];
  const ptrdiff_t ld = t->unfold ? t->half_ld : t->padded_n;
  FH_NEW(t->synthesise, 2 * t->nk * ld);
  if (t->fold) {
    FH_NEW(t->cosine, t->half * t->im);
    FH_NEW(t->sine, t->half * t->im);
  } else {
    FH_NEW(t->both, n * t->columns);
  }
  for (ptrdiff_t k = 0; k < t->nk; k++) {
    double wc, ws;
    fh_dft_column(s, k, &wc, &ws);
    for (ptrdiff_t j = 0; j < n; j++) {
      double c, sn;
      fh_dft_unit(k, j, n, &c, &sn);
      c *= wc;
      sn *= -ws;
      if (!t->unfold || j < t->half) {
        t->synthesise[k * ld + j] = (fh_real)c;
        t->synthesise[(t->nk + k) * ld + j] = (fh_real)sn;
      }
      if (!t->fold) {
        t->both[j * t->columns + k] = (fh_real)c;
        t->both[j * t->columns + t->im + k] = (fh_real)sn;
      } else if (j < t->half) {
        t->cosine[j * t->im + k] = (fh_real)(j == 0 || 2 * j == n ? 0.5 * c : c);
        t->sine[j * t->im + k] = (fh_real)(j == 0 || 2 * j == n ? 0 : sn);
      }
    }
  }
  return FH_OK;
}

/* where things lie in the scratch, in reals */
typedef struct {
  ptrdiff_t rows; /* of one slab after its first axis */
  ptrdiff_t sums, even, odd, slab, slabs, outer, mixed, end;
} places;

static places layout(const fh_dft *d)
{
  const fh_dft_spec *s = &d->spec;
  const fh_dft_last *t = &d->last;
  const ptrdiff_t widest = t->columns > t->spectrum_ld ? t->columns : t->spectrum_ld;
  places w = {.rows = s->dim == 1 ? LINES : 2 * d->lead[s->dim - 2].nf};
  w.even = w.rows * t->padded_n;
  w.odd = w.even + (t->fold || t->unfold ? w.rows * t->half_ld : 0);
  w.slab = w.odd + (t->fold || t->unfold ? w.rows * t->half_ld : 0);
  w.slabs = w.slab + w.rows * widest + FH_DFT_SLACK;
  w.outer = w.mixed = w.end = w.slabs;
  if (s->dim == 3) {
    w.outer = w.slabs + s->n[0] * w.rows * widest;
    w.mixed = w.outer + 2 * d->lead[0].nf * w.rows * widest + FH_DFT_SLACK;
    w.end = w.mixed + fh_dft_padded(2 * d->lead[0].nf * 2 * s->count[1] * t->nk + FH_DFT_SLACK);
  }
  return w;
}

fh_status fh_dft_gemm_build(fh_dft *d)
{
  for (int a = 0; a + 1 < d->spec.dim; a++) FH_TRY(build_lead(&d->spec, a, &d->lead[a]));
  FH_TRY(build_last(&d->spec, d->table->lanes, &d->last));
  d->work = (size_t)layout(d).end * sizeof(fh_real);
  return FH_OK;
}

void fh_dft_gemm_free(fh_dft *d)
{
  for (int a = 0; a < 2; a++) {
    fh_free(d->lead[a].analyse);
    fh_free(d->lead[a].synthesise);
  }
  fh_free(d->last.cosine);
  fh_free(d->last.sine);
  fh_free(d->last.both);
  fh_free(d->last.synthesise);
}

/* rows of the last axis to rows of columns (re, im at t->im) */
static void analyse_last(const fh_dft *d, const places *w, ptrdiff_t rows, const fh_real *x,
                         ptrdiff_t ldx, fh_real *q, fh_real *work)
{
  const fh_dft_last *t = &d->last;
  const ptrdiff_t n = d->spec.n[d->spec.dim - 1];
  if (!t->fold) {
    d->table->product(rows, n, t->columns, x, ldx, t->both, t->columns, q, t->columns);
    return;
  }
  fh_real *even = work + w->even, *odd = work + w->odd;
  d->table->fold(rows, n, x, ldx, even, odd, t->half_ld);
  d->table->product(rows, t->half, t->im, even, t->half_ld, t->cosine, t->im, q, t->columns);
  d->table->product(rows, t->half, t->im, odd, t->half_ld, t->sine, t->im, q + t->im, t->columns);
}

static void analyse_slab(const fh_dft *d, const places *w, const fh_real *x, fh_real *q,
                         fh_real *work)
{
  const int a = d->spec.dim - 2;
  const ptrdiff_t n = d->spec.n[a + 1];
  const fh_dft_lead *l = &d->lead[a];
  d->table->analyse(d->spec.n[a], l->nf, n, l->analyse, x, n, work + w->sums, d->last.padded_n);
  analyse_last(d, w, w->rows, work + w->sums, d->last.padded_n, q, work);
}

static void analyse_1d(const fh_dft *d, const places *w, ptrdiff_t fields, const fh_real *x,
                       fh_real *modes, fh_real *work)
{
  const fh_dft_last *t = &d->last;
  const ptrdiff_t n = d->spec.n[0];
  for (ptrdiff_t f = 0; f < fields; f += LINES) {
    const ptrdiff_t rows = fields - f < LINES ? fields - f : LINES;
    fh_real *q = work + w->slab;
    analyse_last(d, w, rows, x + f * n, n, q, work);
    for (ptrdiff_t r = 0; r < rows; r++) {
      fh_real *z = modes + 2 * (f + r) * t->nk;
      for (ptrdiff_t k = 0; k < t->nk; k++) {
        z[2 * k] = q[r * t->columns + k];
        z[2 * k + 1] = q[r * t->columns + t->im + k];
      }
    }
  }
}

static void analyse_3d(const fh_dft *d, const places *w, const fh_real *x, fh_real *modes,
                       fh_real *work)
{
  const fh_dft_spec *s = &d->spec;
  const fh_dft_last *t = &d->last;
  const fh_dft_lead *l = &d->lead[0];
  const ptrdiff_t slab = w->rows * t->columns, modes_1 = s->count[1] * t->nk;
  for (ptrdiff_t i = 0; i < s->n[0]; i++)
    analyse_slab(d, w, x + i * s->n[1] * s->n[2], work + w->slabs + i * slab, work);
  d->table->analyse(s->n[0], l->nf, slab, l->analyse, work + w->slabs, slab, work + w->outer, slab);
  for (ptrdiff_t r = 0; r < 2 * l->nf; r++)
    d->table->combine(s->first[1], s->count[1], t->nk, t->im, work + w->outer + r * slab,
                      t->columns, work + w->mixed + 2 * r * modes_1);
  d->table->combine_complex(s->first[0], s->count[0], modes_1, work + w->mixed, modes);
}

void fh_dft_gemm_analyse(const fh_dft *d, ptrdiff_t fields, const fh_real *x, fh_real *modes,
                         fh_real *work)
{
  const fh_dft_spec *s = &d->spec;
  const places w = layout(d);
  if (s->dim == 1) {
    analyse_1d(d, &w, fields, x, modes, work);
    return;
  }
  for (ptrdiff_t f = 0; f < fields; f++) {
    const fh_real *xf = x + f * d->points;
    fh_real *zf = modes + 2 * f * d->modes;
    if (s->dim == 3) {
      analyse_3d(d, &w, xf, zf, work);
      continue;
    }
    analyse_slab(d, &w, xf, work + w.slab, work);
    d->table->combine(s->first[0], s->count[0], d->last.nk, d->last.im, work + w.slab,
                      d->last.columns, zf);
  }
}

/* ---- the transposes, in the opposite order ------------------------------------------------------ */

/* rows of columns (re, im at nk) to rows of the last axis */
static void synthesise_last(const fh_dft *d, const places *w, ptrdiff_t rows, const fh_real *q,
                            fh_real *x, ptrdiff_t ldx, fh_real *work)
{
  const fh_dft_last *t = &d->last;
  const ptrdiff_t ld = t->spectrum_ld;
  if (!t->unfold) {
    d->table->product(rows, 2 * t->nk, t->padded_n, q, ld, t->synthesise, t->padded_n, x, ldx);
    return;
  }
  fh_real *even = work + w->even, *odd = work + w->odd;
  d->table->product(rows, t->nk, t->half_ld, q, ld, t->synthesise, t->half_ld, even, t->half_ld);
  d->table->product(rows, t->nk, t->half_ld, q + t->nk, ld, t->synthesise + t->nk * t->half_ld,
                    t->half_ld, odd, t->half_ld);
  d->table->unfold(rows, d->spec.n[d->spec.dim - 1], even, odd, t->half_ld, x, ldx);
}

static void synthesise_slab(const fh_dft *d, const places *w, const fh_real *q, fh_real *x,
                            fh_real *work)
{
  const ptrdiff_t ld = d->last.padded_n;
  const int a = d->spec.dim - 2;
  const ptrdiff_t n = d->spec.n[a + 1];
  const fh_dft_lead *l = &d->lead[a];
  synthesise_last(d, w, w->rows, q, work + w->sums, ld, work);
  d->table->synthesise(d->spec.n[a], l->nf, n, l->synthesise, work + w->sums, ld, x, n);
}

static void synthesise_1d(const fh_dft *d, const places *w, ptrdiff_t fields, const fh_real *modes,
                          fh_real *x, fh_real *work)
{
  const fh_dft_last *t = &d->last;
  const ptrdiff_t n = d->spec.n[0], ld = t->spectrum_ld;
  for (ptrdiff_t f = 0; f < fields; f += LINES) {
    const ptrdiff_t rows = fields - f < LINES ? fields - f : LINES;
    fh_real *q = work + w->slab, *y = work + w->sums;
    for (ptrdiff_t r = 0; r < rows; r++)
      for (ptrdiff_t k = 0; k < t->nk; k++) {
        q[r * ld + k] = modes[2 * ((f + r) * t->nk + k)];
        q[r * ld + t->nk + k] = modes[2 * ((f + r) * t->nk + k) + 1];
      }
    if (t->unfold || n == t->padded_n) {
      synthesise_last(d, w, rows, q, x + f * n, n, work);
      continue;
    }
    synthesise_last(d, w, rows, q, y, t->padded_n, work);
    for (ptrdiff_t r = 0; r < rows; r++)
      memcpy(x + (f + r) * n, y + r * t->padded_n, (size_t)n * sizeof(fh_real));
  }
}

static void synthesise_3d(const fh_dft *d, const places *w, const fh_real *modes, fh_real *x,
                          fh_real *work)
{
  const fh_dft_spec *s = &d->spec;
  const fh_dft_last *t = &d->last;
  const fh_dft_lead *l = &d->lead[0];
  const ptrdiff_t slab = w->rows * t->spectrum_ld, modes_1 = s->count[1] * t->nk;
  d->table->separate_complex(s->first[0], s->count[0], l->nf, modes_1, modes, work + w->mixed);
  for (ptrdiff_t r = 0; r < 2 * l->nf; r++)
    d->table->separate(s->first[1], s->count[1], d->lead[1].nf, t->nk, t->nk,
                       work + w->mixed + 2 * r * modes_1, work + w->outer + r * slab,
                       t->spectrum_ld);
  d->table->synthesise(s->n[0], l->nf, slab, l->synthesise, work + w->outer, slab, work + w->slabs,
                       slab);
  for (ptrdiff_t i = 0; i < s->n[0]; i++)
    synthesise_slab(d, w, work + w->slabs + i * slab, x + i * s->n[1] * s->n[2], work);
}

void fh_dft_gemm_synthesise(const fh_dft *d, ptrdiff_t fields, const fh_real *modes, fh_real *x,
                            fh_real *work)
{
  const fh_dft_spec *s = &d->spec;
  const places w = layout(d);
  if (s->dim == 1) {
    synthesise_1d(d, &w, fields, modes, x, work);
    return;
  }
  for (ptrdiff_t f = 0; f < fields; f++) {
    fh_real *xf = x + f * d->points;
    const fh_real *zf = modes + 2 * f * d->modes;
    if (s->dim == 3) {
      synthesise_3d(d, &w, zf, xf, work);
      continue;
    }
    d->table->separate(s->first[0], s->count[0], d->lead[0].nf, d->last.nk, d->last.nk, zf,
                       work + w.slab, d->last.spectrum_ld);
    synthesise_slab(d, &w, work + w.slab, xf, work);
  }
}
