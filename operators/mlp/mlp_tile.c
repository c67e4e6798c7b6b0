/* mlp_tile - one tile of points through the join and both layers, and back */
#include <string.h>

#include "operators/mlp/mlp_impl.h"

size_t fh_mlp_bench_of(const mlp *m, bool backward, void *work, fh_mlp_bench *b)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels, lanes = m->k->lanes;
  memset(b, 0, sizeof *b);
  fh_carve v = {.base = work};
  b->wj = fh_carve_reals(&v, c->join ? m->k->packed_size(in, out) : 0);
  b->w0 = fh_carve_reals(&v, m->k->packed_size(hid, in));
  b->w1 = fh_carve_reals(&v, m->k->packed_size(out, hid));
  b->x = fh_carve_reals(&v, in * FH_TILE);
  b->s = fh_carve_reals(&v, c->join || c->skip == FH_MLP_GATE_SKIP ? out * FH_TILE : 0);
  b->h = fh_carve_reals(&v, hid * FH_TILE);
  b->z = fh_carve_reals(&v, out * FH_TILE);
  b->one = fh_carve_reals(&v, FH_TILE);
  if (!backward) return v.used;
  b->tj = fh_carve_reals(&v, c->join ? m->k->packed_size(out, in) : 0);
  b->t0 = fh_carve_reals(&v, m->k->packed_size(in, hid));
  b->t1 = fh_carve_reals(&v, m->k->packed_size(hid, out));
  b->g = fh_carve_reals(&v, hid * FH_TILE);
  const size_t before = v.used;
  b->dwj = fh_carve_reals(&v, c->join ? in * out * lanes : 0);
  b->dw0 = fh_carve_reals(&v, hid * in * lanes);
  b->db0 = fh_carve_reals(&v, hid * lanes);
  b->dw1 = fh_carve_reals(&v, out * hid * lanes);
  b->db1 = fh_carve_reals(&v, out * lanes);
  b->dgate = fh_carve_reals(&v, out * lanes);
  b->sums = v.used - before;
  return v.used;
}

void fh_mlp_bench_fill(const mlp *m, bool backward, const fh_real *wj, const fh_real *w0,
                       const fh_real *w1, const fh_mlp_bench *b)
{
  const ptrdiff_t in = m->config.in_channels, hid = m->config.hidden, out = m->config.out_channels;
  m->k->pack(hid, in, w0, in, 1, b->w0);
  if (!backward) {
    if (wj) m->k->pack(in, out, wj, out, 1, b->wj);
    m->k->pack(out, hid, w1, hid, 1, b->w1);
    for (ptrdiff_t t = 0; t < FH_TILE; t++) b->one[t] = 1;
    return;
  }
  if (wj) m->k->pack(out, in, wj, 1, out, b->tj);
  m->k->pack(in, hid, w0, 1, in, b->t0);
  m->k->pack(hid, out, w1, 1, hid, b->t1);
  memset(b->dwj, 0, b->sums);
}

/* x = join_act(Wj s + u) in its tile, and where backward follows with its slope in memory */
static void join(const mlp *m, const fh_mlp_bench *b, ptrdiff_t n, const fh_mlp_place *at)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = m->points;
  fh_tile_load(out, n, at->s, p, b->s);
  fh_tile_soon(in, at->u, p);
  m->k->apply(in, out, n, b->wj, NULL, at->u, p, NULL, b->s, FH_TILE, NULL, b->x, FH_TILE);
  if (at->x_slope) fh_tile_soon(in, at->x_slope, p);
  for (ptrdiff_t r = 0; r < in; r++) {
    fh_real *x = b->x + r * FH_TILE;
    if (at->x_slope)
      m->k->activate_both(c->join_activation, n, x, b->one, x, at->x_slope + r * p);
    else
      m->k->activate(c->join_activation, n, x, x);
  }
  fh_tile_clear(in, n, b->x);
  if (at->x) fh_tile_store(in, n, b->x, at->x, p);
}

void fh_mlp_forward_tile(const mlp *m, const fh_mlp_bench *b, const fh_real *b0, const fh_real *b1,
                         const fh_real *gate, ptrdiff_t n, const fh_mlp_place *at)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels, p = m->points;
  if (c->join)
    join(m, b, n, at);
  else
    fh_tile_load(in, n, at->u, p, b->x);
  m->k->apply(hid, in, n, b->w0, b0, NULL, 0, NULL, b->x, FH_TILE, NULL, b->h, FH_TILE);
  for (ptrdiff_t r = 0; r < hid; r++)
    m->k->activate(c->activation, n, b->h + r * FH_TILE, b->h + r * FH_TILE);
  const fh_real *s = c->skip == FH_MLP_NO_SKIP ? NULL : c->join ? b->s : at->s;
  const ptrdiff_t lds = c->join ? FH_TILE : p;
  if (s && !c->join) fh_tile_soon(out, s, p);
  const bool plain = c->out_activation == FH_ACT_IDENTITY;
  if (plain) fh_tile_soon(out, at->y, p);
  m->k->apply(out, hid, n, b->w1, b1, s, lds, gate, b->h, FH_TILE, NULL, plain ? at->y : b->z,
              plain ? p : FH_TILE);
  if (!plain) fh_tile_activate(m->k, c->out_activation, out, n, b->z, b->one, at->y, at->slope, p);
}

