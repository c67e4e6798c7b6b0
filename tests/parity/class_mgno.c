/* class_mgno - the multigrid blocks and models of the MgNO authors (xlliu2017/MgNO, models.py) */
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "kernels/pointwise.h"
#include "model/mgno.h"
#include "model_case.h"
#include "train_case.h"

/* what tells the authors' classes apart, as options of the engine */
typedef struct {
  const char *name;
  int variant;
  const char *sides, *padding_mode; /* NULL: the class has an argument, and this is its default */
  ptrdiff_t restriction_padding;
  int norm, affine;
  bool bias;     /* of A and S where there is no argument */
  bool pairs;    /* num_iteration has pre and post of each level; else pre only */
  bool growing;  /* channels grow with the level */
  bool is_model; /* else one block */
} kind;

static const kind kinds[] = {
    {"MgConv_DC", FH_MGNO_DARCY, NULL, "zeros", 1, FH_MGNO_NORM_NONE, 2, false, true, false, false},
    {"MgConv_DC_smooth", FH_MGNO_DARCY, NULL, "zeros", 1, FH_MGNO_NORM_NONE, 2, false, true, false,
     false},
    {"MgConv", FH_MGNO_NAVIER_STOKES, NULL, "zeros", 1, FH_MGNO_NORM_LEVEL, 2, false, true, false,
     false},
    {"MgConv_helm", FH_MGNO_HELMHOLTZ, "reflect", "", 0, FH_MGNO_NORM_NONE, 2, true, false, true,
     false},
    {"MgConv_helm2", FH_MGNO_HELMHOLTZ, "reflect", "", 0, FH_MGNO_NORM_LEVEL, 1, false, true, true,
     false},
    {"MgConv_helm3", FH_MGNO_HELMHOLTZ, "reflect", "", 0, FH_MGNO_NORM_LEVEL, 1, false, true, false,
     false},
    {"MgNO_DC", FH_MGNO_DARCY, NULL, "zeros", 1, FH_MGNO_NORM_NONE, 2, false, true, false, true},
    {"MgNO_DC_smooth", FH_MGNO_DARCY, NULL, "zeros", 1, FH_MGNO_NORM_NONE, 2, false, true, false,
     true},
    {"MgNO_NS", FH_MGNO_NAVIER_STOKES, "periodic", "", 1, FH_MGNO_NORM_LEVEL, 2, false, true, false,
     true},
    {"MgNO_helm", FH_MGNO_HELMHOLTZ, "reflect", "", 0, FH_MGNO_NORM_LAYER, 2, true, false, true,
     true},
};

static fh_status find_kind(const char *class, const kind **k)
{
  const char *dot = strrchr(class, '.');
  const char *name = dot ? dot + 1 : class;
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
    if (!strcmp(kinds[i].name, name)) return *k = &kinds[i], FH_OK;
  FH_RAISE(FH_ERR_UNSUPPORTED, "the class %s", name);
}

/* ---- arguments ----------------------------------------------------------------------------------- */

static fh_status sides(parity_config *a, const kind *k, fh_mgno_config *c)
{
  static const char *const names[][2] = {{"zeros", "zero"},
                                         {"circular", "periodic"},
                                         {"reflect", "reflect"},
                                         {"replicate", "replicate"}};
  const char *word = k->padding_mode, *side = k->sides;
  FH_TRY(parity_word(a, "padding_mode", &word)); /* classes of one kind pass it over */
  for (size_t i = 0; !k->sides && i < sizeof names / sizeof *names; i++)
    if (!strcmp(word, names[i][0])) side = names[i][1];
  FH_CHECK(side, FH_ERR_UNSUPPORTED, "padding_mode %s", word);
  snprintf(c->sides, sizeof c->sides, "%s", side);
  return FH_OK;
}

static fh_status iterations(parity_config *a, const kind *k, fh_mgno_config *c)
{
  fh_int_list list = {0, {0}};
  FH_TRY(parity_ints(a, "num_iteration", &list));
  const int per = k->pairs ? 2 : 1, levels = list.count / per;
  FH_CHECK(levels >= 1 && list.count % per == 0, FH_ERR_FORMAT, "num_iteration has %d numbers",
           list.count);
  c->pre.count = c->post.count = c->factors.count = levels;
  for (int l = 0; l < levels; l++) {
    c->pre.value[l] = list.value[per * l];
    /* the classes make the last level's post-smoothing, but never run it */
    c->post.value[l] = k->pairs && l < levels - 1 ? list.value[per * l + 1] : 0;
    c->factors.value[l] = k->growing ? l + 1 : 1;
  }
  return FH_OK;
}

static fh_status activation(parity_config *a, fh_mgno_config *c)
{
  const char *word = "gelu";
  FH_TRY(parity_word(a, "activation", &word));
  for (c->non_linearity = 0; fh_activation_names[c->non_linearity]; c->non_linearity++)
    if (!strcmp(word, fh_activation_names[c->non_linearity])) return FH_OK;
  FH_RAISE(FH_ERR_UNSUPPORTED, "activation %s", word);
}

static fh_status head(parity_config *a, const kind *k, fh_mgno_config *c, ptrdiff_t *out)
{
  ptrdiff_t hidden = 0, wide = 1;
  const bool perceptron = !strcmp(k->name, "MgNO_NS");
  FH_TRY(parity_count(a, "mlp_hidden_dim", &hidden));
  FH_TRY(parity_count(a, "output_dim", &wide)); /* only the perceptron looks at it */
  if (!perceptron || hidden == 0) return FH_OK;
  c->head = FH_MGNO_HEAD_MLP;
  c->head_channels = hidden;
  *out = wide;
  return FH_OK;
}

