/* winograd_phases - shapes, tables and packed weights; see winograd_phases.h */
#include "kernels/winograd_phases.h"

#include <string.h>

#include "base/memory.h"

enum { POINTS = FH_WINOGRAD_POINTS };

static ptrdiff_t ceiling(ptrdiff_t a, ptrdiff_t b)
{
  return (a + b - 1) / b;
}

/* an odd number of cache lines, so that the places do not share the same ones of the cache */
static ptrdiff_t odd_lines(ptrdiff_t n)
{
  const ptrdiff_t line = FH_ALIGNMENT / (ptrdiff_t)sizeof(fh_real);
  return (ceiling(n, line) | 1) * line;
}

/* tiles that cover the coarse grid and the phases of the fine one */
static ptrdiff_t tiles_of(const fh_winograd_phases_shape *h, int a)
{
  const ptrdiff_t of_phase = ceiling(h->n[a], 2);
  return ceiling(of_phase > h->m[a] ? of_phase : h->m[a], 4);
}

bool fh_winograd_phases_can(const fh_winograd_phases_shape *h)
{
  if (!fh_winograd_kernels_get()->wide) return false;
  for (int a = 0; a < 2; a++) {
    if (h->kernel[a] < 3 || h->kernel[a] > 4 || h->pad[a] < 0 || h->pad[a] > 2) return false;
    if (h->wraps[a] && h->n[a] != 2 * h->m[a]) return false;
  }
  return true;
}

/* pairs of a place and a phase whose products are not zero */
static ptrdiff_t products_of(const fh_winograd_phases_shape *h)
{
  return (h->kernel[0] == 4 ? 10 : 9) * (h->kernel[1] == 4 ? 10 : 9);
}

bool fh_winograd_phases_pays(const fh_winograd_phases_shape *h, ptrdiff_t in, ptrdiff_t out)
{
  if (sizeof(fh_real) > sizeof(float)) return false;
  const ptrdiff_t lanes = fh_winograd_kernels_get()->lanes, across = tiles_of(h, 1);
  if (4 * across < 3 * ceiling(across, lanes) * lanes) return false;
  const double groups = (double)(tiles_of(h, 0) * ceiling(across, lanes));
  const double pairs = (double)(in * out), products = (double)products_of(h);
  /* instructions, as in fh_winograd_pays; a fine channel has four phases, and transforms wait less than products */
  const double here =
      groups * (products * pairs + 700 * (double)in + 250 * (double)out) + products * pairs;
  const double direct =
      (double)(h->kernel[0] * h->kernel[1]) * pairs * (double)(h->m[0] * ceiling(h->m[1], lanes));
  return here < 0.92 * direct;
}

/* ---- windows --------------------------------------------------------------------------------------- */

/* entry of the kernel at place b of the three of parity e, -1: none */
static ptrdiff_t entry(const fh_winograd_phases_shape *h, int a, int e, int b, bool gather)
{
  const ptrdiff_t tap = 2 * ((gather ? b : 2 - b) - 1) + e + h->pad[a];
  return tap >= 0 && tap < h->kernel[a] ? tap : -1;
}

/* the transform of an entry vanishes at infinity, at both ends, at 0 */
static const unsigned support_of[3] = {FH_SUPPORT_FIRST, FH_SUPPORT_MIDDLE, FH_SUPPORT_LAST};

static void set_taps(const fh_winograd_phases_shape *h, bool gather, fh_winograd_window *w)
{
  for (int a = 0; a < 2; a++)
    for (int e = 0; e < 2; e++) {
      w->support[a][e] = 0;
      for (int b = 0; b < 3; b++)
        if (entry(h, a, e, b, gather) >= 0) w->support[a][e] |= support_of[b];
    }
  for (int f = 0; f < 4; f++)
    for (int b = 0; b < 9; b++) {
      const ptrdiff_t i = entry(h, 0, f / 2, b / 3, gather), j = entry(h, 1, f % 2, b % 3, gather);
      w->tap[f][b] = i < 0 || j < 0 ? -1 : (int)(i * h->kernel[1] + j);
    }
}

