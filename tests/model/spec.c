/* A model's description as JSON: there and back, and what is refused. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/fno.h"

static int wrong;

static void expect(bool ok, const char *what)
{
  if (ok) return;
  printf("%s\n", what);
  wrong++;
}

/* values that a careless number format would change, and every kind of option */
static const char *const options[][2] = {{"n_modes", "12,7,65536"},
                                         {"max_n_modes", "12,9,65536"},
                                         {"hidden_channels", "65536"},
                                         {"lifting_channel_ratio", "0.1"},
                                         {"channel_mlp_expansion", "0.3333333333333333"},
                                         {"projection_channel_ratio", "1e-07"},
                                         {"norm", "instance_norm"},
                                         {"fno_skip", "soft-gating"},
                                         {"preactivation", "true"},
                                         {"use_channel_mlp", "false"},
                                         {"domain_padding", "0.1,0.2,0.30000000000000004"},
                                         {"resolution_scaling_factor", "2"},
                                         {"positional_embedding", "none"}};

static fh_status there_and_back(void)
{
  fh_model_spec a, b;
  char *first = NULL, *second = NULL;
  FH_TRY(fh_model_spec_create(&fh_fno_class, 3, 2, &a));
  for (size_t i = 0; i < sizeof options / sizeof *options; i++)
    FH_TRY(fh_config_set(a.class->fields, a.config, options[i][0], options[i][1]));
  FH_TRY(fh_model_spec_to_json(&a, &first));
  FH_TRY(fh_model_spec_from_json(first, &b));
  FH_TRY(fh_model_spec_to_json(&b, &second));
  expect(b.class == &fh_fno_class && b.in_channels == 3 && b.out_channels == 2,
         "class or channels changed on the way");
  expect(fh_config_equal(a.class->fields, a.config, b.config), "options changed on the way");
  expect(!strcmp(first, second), "the same description, twice written, differs");
  fh_free(first);
  fh_free(second);
  fh_model_spec_clear(&a);
  fh_model_spec_clear(&b);
  return FH_OK;
}

typedef struct {
  const char *json, *says;
} refusal;

static const refusal refusals[] = {
    {"", "no JSON object"},
    {"[]", "no JSON object"},
    {"{\"model\":\"fno\"", "no JSON object"},
    {"{\"model\":\"fno\"} and more", "no JSON object"},
    {"{\"in_channels\":1,\"out_channels\":1,\"options\":{}}", "'model' must name"},
    {"{\"model\":\"fnoo\",\"in_channels\":1,\"out_channels\":1,\"options\":{}}",
     "did you mean 'fno'"},
    {"{\"model\":\"fno\",\"out_channels\":1,\"options\":{}}", "'in_channels'"},
    {"{\"model\":\"fno\",\"in_channels\":1.5,\"out_channels\":1,\"options\":{}}", "'in_channels'"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1e300,\"options\":{}}",
     "'out_channels'"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1}", "no object 'options'"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"sgd\":1}}",
     "'sgd' is no option"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"n_layers\":\"4\"}}",
     "wrong type"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"n_layers\":true}}",
     "wrong type"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"n_layers\":-4}}",
     "must lie between"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"n_layers\":4.5}}",
     "whole number"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"n_modes\":8}}",
     "must be a list"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"n_modes\":"
     "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
     "1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]}}",
     "at most"},
    {"{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{\"norm\":\"batch\"}}",
     "knows no 'batch'"},
};

static void refuse(const refusal *r)
{
  fh_model_spec spec;
  const fh_status st = fh_model_spec_from_json(r->json, &spec);
  if (st == FH_OK) fh_model_spec_clear(&spec);
  if (st != FH_OK && strstr(fh_status_message(), r->says)) return;
  printf("%s\n  should be refused with '%s' but: %s\n", r->json, r->says,
         st == FH_OK ? "accepted" : fh_status_message());
  wrong++;
}

static fh_status defaults(void)
{
  fh_model_spec a, b;
  FH_TRY(fh_model_spec_create(&fh_fno_class, 1, 1, &a));
  FH_TRY(fh_model_spec_from_json(
      "{\"model\":\"fno\",\"in_channels\":1,\"out_channels\":1,\"options\":{}}", &b));
  expect(fh_config_equal(a.class->fields, a.config, b.config), "an option left out has no default");
  fh_model_spec_clear(&a);
  fh_model_spec_clear(&b);
  return FH_OK;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_status st = there_and_back();
  if (st == FH_OK) st = defaults();
  if (st != FH_OK) fh_status_print(stdout);
  const int total = sizeof refusals / sizeof *refusals;
  for (int i = 0; i < total; i++) refuse(&refusals[i]);
  if (st == FH_OK && !wrong)
    printf("a model's description survives JSON; %d wrong ones are refused\n", total);
  MPI_Finalize();
  return st != FH_OK || wrong;
}