/* arguments that a class takes and passes over */
static void passed_over(parity_config *a)
{
  parity_argument(a, "in_chans");
  parity_argument(a, "num_classes");
  parity_argument(a, "normalizer"); /* its numbers are in the file */
}

static fh_status fill(parity_config *a, const kind *k, fh_mgno_config *c, ptrdiff_t *in,
                      ptrdiff_t *out)
{
  bool bias = k->bias, affine = true;
  *out = 1;
  c->variant = k->variant;
  c->norm = k->norm;
  c->affine = k->affine;
  c->restriction_padding = k->restriction_padding;
  FH_TRY(parity_count(a, "num_layer", &c->n_layers));
  FH_TRY(parity_count(a, "num_channel_u", &c->hidden_channels));
  FH_TRY(parity_count(a, "num_channel_f", in));
  FH_TRY(parity_switch(a, "bias", &bias));
  c->bias = bias ? FH_MGNO_YES : FH_MGNO_NO;
  FH_TRY(parity_switch(a, "use_res", &c->restrict_residual));
  FH_TRY(parity_switch(a, "elementwise_affine", &affine));
  if (!affine && k->affine == FH_VCYCLE_AFFINE) c->affine = FH_VCYCLE_PLAIN;
  FH_TRY(iterations(a, k, c));
  FH_TRY(sides(a, k, c));
  FH_TRY(activation(a, c));
  FH_TRY(head(a, k, c, out));
  FH_TRY(parity_refuse(a, "init"));
  passed_over(a);
  return FH_OK;
}

/* ---- programs ------------------------------------------------------------------------------------ */

static fh_status block_program(const fh_mgno_config *config, const fh_team *team,
                               const fh_shape *in, fh_program **program)
{
  fh_mgno_config c = *config;
  fh_vcycle cycle;
  fh_slot slot = 0;
  FH_TRY(fh_mgno_class.check(&c, in->layout.grid.dim));
  fh_mgno_cycle(&c, in->channels, c.hidden_channels, &cycle);
  FH_TRY(fh_program_create(team, program));
  FH_TRY(fh_program_input(*program, in, &slot));
  FH_TRY(fh_vcycle_add(&cycle, "", *program, &slot));
  return fh_program_output(*program, slot);
}

static fh_status make_program(const kind *k, parity_config *a, const fh_team *team,
                              const fh_shape *in, fh_program **program)
{
  fh_model_spec spec = {0};
  ptrdiff_t channels = 1, out = 1;
  FH_TRY(fh_model_spec_create(&fh_mgno_class, 1, 1, &spec));
  fh_status st = fill(a, k, spec.config, &channels, &out);
  if (st == FH_OK) st = parity_config_finish(a);
  if (st == FH_OK && channels != in->channels)
    st = fh_status_raise(FH_ERR_FORMAT, __FILE__, __LINE__, __func__,
                         "the input has %td channels but num_channel_f is %td", in->channels,
                         channels);
  spec.in_channels = (int)channels;
  spec.out_channels = (int)out;
  if (st == FH_OK)
    st = k->is_model ? fh_model_program(&spec, team, &in->layout.grid, in->batch, program)
                     : block_program(spec.config, team, in, program);
  fh_model_spec_clear(&spec);
  return st;
}

/* normalizer/mean and std: numbers, or fields; the authors add 1e-5 to std */
static fh_status read_decoder(const parity_file *file, fh_normaliser **decode)
{
  PARITY_ARRAY mean = {0}, deviation = {0};
  if (!parity_has(file, "normalizer/mean")) return FH_OK;
  FH_TRY(parity_read(file, "normalizer/mean", &mean));
  FH_TRY(parity_read(file, "normalizer/std", &deviation));
  FH_CHECK(mean.size == deviation.size, FH_ERR_FORMAT, "normalizer: %td means and %td deviations",
           mean.size, deviation.size);
  return fh_normaliser_create(mean.size == 1 ? FH_NORM_SCALAR : FH_NORM_POINT, 1e-5, 1, mean.size,
                              mean.values, deviation.values, decode);
}

static fh_status compare(const parity_file *file, const kind *k, const fh_team *team,
                         parity_report *report, parity_model *model, fh_normaliser **decode)
{
  fh_shape in;
  PARITY_CONFIG all = {0}, a = {0};
  FH_TRY(parity_config_parse(file->config, &all));
  /* a training file has the model's arguments under "model" */
  const cJSON *inner = parity_argument(&all, "model");
  char *text = inner ? cJSON_PrintUnformatted(inner) : NULL;
  const fh_status st = parity_config_parse(text ? text : file->config, &a);
  cJSON_free(text);
  FH_TRY(st);
  FH_TRY(parity_input_shape(file, &in));
  FH_TRY(make_program(k, &a, team, &in, &model->program));
  FH_TRY(read_decoder(file, decode));
  model->decode = *decode;
  FH_TRY(parity_model_compare(file, model, report));
  if (parity_has(file, "loss_trace")) FH_TRY(parity_train_compare(file, model, &all, report));
  return FH_OK;
}

fh_status parity_mgno(const parity_file *file, const fh_team *team, parity_report *report)
{
  const kind *k = NULL;
  parity_model model = {0};
  fh_normaliser *decode = NULL;
  FH_TRY(find_kind(file->class, &k));
  const fh_status st = compare(file, k, team, report, &model, &decode);
  fh_program_destroy(&model.program);
  fh_normaliser_destroy(&decode);
  FH_TRY(st);
  return FH_OK;
}
