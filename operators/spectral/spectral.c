#include "operators/spectral/spectral.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/size.h"
#include "kernels/dft.h"
#include "operators/spectral/spectral_impl.h"

typedef struct {
  fh_spectral_config config;
  fh_mix_box box;   /* the modes in use among those stored */
  fh_dft *in, *out; /* transforms on the input's and the output's grid */
  const fh_mix_table *mix;
  ptrdiff_t modes;    /* in use */
  ptrdiff_t weights;  /* matrices in the weight: those of the mixing's channels */
  ptrdiff_t from, to; /* channels of the mixing */
  bool each;          /* the mixing multiplies each channel by itself */
  int weight, bias, in_matrix, out_matrix; /* which parameters they are */
} spectral;

static fh_status transforms(const fh_op *op, const fh_shape *in, const fh_shape *out)
{
  spectral *v = op->data;
  const fh_spectral_config *c = &v->config;
  fh_dft_spec s = {.dim = c->dim, .side = FH_DFT_INPUT, .method = (fh_dft_method)c->method};
  s.isa = fh_isa_best();
  v->mix = fh_mix_table_get(s.isa);
  v->box = fh_spectral_box(c, in->layout.grid.n, out->layout.grid.n);
  for (int a = 0; a < c->dim; a++) {
    s.n[a] = in->layout.grid.n[a];
    s.other[a] = out->layout.grid.n[a];
    s.first[a] = a == c->dim - 1 ? 0 : v->box.first[a] - v->box.stored[a] / 2;
    s.count[a] = v->box.count[a];
  }
  FH_TRY(fh_dft_create(&s, &v->in));
  memcpy(s.other, in->layout.grid.n, sizeof s.other);
  memcpy(s.n, out->layout.grid.n, sizeof s.n);
  s.side = FH_DFT_OUTPUT;
  FH_TRY(fh_dft_create(&s, &v->out));
  v->modes = fh_dft_modes(v->in);
  return FH_OK;
}

/* scratch of a call: spectra of all samples on both sides, the weights in use, the transforms */
typedef struct {
  fh_real *x, *y, *w;
  fh_real *p, *q; /* before and after the mixing, where they are not x and y */
  fh_real *room;  /* one channel matrix */
  void *dft;
  size_t bytes;
} scratch;

static void *carve(char *base, size_t *bytes, size_t need)
{
  char *at = base ? base + *bytes : NULL;
  *bytes += fh_size_aligned(need);
  return at;
}

static size_t spectra_bytes(const spectral *v, ptrdiff_t batch, ptrdiff_t channels)
{
  return (size_t)(2 * batch * channels * v->modes + FH_DFT_SLACK) * sizeof(fh_real);
}

static scratch divide(const spectral *v, ptrdiff_t batch, void *work)
{
  scratch s = {0};
  const size_t in = fh_dft_work(v->in), out = fh_dft_work(v->out);
  s.x = carve(work, &s.bytes, spectra_bytes(v, batch, v->config.in_channels));
  s.y = carve(work, &s.bytes, spectra_bytes(v, batch, v->config.out_channels));
  s.dft = carve(work, &s.bytes, in > out ? in : out);
  s.p = v->config.mid_in ? carve(work, &s.bytes, spectra_bytes(v, batch, v->from)) : s.x;
  s.q = v->config.mid_out ? carve(work, &s.bytes, spectra_bytes(v, batch, v->to)) : s.y;
  s.room = carve(work, &s.bytes,
                 (size_t)(2 * v->config.in_channels * v->config.mid_in) * sizeof(fh_real));
  if (!fh_mix_box_is_whole(&v->box))
    s.w = carve(work, &s.bytes, (size_t)(2 * v->weights * v->modes) * sizeof(fh_real));
  return s;
}

/* what backward needs: spectra of the input, and those on either side of the mixing */
typedef struct {
  fh_real *x, *p, *q;
  size_t bytes;
} kept;

