/* channel - the channel matrices around the mixing of a factorised layer; sample by sample, so that
 * the bits of a sample do not depend on its batch */
#include <string.h>

#include "kernels/cgemm.h"
#include "operators/spectral/spectral_impl.h"

void fh_channel_in(const fh_channel_size *n, const fh_real *a, const fh_real *x, fh_real *p)
{
  for (ptrdiff_t s = 0; s < n->samples; s++)
    fh_cgemm(FH_TRANSPOSED, FH_AS_IS, n->mid, n->modes, n->outer, a,
             x + 2 * s * n->outer * n->modes, false, p + 2 * s * n->mid * n->modes);
}

void fh_channel_in_gradient(const fh_channel_size *n, const fh_real *x, const fh_real *dp,
                            fh_real *room, fh_real *da)
{
  for (ptrdiff_t s = 0; s < n->samples; s++)
    fh_cgemm(FH_AS_IS, FH_ADJOINT, n->outer, n->mid, n->modes, x + 2 * s * n->outer * n->modes,
             dp + 2 * s * n->mid * n->modes, s > 0, room);
  fh_add_conjugate(n->outer * n->mid, room, da);
}

void fh_channel_in_backward(const fh_channel_size *n, const fh_real *a, const fh_real *dp,
                            fh_real *room, fh_real *dx)
{
  fh_conjugate(n->outer * n->mid, a, room);
  for (ptrdiff_t s = 0; s < n->samples; s++)
    fh_cgemm(FH_AS_IS, FH_AS_IS, n->outer, n->modes, n->mid, room, dp + 2 * s * n->mid * n->modes,
             false, dx + 2 * s * n->outer * n->modes);
}

void fh_channel_out(const fh_channel_size *n, const fh_real *b, const fh_real *q, fh_real *y)
{
  for (ptrdiff_t s = 0; s < n->samples; s++)
    fh_cgemm(FH_AS_IS, FH_AS_IS, n->outer, n->modes, n->mid, b, q + 2 * s * n->mid * n->modes,
             false, y + 2 * s * n->outer * n->modes);
}

void fh_channel_out_gradient(const fh_channel_size *n, const fh_real *q, const fh_real *dy,
                             fh_real *db)
{
  for (ptrdiff_t s = 0; s < n->samples; s++)
    fh_cgemm(FH_AS_IS, FH_ADJOINT, n->outer, n->mid, n->modes, dy + 2 * s * n->outer * n->modes,
             q + 2 * s * n->mid * n->modes, true, db);
}

void fh_channel_out_backward(const fh_channel_size *n, const fh_real *b, const fh_real *dy,
                             fh_real *dq)
{
  for (ptrdiff_t s = 0; s < n->samples; s++)
    fh_cgemm(FH_ADJOINT, FH_AS_IS, n->mid, n->modes, n->outer, b, dy + 2 * s * n->outer * n->modes,
             false, dq + 2 * s * n->mid * n->modes);
}