/* dz = slope dy in a tile, slope = out_act'(z); dg += <dz, s>; without a join ds = dz or g .* dz */
static void backward_end(const mlp *m, const fh_mlp_bench *b, const fh_real *gate, ptrdiff_t n,
                         const fh_mlp_place *at)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t out = c->out_channels, p = m->points;
  if (c->out_activation == FH_ACT_IDENTITY) {
    fh_tile_load(out, n, at->dy, p, b->z);
  } else {
    fh_tile_activate_back(m->k, out, n, at->slope, at->dy, p, b->z);
  }
  /* a tile of s for the join, and where whole vectors would read past the field */
  const bool tile = c->join || (c->skip == FH_MLP_GATE_SKIP && n % m->k->lanes != 0);
  if (tile) fh_tile_load(out, n, at->s, p, b->s);
  if (c->skip == FH_MLP_GATE_SKIP) {
    if (!tile) fh_tile_soon(out, at->s, p);
    m->k->row_dots(out, n, b->z, FH_TILE, tile ? b->s : at->s, tile ? FH_TILE : p, b->dgate);
  }
  if (c->join || !at->ds) return;
  if (c->skip == FH_MLP_ADD_SKIP) {
    fh_tile_store(out, n, b->z, at->ds, p);
  } else {
    fh_tile_soon(out, at->ds, p);
    m->k->scale_rows(out, n, gate, b->z, FH_TILE, at->ds, p);
  }
}

/* Hidden values again, then both layers downwards: dx, rows ld apart. */
static void backward_layers(const mlp *m, const fh_mlp_bench *b, const fh_real *b0, ptrdiff_t n,
                            const fh_real *x, fh_real *dx, ptrdiff_t ld)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, hid = c->hidden, out = c->out_channels;
  const fh_pointwise *k = m->k;
  fh_tile_load(in, n, x, m->points, b->x);
  k->apply(hid, in, n, b->w0, b0, NULL, 0, NULL, b->x, FH_TILE, NULL, b->h, FH_TILE);
  k->apply(hid, out, n, b->t1, NULL, NULL, 0, NULL, b->z, FH_TILE, NULL, b->g, FH_TILE);
  for (ptrdiff_t r = 0; r < hid; r++) {
    fh_real *h = b->h + r * FH_TILE, *g = b->g + r * FH_TILE;
    k->activate_both(c->activation, n, h, g, h, g);
  }
  fh_tile_clear(hid, n, b->h);
  fh_tile_clear(hid, n, b->g);
  k->outer(out, hid, n, b->z, FH_TILE, b->h, FH_TILE, NULL, b->dw1);
  k->row_sums(out, n, b->z, FH_TILE, b->db1);
  k->outer(hid, in, n, b->g, FH_TILE, b->x, FH_TILE, NULL, b->dw0);
  k->row_sums(hid, n, b->g, FH_TILE, b->db0);
  if (!dx) return;
  if (ld != FH_TILE) fh_tile_soon(in, dx, ld);
  k->apply(in, hid, n, b->t0, NULL, NULL, 0, NULL, b->g, FH_TILE, NULL, dx, ld);
}

/* du = join_act' .* dx with dx in x's tile; dWj += du s'; ds = Wj' du + the skip's share of dz */
static void backward_join(const mlp *m, const fh_mlp_bench *b, const fh_real *gate, ptrdiff_t n,
                          const fh_mlp_place *at)
{
  const fh_mlp_config *c = &m->config;
  const ptrdiff_t in = c->in_channels, out = c->out_channels, p = m->points;
  const fh_real *dz = c->skip == FH_MLP_NO_SKIP ? NULL : b->z;
  if (at->x_slope) {
    fh_tile_soon(in, at->x_slope, p);
    for (ptrdiff_t r = 0; r < in; r++)
      m->k->multiply(n, b->x + r * FH_TILE, at->x_slope + r * p, b->x + r * FH_TILE);
  }
  fh_tile_clear(in, n, b->x);
  if (at->du) fh_tile_store(in, n, b->x, at->du, p);
  m->k->outer(in, out, n, b->x, FH_TILE, b->s, FH_TILE, NULL, b->dwj);
  if (!at->ds) return;
  fh_tile_soon(out, at->ds, p);
  m->k->apply(out, in, n, b->tj, NULL, dz, FH_TILE, gate, b->x, FH_TILE, NULL, at->ds, p);
}

void fh_mlp_backward_tile(const mlp *m, const fh_mlp_bench *b, const fh_real *b0,
                          const fh_real *gate, ptrdiff_t n, const fh_mlp_place *at)
{
  const bool joined = m->config.join;
  backward_end(m, b, gate, n, at);
  backward_layers(m, b, b0, n, joined ? at->x : at->u, joined ? b->x : at->du,
                  joined ? FH_TILE : m->points);
  if (joined) backward_join(m, b, gate, n, at);
}
