/* Whole programs: fan-out, shared parameters, an operator whose backward reads its output, FNOs and
 * MgNOs of different options. The same checks as for single operators (check.h). */
#include <math.h>
#include <stdio.h>

#include "conformance/check.h"
#include "model/model.h"
#include "operators/activation/activation.h"
#include "operators/add/add.h"
#include "operators/linear/linear.h"

static fh_status input(fh_program *p, int dim, ptrdiff_t n, ptrdiff_t channels, fh_slot *x)
{
  const ptrdiff_t points[3] = {n, n + 1, n - 1};
  fh_grid grid;
  FH_TRY(fh_grid_box(dim, points, FH_PERIODIC, FH_NODE, &grid));
  const fh_shape shape = {.batch = 3, .channels = channels, .layout = fh_layout_whole(&grid)};
  return fh_program_input(p, &shape, x);
}

static fh_status linear(fh_program *p, const char *name, bool shared, fh_slot *x)
{
  const fh_linear_config c = {.in_channels = 3, .out_channels = 3, .bias = true};
  fh_op *op = NULL;
  const fh_slot in = *x;
  FH_TRY(fh_linear_create(&c, &op));
  return shared ? fh_program_add_shared(p, name, op, &in, x) : fh_program_add(p, name, op, &in, x);
}

/* y = exp(x): backward reads the output, dx = y dy; no operator of the registry does so */
static fh_status exp_setup(fh_op *op, const fh_shape *in, fh_shape *out, fh_need *need)
{
  (void)op;
  out[0] = in[0];
  need->bwd_reads_out = 1;
  return FH_OK;
}

static fh_status exp_forward(fh_op *op, const fh_fwd *io)
{
  const ptrdiff_t n = io->batch * fh_shape_sample(&op->in[0]);
  for (ptrdiff_t i = 0; i < n; i++) io->out[0][i] = (fh_real)exp(0.3 * (double)io->in[0][i]);
  return FH_OK;
}

static fh_status exp_backward(fh_op *op, const fh_bwd *io)
{
  const ptrdiff_t n = io->batch * fh_shape_sample(&op->in[0]);
  for (ptrdiff_t i = 0; io->din[0] && i < n; i++)
    io->din[0][i] = (fh_real)0.3 * io->out[0][i] * io->dout[0][i];
  return FH_OK;
}

static void exp_destroy(fh_op *op)
{
  (void)op;
}

static fh_cost exp_cost(const fh_op *op)
{
  return (fh_cost){.flops = (double)fh_shape_sample(&op->in[0])};
}

static const fh_op_class exp_class = {.name = "exp",
                                      .setup = exp_setup,
                                      .forward = exp_forward,
                                      .backward = exp_backward,
                                      .destroy = exp_destroy,
                                      .cost = exp_cost};

static fh_status reads_output(void *context, fh_program *p)
{
  (void)context;
  fh_slot x = 0;
  FH_TRY(input(p, 2, 5, 3, &x));
  FH_TRY(linear(p, "first", false, &x));
  for (int i = 0; i < 4; i++) { /* nobody but the producer's backward needs the values in between */
    fh_op *op = NULL;
    FH_TRY(fh_op_new(&exp_class, 1, 1, 0, &op));
    FH_TRY(fh_program_then(p, "", op, &x));
  }
  FH_TRY(linear(p, "last", false, &x));
  return fh_program_output(p, x);
}

/* one value read four times, one weight used three times, two outputs of which one is read again */
static fh_status fan_out(void *context, fh_program *p)
{
  (void)context;
  fh_slot x = 0, a = 0, b = 0, sum = 0;
  fh_op *op = NULL;
  FH_TRY(input(p, 1, 9, 3, &x));
  a = x;
  FH_TRY(linear(p, "shared", false, &a));
  b = a;
  FH_TRY(linear(p, "shared", true, &b));
  FH_TRY(fh_activation_create(FH_ACT_GELU, &op));
  FH_TRY(fh_program_then(p, "", op, &b));
  FH_TRY(fh_add_create(4, &op));
  const fh_slot in[4] = {x, a, b, x};
  FH_TRY(fh_program_add(p, "", op, in, &sum));
  FH_TRY(linear(p, "shared", true, &sum));
  FH_TRY(fh_program_output(p, a));
  return fh_program_output(p, sum);
}

typedef struct {
  const char *name;
  int dim;
  ptrdiff_t n;
  const char *options[10][2];
} model_case;

static const model_case fnos[] = {
    {"default 2-D", 2, 8, {{"n_modes", "4,5"}, {"hidden_channels", "4"}, {"n_layers", "2"}}},
    {"1-D, instance norm",
     1,
     11,
     {{"n_modes", "6"}, {"hidden_channels", "3"}, {"norm", "instance_norm"}}},
    {"3-D, group norm, padded",
     3,
     5,
     {{"n_modes", "3,2,4"},
      {"hidden_channels", "4"},
      {"n_layers", "2"},
      {"norm", "group_norm"},
      {"norm_groups", "2"},
      {"domain_padding", "0.2"}}},
    {"2-D, preactivation, identity skips",
     2,
     7,
     {{"n_modes", "4"},
      {"hidden_channels", "3"},
      {"preactivation", "true"},
      {"fno_skip", "identity"},
      {"channel_mlp_skip", "linear"},
      {"stabilizer", "tanh"}}},
    {"2-D, separable, no MLP",
     2,
     6,
     {{"n_modes", "6,4"},
      {"hidden_channels", "3"},
      {"separable", "true"},
      {"use_channel_mlp", "false"},
      {"fno_skip", "soft-gating"}}},
    {"2-D, other resolution, layer norm",
     2,
     6,
     {{"n_modes", "4"},
      {"hidden_channels", "3"},
      {"n_layers", "2"},
      {"norm", "layer_norm"},
      {"resolution_scaling_factor", "1.5"}}},
};