static kept divide_saved(const spectral *v, ptrdiff_t batch, void *saved)
{
  kept k = {0};
  k.x = carve(saved, &k.bytes, spectra_bytes(v, batch, v->config.in_channels));
  k.p = v->config.mid_in ? carve(saved, &k.bytes, spectra_bytes(v, batch, v->from)) : k.x;
  k.q = v->config.mid_out ? carve(saved, &k.bytes, spectra_bytes(v, batch, v->to)) : NULL;
  return k;
}

static fh_status setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  spectral *v = op->data;
  const fh_spectral_config *c = &v->config;
  const fh_grid *grid = &in[0].layout.grid;
  FH_CHECK(in[0].channels == c->in_channels && grid->dim == c->dim, FH_ERR_SHAPE,
           "spectral: input has %td channels on %d axes, the layer takes %td on %d", in[0].channels,
           grid->dim, c->in_channels, c->dim);
  FH_CHECK(fh_layout_is_whole(&in[0].layout), FH_ERR_UNSUPPORTED,
           "spectral: this rank has %td of %td points; the whole grid must be on every rank",
           fh_layout_size(&in[0].layout), fh_grid_size(grid));
  fh_grid finer = *grid;
  for (int a = 0; a < c->dim; a++)
    if (c->out_n[a]) finer.n[a] = c->out_n[a];
  out[0] = (fh_shape){in[0].batch, c->out_channels, fh_layout_whole(&finer)};
  FH_TRY(transforms(op, &in[0], &out[0]));
  need->saved = divide_saved(v, in[0].batch, NULL).bytes;
  need->work = divide(v, in[0].batch, NULL).bytes;
  return FH_OK;
}

static fh_mix_size sizes(const spectral *v, ptrdiff_t batch)
{
  return (fh_mix_size){batch, v->from, v->to, v->modes};
}

/* the weights in use, contiguous */
static const fh_real *weights(const spectral *v, const fh_real *param, fh_real *room)
{
  if (!room) return param;
  fh_mix_gather(&v->box, v->weights, param, room);
  return room;
}

/* A constant in space is frequency zero: the bias is added there. */
static void add_bias(const spectral *v, ptrdiff_t batch, const fh_real *bias, fh_real *spectra)
{
  const ptrdiff_t channels = v->config.out_channels;
  fh_real *at = spectra + 2 * fh_dft_zero(v->out);
  for (ptrdiff_t i = 0; i < batch * channels; i++) at[2 * i * v->modes] += bias[i % channels];
}

/* ... and there stands the sum of dy over space. */
static void add_bias_gradient(const spectral *v, ptrdiff_t batch, const fh_real *spectra,
                              fh_real *dbias)
{
  const ptrdiff_t channels = v->config.out_channels;
  const fh_real *at = spectra + 2 * fh_dft_zero(v->out);
  for (ptrdiff_t i = 0; i < batch * channels; i++) dbias[i % channels] += at[2 * i * v->modes];
}

static fh_channel_size in_size(const spectral *v, ptrdiff_t batch)
{
  return (fh_channel_size){batch, v->config.in_channels, v->from, v->modes};
}

static fh_channel_size out_size(const spectral *v, ptrdiff_t batch)
{
  return (fh_channel_size){batch, v->config.out_channels, v->to, v->modes};
}

static fh_status forward(fh_op *op, const fh_fwd *io)
{
  const spectral *v = op->data;
  const fh_spectral_config *c = &v->config;
  const fh_mix_size n = sizes(v, io->batch);
  scratch s = divide(v, op->in[0].batch, io->work);
  if (io->saved) {
    const kept k = divide_saved(v, op->in[0].batch, io->saved);
    s.x = k.x;
    s.p = k.p;
    if (c->mid_out) s.q = k.q;
  }
  fh_dft_analyse(v->in, io->batch * c->in_channels, io->in[0], s.x, s.dft);
  const fh_channel_size in = in_size(v, io->batch), out = out_size(v, io->batch);
  if (c->mid_in) fh_channel_in(&in, io->param[v->in_matrix], s.x, s.p);
  (v->each ? v->mix->each_forward : v->mix->forward)(&n, weights(v, io->param[v->weight], s.w), s.p,
                                                     s.q);
  if (c->mid_out) fh_channel_out(&out, io->param[v->out_matrix], s.q, s.y);
  if (c->bias) add_bias(v, io->batch, io->param[v->bias], s.y);
  fh_dft_synthesise(v->out, io->batch * c->out_channels, s.y, io->out[0], s.dft);
  return FH_OK;
}

