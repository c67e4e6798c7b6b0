#include "datagen/skr/order.h"

#include "base/memory.h"

fh_status fh_order_chain(ptrdiff_t count, const int64_t *wanted, int groups, int group,
                         int64_t **chain, ptrdiff_t *length)
{
  int64_t *c = NULL;
  FH_NEW(c, count / groups + 1);
  *length = 0;
  for (ptrdiff_t i = group; i < count; i += groups) c[(*length)++] = wanted[i];
  *chain = c;
  return FH_OK;
}