static const model_case mgnos[] = {
    {"darcy, odd and even",
     2,
     9,
     {{"n_layers", "2"}, {"hidden_channels", "3"}, {"pre_smoothing", "1,1,2"}}},
    {"pipe, mixed sides, residual restriction",
     2,
     8,
     {{"mgno_variant", "pipe"},
      {"n_layers", "2"},
      {"hidden_channels", "2"},
      {"pre_smoothing", "2,1"},
      {"post_smoothing", "1,0"},
      {"sides", "zero,reflect,periodic,periodic"},
      {"prolongation_sides", "periodic"},
      {"restrict_residual", "true"}}},
    {"shared smoothers with biases, growing",
     2,
     7,
     {{"n_layers", "1"},
      {"hidden_channels", "2"},
      {"pre_smoothing", "2,2,1"},
      {"post_smoothing", "1,0,0"},
      {"share_smoothers", "true"},
      {"restrict_residual", "true"},
      {"smoother_bias", "yes"},
      {"level_channels", "1,2,3"},
      {"head", "mlp"},
      {"head_channels", "5"}}},
    {"navier-stokes",
     2,
     6,
     {{"mgno_variant", "navier-stokes"},
      {"n_layers", "2"},
      {"hidden_channels", "2"},
      {"pre_smoothing", "1,2"},
      {"norm_affine", "finest"},
      {"residual_to_input", "no"}}},
    {"helmholtz",
     2,
     11,
     {{"mgno_variant", "helmholtz"},
      {"n_layers", "1"},
      {"hidden_channels", "2"},
      {"pre_smoothing", "1,1,1"}}},
    {"1-D, another kernel of the prolongation",
     1,
     13,
     {{"n_layers", "1"},
      {"hidden_channels", "3"},
      {"pre_smoothing", "1,1,1"},
      {"post_smoothing", "1,0,0"},
      {"prolongation_kernel", "4"},
      {"sides", "replicate"}}},
    {"3-D",
     3,
     5,
     {{"n_layers", "1"},
      {"hidden_channels", "2"},
      {"pre_smoothing", "1,1,1"},
      {"sides", "zero,reflect,periodic"}}},
};

static fh_status write_model(const char *family, const model_case *c, fh_program *p)
{
  const fh_model_class *class = NULL;
  fh_model_spec spec;
  fh_slot x = 0;
  FH_TRY(fh_model_class_find(family, &class));
  FH_TRY(fh_model_spec_create(class, 2, 1, &spec));
  for (int i = 0; i < 10 && c->options[i][0]; i++)
    FH_TRY(fh_config_set(class->fields, spec.config, c->options[i][0], c->options[i][1]));
  FH_TRY(class->check(spec.config, c->dim));
  FH_TRY(input(p, c->dim, c->n, 2, &x));
  FH_TRY(class->build(spec.config, 2, 1, p, &x));
  fh_model_spec_clear(&spec);
  return fh_program_output(p, x);
}

static fh_status write_fno(void *context, fh_program *p)
{
  return write_model("fno", context, p);
}

static fh_status write_mgno(void *context, fh_program *p)
{
  return write_model("mgno", context, p);
}

static fh_status run(fh_tally *tally, int *rank)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  *rank = team->rank;
  fh_subject chain = {.write = reads_output, .name = "chain of exp"};
  fh_subject fan = {.write = fan_out, .name = "fan-out"};
  fh_status st = fh_check_subject(team, &chain, tally);
  if (st == FH_OK) st = fh_check_subject(team, &fan, tally);
  for (size_t i = 0; st == FH_OK && i < sizeof fnos / sizeof *fnos; i++) {
    model_case c = fnos[i];
    fh_subject s = {.write = write_fno, .context = &c};
    snprintf(s.name, sizeof s.name, "fno, %s", c.name);
    st = fh_check_subject(team, &s, tally);
  }
  for (size_t i = 0; st == FH_OK && i < sizeof mgnos / sizeof *mgnos; i++) {
    model_case c = mgnos[i];
    fh_subject s = {.write = write_mgno, .context = &c};
    snprintf(s.name, sizeof s.name, "mgno, %s", c.name);
    st = fh_check_subject(team, &s, tally);
  }
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_tally tally = {0};
  int rank = 0;
  const fh_status st = run(&tally, &rank);
  if (st != FH_OK) fh_status_print(stderr);
  if (rank == 0 && st == FH_OK)
    printf("conformance of programs: %d checks, %d failed\n", tally.checks, tally.failures);
  MPI_Finalize();
  return st != FH_OK || tally.failures || tally.checks == 0;
}
