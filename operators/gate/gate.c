/* gate - see README.md */
#include "operators/gate/gate.h"

#include <string.h>

#include "kernels/pointwise_tile.h"

typedef struct {
  ptrdiff_t channels;
  const fh_pointwise *k;
} gate;

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  const gate *g = op->data;
  FH_CHECK(in[0].channels == g->channels, FH_ERR_SHAPE,
           "gate: input has %td channels, the gate has %td", in[0].channels, g->channels);
  out[0] = in[0];
  need->bwd_reads_in = 1;
  fh_carve c = {0};
  fh_carve_reals(&c, g->channels * g->k->lanes);
  fh_carve_reals(&c, 2 * FH_TILE);
  need->work = c.used;
  return FH_OK;
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const gate *g = op->data;
  const ptrdiff_t p = fh_shape_points(&op->in[0]);
  for (ptrdiff_t i = 0; i < io->batch; i++) {
    const ptrdiff_t at = i * g->channels * p;
    g->k->scale_rows(g->channels, p, io->param[0], io->in[0] + at, p, io->out[0] + at, p);
  }
  return FH_OK;
}

/* sum[lane] += <x, dy> over a channel, the ragged end through zero-filled copies */
static void dot(const gate *g, ptrdiff_t p, const fh_real *x, const fh_real *dy, fh_real *ends,
                fh_real *sum)
{
  const ptrdiff_t whole = p - p % g->k->lanes, rest = p - whole;
  g->k->row_dots(1, whole, x, p, dy, p, sum);
  if (!rest) return;
  fh_tile_load(1, rest, x + whole, p, ends);
  fh_tile_load(1, rest, dy + whole, p, ends + FH_TILE);
  g->k->row_dots(1, rest, ends, FH_TILE, ends + FH_TILE, FH_TILE, sum);
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const gate *g = op->data;
  const ptrdiff_t p = fh_shape_points(&op->in[0]), lanes = g->k->lanes;
  fh_carve c = {.base = io->work};
  fh_real *sum = fh_carve_reals(&c, g->channels * lanes), *ends = fh_carve_reals(&c, 2 * FH_TILE);
  memset(sum, 0, (size_t)(g->channels * lanes) * sizeof *sum);
  for (ptrdiff_t r = 0; r < io->batch * g->channels; r++) {
    const ptrdiff_t ch = r % g->channels;
    dot(g, p, io->in[0] + r * p, io->dout[0] + r * p, ends, sum + ch * lanes);
    if (io->din[0])
      g->k->scale_rows(1, p, io->param[0] + ch, io->dout[0] + r * p, p, io->din[0] + r * p, p);
  }
  g->k->fold(g->channels, sum, io->dparam[0]);
  return FH_OK;
}

static fh_cost cost(const fh_op *op)
{
  const double n = (double)fh_shape_sample(&op->in[0]);
  return (fh_cost){.flops = n, .bytes = 2 * n * sizeof(fh_real)};
}

fh_status fh_gate_create(ptrdiff_t channels, fh_op **op)
{
  *op = NULL;
  FH_CHECK(channels >= 1, FH_ERR_ARG, "gate: %td channels; at least one is needed", channels);
  fh_op *o = NULL;
  FH_TRY(fh_op_new(&fh_gate_class, 1, 1, sizeof(gate), &o));
  *(gate *)o->data = (gate){channels, fh_pointwise_get()};
  const ptrdiff_t n[2] = {1, channels};
  const fh_status st = fh_op_param(o, "weight", 2, n, false, FH_INIT_ONE, 0);
  if (st != FH_OK) fh_op_destroy(&o);
  *op = o;
  return st;
}

static fh_status example(int i, fh_op **op, fh_shape *in)
{
  static const ptrdiff_t channels[] = {1, 3, 2, 5}, n[3] = {5, 7, 3};
  *op = NULL;
  if (i >= 4) return FH_OK;
  FH_TRY(fh_example_shape(2, channels[i], i % 3 + 1, n, &in[0]));
  return fh_gate_create(channels[i], op);
}

const fh_op_class fh_gate_class = {.name = "gate",
                                   .setup = setup,
                                   .forward = forward,
                                   .backward = backward,
                                   .cost = cost,
                                   .example = example,
                                   .linear = true};
