/* Complex products without splitting re and im: with w's real parts doubled (wr, wr) and its imaginary
 * parts (wi, wi), x w = x (wr, wr) + (-, +) swap(x (wi, wi)); the swap waits until the sum is done. */
#include "kernels/mixing.h"
#include "kernels/isa/pairs.h"

/* NK vectors of modes fill a line of the cache */
#if FH_VECTOR_BYTES == 64
enum { NS = 4, NQ = 2, NK = 1, NI = 2, NO = 4 };
#else
enum { NS = 2, NQ = 2, NK = 2, NI = 1, NO = 2 };
#endif
enum { NS_MAX = 4, NQ_MAX = 4, SHORT = 4, AHEAD = 4 };
enum { LARGE = 8 << 20, ROOM = 512 << 10 }; /* bytes */

/* Reals of a row of modes that are worked on at once: as many as leave the spectra, per_mode reals of them, in the
 * second cache. */
static ptrdiff_t strip_of(ptrdiff_t per_mode, ptrdiff_t least)
{
  const ptrdiff_t vectors = ROOM / (ptrdiff_t)sizeof(fh_real) / per_mode / FH_LANES;
  return (vectors > least ? vectors : least) * FH_LANES;
}

/* one of the three products: y[s][q] = sum over r of x[s][r] w(r, q) */
typedef struct {
  ptrdiff_t samples, nr, nq, row; /* row: reals of the modes of a channel */
  ptrdiff_t wr, wq;               /* distances in w */
  bool conjugate;
  ptrdiff_t ahead; /* the weight that will be wanted, from the one that is */
} mixing;

/* ns samples, nq outputs, nk vectors of modes */
FH_INLINE void block(const int ns, const int nq, const int nk, const mixing *z, fh_vec sign,
                     const fh_real *x, const fh_real *w, fh_real *y)
{
  fh_vec re[NS_MAX][NQ_MAX], im[NS_MAX][NQ_MAX]; /* [sample][output and vector] */
  FH_UNROLL
  for (int s = 0; s < ns; s++) {
    FH_UNROLL
    for (int q = 0; q < nq * nk; q++) re[s][q] = im[s][q] = fh_all(0);
  }
  const ptrdiff_t sample = z->nr * z->row;
  for (ptrdiff_t r = 0; r < z->nr; r++) {
    fh_vec wr[NQ_MAX], wi[NQ_MAX];
    FH_UNROLL
    for (int q = 0; q < nq; q++) {
      __builtin_prefetch(w + q * z->wq + z->ahead);
      FH_UNROLL
      for (int k = 0; k < nk; k++) {
        const fh_vec v = fh_load(w + q * z->wq + k * FH_LANES);
        wr[q * nk + k] = fh_real_parts(v);
        wi[q * nk + k] = fh_imag_parts(v);
      }
    }
    FH_UNROLL
    for (int s = 0; s < ns; s++) {
      FH_UNROLL
      for (int k = 0; k < nk; k++) {
        const fh_vec v = fh_load(x + s * sample + k * FH_LANES);
        FH_UNROLL
        for (int q = 0; q < nq; q++) {
          re[s][q * nk + k] += v * wr[q * nk + k];
          im[s][q * nk + k] += v * wi[q * nk + k];
        }
      }
    }
    w += z->wr;
    x += z->row;
  }
  FH_UNROLL
  for (int s = 0; s < ns; s++) {
    FH_UNROLL
    for (int q = 0; q < nq; q++) {
      FH_UNROLL
      for (int k = 0; k < nk; k++)
        fh_store(y + (s * z->nq + q) * z->row + k * FH_LANES,
                 re[s][q * nk + k] + sign * fh_swapped(im[s][q * nk + k]));
    }
  }
}

/* all samples at one vector of modes and nq outputs */
FH_INLINE void column(const int nq, const mixing *z, fh_vec sign, const fh_real *x,
                      const fh_real *w, fh_real *y)
{
  ptrdiff_t s = 0;
  const ptrdiff_t sx = z->nr * z->row, sy = z->nq * z->row;
  for (; s + NS <= z->samples; s += NS) block(NS, nq, 1, z, sign, x + s * sx, w, y + s * sy);
  if (NS > 2 && z->samples - s == 3) {
    block(3, nq, 1, z, sign, x + s * sx, w, y + s * sy);
    return;
  }
  for (; s + 2 <= z->samples; s += 2) block(2, nq, 1, z, sign, x + s * sx, w, y + s * sy);
  for (; s < z->samples; s++) block(1, nq, 1, z, sign, x + s * sx, w, y + s * sy);
}