static void weight_gradient(const spectral *v, const fh_mix_size *n, const fh_real *x,
                            const fh_real *dy, fh_real *room, fh_real *dw)
{
  void (*gradient)(const fh_mix_size *, const fh_real *, const fh_real *, fh_real *) =
      v->each ? v->mix->each_gradient : v->mix->gradient;
  if (!room) {
    gradient(n, x, dy, dw);
    return;
  }
  memset(room, 0, (size_t)(2 * v->weights * v->modes) * sizeof *room);
  gradient(n, x, dy, room);
  fh_mix_scatter(&v->box, v->weights, room, dw);
}

static fh_status backward(fh_op *op, const fh_bwd *io)
{
  const spectral *v = op->data;
  const fh_spectral_config *c = &v->config;
  const fh_mix_size n = sizes(v, io->batch);
  const scratch s = divide(v, op->in[0].batch, io->work);
  const kept k = divide_saved(v, op->in[0].batch, io->saved);
  const fh_channel_size in = in_size(v, io->batch), out = out_size(v, io->batch);
  fh_dft_analyse(v->out, io->batch * c->out_channels, io->dout[0], s.y, s.dft);
  if (c->bias) add_bias_gradient(v, io->batch, s.y, io->dparam[v->bias]);
  if (c->mid_out) {
    fh_channel_out_gradient(&out, k.q, s.y, io->dparam[v->out_matrix]);
    fh_channel_out_backward(&out, io->param[v->out_matrix], s.y, s.q);
  }
  weight_gradient(v, &n, k.p, s.q, s.w, io->dparam[v->weight]);
  if (!io->din[0] && !c->mid_in) return FH_OK;
  (v->each ? v->mix->each_backward : v->mix->backward)(&n, weights(v, io->param[v->weight], s.w),
                                                       s.q, s.p);
  if (c->mid_in) fh_channel_in_gradient(&in, k.x, s.p, s.room, io->dparam[v->in_matrix]);
  if (!io->din[0]) return FH_OK;
  if (c->mid_in) fh_channel_in_backward(&in, io->param[v->in_matrix], s.p, s.room, s.x);
  fh_dft_synthesise(v->in, io->batch * c->in_channels, s.x, io->din[0], s.dft);
  return FH_OK;
}

static void destroy(fh_op *op)
{
  spectral *v = op->data;
  fh_dft_destroy(&v->in);
  fh_dft_destroy(&v->out);
}

static fh_cost cost(const fh_op *op)
{
  const spectral *v = op->data;
  const fh_spectral_config *c = &v->config;
  const double in = (double)c->in_channels, out = (double)c->out_channels;
  const double matrices = in * (double)c->mid_in + out * (double)c->mid_out;
  const double mixed = 8.0 * ((double)v->weights + matrices) * (double)v->modes;
  return (fh_cost){.flops = in * fh_dft_flops(v->in) + out * fh_dft_flops(v->out) + mixed,
                   .bytes = sizeof(fh_real) * ((double)fh_shape_sample(&op->in[0]) +
                                               (double)fh_shape_sample(&op->out[0]) + mixed / 4)};
}

const fh_op_class fh_spectral_class = {.name = "spectral",
                                       .setup = setup,
                                       .forward = forward,
                                       .backward = backward,
                                       .destroy = destroy,
                                       .cost = cost,
                                       .example = fh_spectral_example,
                                       .linear = true};

/* with a bias the map is affine */
static const fh_op_class affine_class = {.name = "spectral",
                                         .setup = setup,
                                         .forward = forward,
                                         .backward = backward,
                                         .destroy = destroy,
                                         .cost = cost,
                                         .example = fh_spectral_example};

