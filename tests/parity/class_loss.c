/* class_loss - neuraloperator's LpLoss, H1Loss, MSELoss; MgNO's losses */
#include <stdio.h>
#include <string.h>

#include "classes.h"
#include "loss_spec.h"
#include "values.h"

static fh_status compare(const parity_file *file, const parity_loss_spec *spec,
                         const parity_array *input, parity_report *report)
{
  PARITY_ARRAY target = {0}, loss = {0}, gradient = {0};
  PARITY_VALUES *x = NULL, *y = NULL, *dx = NULL;
  FH_TRY(parity_read(file, "target", &target));
  FH_TRY(parity_read(file, "loss", &loss));
  FH_TRY(parity_read(file, "grad_input", &gradient));
  FH_CHECK(target.size == input->size && gradient.size == input->size && loss.size == 1,
           FH_ERR_FORMAT, "input, target and grad_input have different sizes");
  FH_TRY(parity_rounded(input, &x));
  FH_TRY(parity_rounded(&target, &y));
  FH_NEW(dx, input->size);
  double value = 0;
  FH_TRY(parity_loss_value(spec, x, y, &value, dx));
  parity_compared(report, "loss grad_input");
  parity_compare_f64(report, "loss", 1, &value, loss.values, 0);
  parity_compare(report, "grad_input", gradient.size, dx, gradient.values, 0);
  return FH_OK;
}

fh_status parity_loss(const parity_file *file, const fh_team *team, parity_report *report)
{
  (void)team;
  char package[64];
  snprintf(package, sizeof package, "%.*s", (int)strcspn(file->class, "."), file->class);
  PARITY_CONFIG arguments;
  PARITY_ARRAY input = {0};
  parity_loss_spec spec;
  FH_TRY(parity_config_parse(file->config, &arguments));
  FH_TRY(parity_read(file, "input", &input));
  FH_TRY(parity_loss_spec_make(package, strrchr(file->class, '.') + 1, &arguments, &input, &spec));
  FH_TRY(compare(file, &spec, &input, report));
  return FH_OK;
}