/* fewer modes than a vector holds */
static void mix_narrow(const mixing *z, const fh_real *x, const fh_real *w, fh_real *y)
{
  const fh_real sign = z->conjugate ? -1 : 1;
  for (ptrdiff_t s = 0; s < z->samples; s++)
    for (ptrdiff_t q = 0; q < z->nq; q++)
      for (ptrdiff_t k = 0; k < z->row; k += 2) {
        fh_real re = 0, im = 0;
        for (ptrdiff_t r = 0; r < z->nr; r++) {
          const fh_real *a = x + (s * z->nr + r) * z->row + k, *b = w + r * z->wr + q * z->wq + k;
          re += a[0] * b[0] - sign * a[1] * b[1];
          im += a[1] * b[0] + sign * a[0] * b[1];
        }
        y[(s * z->nq + q) * z->row + k] = re;
        y[(s * z->nq + q) * z->row + k + 1] = im;
      }
}

/* nq outputs at the modes k0 to k1. One sample reads a line of weights once and then no more: all of it at once, since
 * the rows of other inputs can be multiples of a page away, where few of their lines stay. The last vector of a
 * row may overlap the one before it: its modes are then computed twice, to the same bits. */
FH_INLINE void run(const int nq, const mixing *z, fh_vec sign, ptrdiff_t k0, ptrdiff_t k1,
                   const fh_real *x, const fh_real *w, fh_real *y)
{
  ptrdiff_t k = k0;
  if (NK > 1 && z->samples == 1)
    for (; k + NK * FH_LANES <= k1; k += NK * FH_LANES)
      block(1, nq, NK, z, sign, x + k, w + k, y + k);
  for (; k < k1; k += FH_LANES) {
    const ptrdiff_t at = k + FH_LANES <= z->row ? k : z->row - FH_LANES;
    column(nq, z, sign, x + at, w + at, y + at);
  }
}

/* Weights that come from the last cache or from nearer are taken in short runs, so that the spectra stay in
 * the first one; larger ones come from memory, which wants long runs. */
static void mix(mixing *z, const fh_real *x, const fh_real *w, fh_real *y)
{
  if (z->row < FH_LANES) {
    mix_narrow(z, x, w, y);
    return;
  }
  const fh_vec sign = z->conjugate ? fh_alternating(1, -1) : fh_alternating(-1, 1);
  const bool large = z->nr * z->nq * z->row * (ptrdiff_t)sizeof *w > LARGE;
  const ptrdiff_t strip = large ? strip_of(z->samples * (z->nr + z->nq), SHORT) : SHORT * FH_LANES;
  z->ahead = strip > SHORT * FH_LANES ? AHEAD * FH_LANES : NQ * z->wq;
  for (ptrdiff_t k0 = 0; k0 < z->row; k0 += strip) {
    const ptrdiff_t k1 = k0 + strip < z->row ? k0 + strip : z->row;
    ptrdiff_t q = 0;
    for (; q + NQ <= z->nq; q += NQ) run(NQ, z, sign, k0, k1, x, w + q * z->wq, y + q * z->row);
    for (; q < z->nq; q++) run(1, z, sign, k0, k1, x, w + q * z->wq, y + q * z->row);
  }
}

static void forward(const fh_mix_size *n, const fh_real *w, const fh_real *x, fh_real *y)
{
  const ptrdiff_t row = 2 * n->modes;
  mixing z = {n->samples, n->in, n->out, row, n->out * row, row, false, 0};
  mix(&z, x, w, y);
}

static void backward(const fh_mix_size *n, const fh_real *w, const fh_real *dy, fh_real *dx)
{
  const ptrdiff_t row = 2 * n->modes;
  mixing z = {n->samples, n->out, n->in, row, row, n->out * row, true, 0};
  mix(&z, dy, w, dx);
}

/* ---- dw += conj(x) dy ---------------------------------------------------------------------------- */

typedef struct {
  ptrdiff_t samples, in, out, row;
} outer;

/* ni x no entries at one vector of modes; what mask switches off is not added */
FH_INLINE void outer_block(const int ni, const int no, const outer *z, fh_vec mask,
                           const fh_real *x, const fh_real *g, fh_real *dw)
{
  fh_vec re[NI][NO], im[NI][NO];
  FH_UNROLL
  for (int i = 0; i < ni; i++) {
    FH_UNROLL
    for (int o = 0; o < no; o++) {
      re[i][o] = im[i][o] = fh_all(0);
      /* the entries of the next block: too far away for the processor to guess */
      __builtin_prefetch(dw + (i * z->out + o + no) * z->row, 1);
    }
  }
  for (ptrdiff_t s = 0; s < z->samples; s++) {
    fh_vec gv[NO];
    FH_UNROLL
    for (int o = 0; o < no; o++) gv[o] = fh_load(g + (s * z->out + o) * z->row);
    FH_UNROLL
    for (int i = 0; i < ni; i++) {
      const fh_vec v = fh_load(x + (s * z->in + i) * z->row);
      const fh_vec xr = fh_real_parts(v), xi = fh_imag_parts(v);
      FH_UNROLL
      for (int o = 0; o < no; o++) {
        re[i][o] += gv[o] * xr;
        im[i][o] += gv[o] * xi;
      }
    }
  }
  const fh_vec sign = fh_alternating(1, -1) * mask;
  FH_UNROLL
  for (int i = 0; i < ni; i++) {
    FH_UNROLL
    for (int o = 0; o < no; o++) {
      fh_real *at = dw + (i * z->out + o) * z->row;
      fh_store(at, fh_load(at) + mask * re[i][o] + sign * fh_swapped(im[i][o]));
    }
  }
}

