#include "classes.h"

#include <fnmatch.h>

const parity_class parity_classes[] = {
    {"neuralop.layers.*.SpectralConv", parity_spectral},
    {"neuralop.models.FNO", parity_fno},
    {"neuralop.models.*.FNO", parity_fno},
    {"neuralop.models.TFNO", parity_fno},
    {"neuralop.models.*.TFNO", parity_fno},
    {"models.MgConv*", parity_mgno},
    {"models.MgNO_*", parity_mgno},
    {"neuralop.*.LpLoss", parity_loss},
    {"neuralop.*.H1Loss", parity_loss},
    {"neuralop.*.MSELoss", parity_loss},
    {"utilities3.LpLoss", parity_loss},
    {"utilities3.HsLoss", parity_loss},
    {"utilities3.HSloss_d", parity_loss},
    {"utilities3.HSloss_d_2", parity_loss},
    {"neuralop.*.AdamW", parity_optimiser},
    {"torch.optim.*Adam", parity_optimiser},
    {"torch.optim.*AdamW", parity_optimiser},
    {"Adam.Adam", parity_optimiser},
    {"torch.optim.lr_scheduler.*", parity_schedule},
    {"utilities3.*Normalizer*", parity_normaliser},
    {"neuralop.*.UnitGaussianNormalizer", parity_normaliser},
    {"tensorly.*validate_*_rank*", parity_ranks},
    {"neuralop.*.MultigridPatching2D", parity_patch},
    {"neuralop.*.MultigridPatching2D around *TFNO", parity_mg_step},
    {NULL, NULL},
};

const parity_class *parity_class_find(const char *name)
{
  for (const parity_class *c = parity_classes; c->pattern; c++)
    if (!fnmatch(c->pattern, name, 0)) return c;
  return NULL;
}
