#include "app/measure.h"

fh_status fh_measure(const fh_team *team, const fh_trained *model, fh_dataset *dataset,
                     ptrdiff_t batch, ptrdiff_t patches_at_once, const fh_metrics_config *config,
                     fh_evaluator **e, const fh_metrics **metrics)
{
  *e = NULL;
  FH_TRY(fh_trained_check_axes(model, fh_dataset_grid(dataset)));
  FH_TRY(fh_evaluator_create(team, &model->spec, model->input, model->output, dataset,
                             model->spec.class->patches ? 1 : batch, patches_at_once, e));
  FH_TRY(fh_trained_load(model, fh_operator_program(fh_evaluator_operator(*e))));
  return fh_evaluator_run(*e, config, metrics);
}