/* ni x no entries at the modes from k0 to k1 */
FH_INLINE void outer_run(const int ni, const int no, const outer *z, ptrdiff_t k0, ptrdiff_t k1,
                         const fh_real *x, const fh_real *g, fh_real *dw)
{
  ptrdiff_t k = k0;
  for (; k + FH_LANES <= k1; k += FH_LANES) outer_block(ni, no, z, fh_all(1), x + k, g + k, dw + k);
  if (k == k1) return;
  fh_vec mask = fh_all(1);
  const ptrdiff_t at = k1 - FH_LANES;
  for (ptrdiff_t i = 0; i < k - at; i++) mask[i] = 0;
  outer_block(ni, no, z, mask, x + at, g + at, dw + at);
}

static void outer_strip(const outer *z, ptrdiff_t k0, ptrdiff_t k1, const fh_real *x,
                        const fh_real *g, fh_real *dw)
{
  for (ptrdiff_t i = 0; i < z->in; i += i + NI <= z->in ? NI : 1)
    for (ptrdiff_t o = 0; o < z->out; o += o + NO <= z->out ? NO : 1) {
      const fh_real *xi = x + i * z->row, *go = g + o * z->row;
      fh_real *at = dw + (i * z->out + o) * z->row;
      if (i + NI <= z->in && o + NO <= z->out)
        outer_run(NI, NO, z, k0, k1, xi, go, at);
      else if (o + NO <= z->out)
        outer_run(1, NO, z, k0, k1, xi, go, at);
      else if (i + NI <= z->in)
        outer_run(NI, 1, z, k0, k1, xi, go, at);
      else
        outer_run(1, 1, z, k0, k1, xi, go, at);
    }
}

static void outer_narrow(const outer *z, const fh_real *x, const fh_real *g, fh_real *dw)
{
  for (ptrdiff_t i = 0; i < z->in; i++)
    for (ptrdiff_t o = 0; o < z->out; o++)
      for (ptrdiff_t k = 0; k < z->row; k += 2) {
        fh_real re = 0, im = 0;
        for (ptrdiff_t s = 0; s < z->samples; s++) {
          const fh_real *a = x + (s * z->in + i) * z->row + k;
          const fh_real *b = g + (s * z->out + o) * z->row + k;
          re += a[0] * b[0] + a[1] * b[1];
          im += a[0] * b[1] - a[1] * b[0];
        }
        dw[(i * z->out + o) * z->row + k] += re;
        dw[(i * z->out + o) * z->row + k + 1] += im;
      }
}

static void gradient(const fh_mix_size *n, const fh_real *x, const fh_real *dy, fh_real *dw)
{
  const outer z = {n->samples, n->in, n->out, 2 * n->modes};
  if (z.row < FH_LANES) {
    outer_narrow(&z, x, dy, dw);
    return;
  }
  const ptrdiff_t strip = strip_of(z.samples * (z.in + z.out), 1);
  for (ptrdiff_t k = 0; k < z.row; k += strip)
    outer_strip(&z, k, k + strip < z.row ? k + strip : z.row, x, dy, dw);
}

/* ---- one weight a channel ----------------------------------------------------------------------- */

static void each(const fh_mix_size *n, fh_real sign, const fh_real *w, const fh_real *x, fh_real *y)
{
  const ptrdiff_t row = 2 * n->modes * n->in;
  for (ptrdiff_t s = 0; s < n->samples; s++) {
    const fh_real *a = x + s * row;
    fh_real *restrict z = y + s * row;
    for (ptrdiff_t k = 0; k < row; k += 2) {
      z[k] = a[k] * w[k] - sign * a[k + 1] * w[k + 1];
      z[k + 1] = a[k + 1] * w[k] + sign * a[k] * w[k + 1];
    }
  }
}

static void each_forward(const fh_mix_size *n, const fh_real *w, const fh_real *x, fh_real *y)
{
  each(n, 1, w, x, y);
}

static void each_backward(const fh_mix_size *n, const fh_real *w, const fh_real *dy, fh_real *dx)
{
  each(n, -1, w, dy, dx);
}

static void each_gradient(const fh_mix_size *n, const fh_real *x, const fh_real *dy, fh_real *dw)
{
  const ptrdiff_t row = 2 * n->modes * n->in;
  for (ptrdiff_t s = 0; s < n->samples; s++) {
    const fh_real *a = x + s * row, *g = dy + s * row;
    fh_real *restrict z = dw;
    for (ptrdiff_t k = 0; k < row; k += 2) {
      z[k] += a[k] * g[k] + a[k + 1] * g[k + 1];
      z[k + 1] += a[k] * g[k + 1] - a[k + 1] * g[k];
    }
  }
}

extern const fh_mix_table FH_ISA(fh_mix_table);
const fh_mix_table FH_ISA(fh_mix_table) = {
    forward, backward, gradient, each_forward, each_backward, each_gradient,
};