static fh_status check(const fh_spectral_config *c)
{
  FH_CHECK(c->dim >= 1 && c->dim <= 3, FH_ERR_ARG, "spectral: %d axes; give 1 to 3", c->dim);
  FH_CHECK(c->in_channels > 0 && c->out_channels > 0, FH_ERR_ARG,
           "spectral: %td channels to %td; give at least one of each", c->in_channels,
           c->out_channels);
  FH_CHECK(!c->separable || c->in_channels == c->out_channels, FH_ERR_ARG,
           "spectral: separable with %td channels to %td; give the same number", c->in_channels,
           c->out_channels);
  FH_CHECK(c->mid_in >= 0 && c->mid_out >= 0 && !(c->separable && (c->mid_in || c->mid_out)) &&
               (!c->mid_each || (c->mid_in > 0 && c->mid_in == c->mid_out)),
           FH_ERR_ARG,
           "spectral: channel matrices to %td and from %td channels do not go with this mixing",
           c->mid_in, c->mid_out);
  FH_CHECK(c->method >= FH_SPECTRAL_AUTO && c->method <= FH_SPECTRAL_FFTW, FH_ERR_ARG,
           "spectral: method %d; allowed are 0 to %d", c->method, FH_SPECTRAL_FFTW);
  FH_CHECK(c->init_std >= 0, FH_ERR_ARG, "spectral: standard deviation %g; give 0 or more",
           c->init_std);
  for (int a = 0; a < c->dim; a++)
    FH_CHECK(
        c->modes[a] >= 1 && c->weight_modes[a] >= 0 && c->out_n[a] >= 0, FH_ERR_ARG,
        "spectral: axis %d has %td modes, %td stored, %td output points; give at least 1, 0, 0", a,
        c->modes[a], c->weight_modes[a], c->out_n[a]);
  return FH_OK;
}

/* declares the next parameter and tells which one it is */
static fh_status parameter(fh_op *op, const char *role, int rank, const ptrdiff_t *shape,
                           bool is_complex, double std, int *index)
{
  *index = op->n_param;
  return fh_op_param(op, role, rank, shape, is_complex, FH_INIT_NORMAL, std);
}

static fh_status declare(fh_op *op)
{
  spectral *v = op->data;
  const fh_spectral_config *c = &v->config;
  double std = c->init_std;
  if (!(std > 0)) std = sqrt(2.0 / (double)(c->in_channels + c->out_channels));
  v->from = c->mid_in ? c->mid_in : c->in_channels;
  v->to = c->mid_out ? c->mid_out : c->out_channels;
  v->each = c->separable || c->mid_each;
  const ptrdiff_t in_shape[] = {c->in_channels, c->mid_in},
                  out_shape[] = {c->out_channels, c->mid_out};
  ptrdiff_t shape[FH_PARAM_MAX_RANK] = {v->from, v->to}, ones[4] = {1, 1, 1, 1};
  int rank = v->each ? 1 : 2;
  for (int a = 0; a < c->dim; a++) shape[rank++] = fh_spectral_stored(c, a);
  FH_TRY(fh_size_product(v->each ? 1 : 2, shape, &v->weights));
  FH_TRY(parameter(op, "weight.tensor", rank, shape, true, std, &v->weight));
  ones[0] = c->out_channels;
  if (c->bias) FH_TRY(parameter(op, "bias", c->dim + 1, ones, false, std, &v->bias));
  if (c->mid_in) FH_TRY(parameter(op, "weight.in", 2, in_shape, true, 1, &v->in_matrix));
  if (c->mid_out) FH_TRY(parameter(op, "weight.out", 2, out_shape, true, 1, &v->out_matrix));
  return FH_OK;
}

fh_status fh_spectral_create(const fh_spectral_config *config, fh_op **op)
{
  *op = NULL;
  FH_TRY(check(config));
  fh_op *made = NULL;
  FH_TRY(
      fh_op_new(config->bias ? &affine_class : &fh_spectral_class, 1, 1, sizeof(spectral), &made));
  ((spectral *)made->data)->config = *config;
  const fh_status st = declare(made);
  if (st != FH_OK) {
    fh_op_destroy(&made);
    return st;
  }
  *op = made;
  return FH_OK;
}