static void set_window(const fh_winograd_phases_shape *h, bool gather, ptrdiff_t of_phase,
                       fh_winograd_window *w)
{
  ptrdiff_t next = 0;
  set_taps(h, gather, w);
  w->size = 0;
  for (int xi = 0; xi < POINTS; xi++) {
    w->first[xi] = next;
    for (int f = 0; f < 4; f++) {
      const bool there =
          (w->support[0][f / 2] >> (xi / 6) & 1) && (w->support[1][f % 2] >> (xi % 6) & 1);
      w->slot[f][xi] = there ? next : -1;
      w->field[f][xi] = there ? w->size + (next - w->first[xi]) * of_phase : -1;
      next += there;
    }
    w->size += odd_lines((next - w->first[xi]) * of_phase);
  }
  w->first[POINTS] = next;
}

/* index of the point i of a grid of n, -1: nothing is there */
static ptrdiff_t point(ptrdiff_t i, ptrdiff_t n, bool wraps)
{
  if (i >= 0 && i < n) return i;
  return wraps ? (i % n + n) % n : -1;
}

static fh_status set_sources(fh_winograd_phases *p, const fh_winograd_phases_shape *h)
{
  for (int a = 0; a < 2; a++) {
    const ptrdiff_t tiles = p->tiles[a];
    FH_NEW(p->fine[a], 8 * tiles + 4);
    FH_NEW(p->coarse[a], 4 * tiles + 2);
    for (ptrdiff_t i = 0; i < 8 * tiles + 4; i++)
      p->fine[a][i] = point(i - 2, h->n[a], h->wraps[a]);
    for (ptrdiff_t i = 0; i < 4 * tiles + 2; i++)
      p->coarse[a][i] = point(i - 1, h->m[a], h->wraps[a]);
  }
  return FH_OK;
}

fh_status fh_winograd_phases_create(const fh_winograd_phases_shape *h, ptrdiff_t in, ptrdiff_t out,
                                    fh_winograd_phases **phases)
{
  fh_winograd_phases *p = NULL;
  *phases = NULL;
  FH_NEW(p, 1);
  p->k = fh_winograd_kernels_get();
  p->in = in;
  p->out = out;
  p->taps = h->kernel[0] * h->kernel[1];
  for (int a = 0; a < 2; a++) {
    p->n[a] = h->n[a];
    p->m[a] = h->m[a];
    p->tiles[a] = tiles_of(h, a);
  }
  const ptrdiff_t tiles = p->k->nr * p->k->lanes;
  set_window(h, true, in * tiles, &p->gather);
  set_window(h, false, in * tiles, &p->scatter);
  p->pitch = odd_lines(out * tiles);
  const fh_status st = set_sources(p, h);
  if (st != FH_OK) fh_winograd_phases_destroy(&p);
  *phases = p;
  return st;
}

void fh_winograd_phases_destroy(fh_winograd_phases **phases)
{
  fh_winograd_phases *p = *phases;
  if (!p) return;
  for (int a = 0; a < 2; a++) {
    fh_free(p->fine[a]);
    fh_free(p->coarse[a]);
  }
  fh_free(p);
  *phases = NULL;
}

/* ---- weights --------------------------------------------------------------------------------------- */

ptrdiff_t fh_winograd_phases_packed(const fh_winograd_phases *p)
{
  return p->gather.first[POINTS] * p->in * p->out;
}

/* at each place: gather has rows of results for each phase and channel, scatter rows of phases and channels
 * for each coarse channel */
void fh_winograd_phases_pack(const fh_winograd_phases *p, bool gather, fh_real sign,
                             const fh_real *w, fh_real *packed)
{
  const fh_winograd_window *v = gather ? &p->gather : &p->scatter;
  for (int f = 0; f < 4; f++)
    for (ptrdiff_t r = 0; r < (gather ? p->in : p->out); r++) {
      ptrdiff_t at[POINTS];
      for (int xi = 0; xi < POINTS; xi++) {
        const ptrdiff_t before = v->first[xi], count = v->first[xi + 1] - before;
        const ptrdiff_t slot = v->slot[f][xi];
        at[xi] = slot < 0 ? -1
                 : gather ? (slot * p->in + r) * p->out
                          : before * p->in * p->out + r * count * p->in + (slot - before) * p->in;
      }
      if (gather)
        p->k->weights(p->out, w + r * p->taps, p->in * p->taps, v->tap[f], sign, at, packed);
      else
        p->k->weights(p->in, w + r * p->in * p->taps, p->taps, v->tap[f], sign, at, packed);
    }
}
