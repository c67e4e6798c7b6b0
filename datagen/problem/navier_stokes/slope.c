#include <math.h>

#include "datagen/problem/navier_stokes/navier_stokes_impl.h"

/* u = (psi_y, -psi_x), psi = w / |k|^2 */
static void velocity(const fh_navier_stokes *d, const double *w)
{
  const fh_plane *plane = fh_march_plane(d->march);
  const fh_plane_layout *l = fh_plane_where(plane);
  for (ptrdiff_t c = 0; c < l->columns; c++) {
    const double k1 = fh_march_wave_unit(d->march, 1) * (double)(l->first_column + c);
    for (ptrdiff_t i = 0; i < l->height; i++) {
      const double k0 = fh_march_wave_unit(d->march, 0) * (double)fh_plane_wave(plane, i);
      const double square = k0 * k0 + k1 * k1, inverse = square > 0.0 ? 1.0 / square : 0.0;
      const ptrdiff_t at = 2 * (c * l->height + i);
      const double re = inverse * w[at], im = inverse * w[at + 1];
      d->u[at] = -k1 * im;
      d->u[at + 1] = k1 * re;
      d->v[at] = k0 * im;
      d->v[at + 1] = -k0 * re;
    }
  }
}

/* z = u + i v becomes z^2 = (u^2 - v^2) + 2 i u v; the speed is measured on the way */
static void square(void *context, ptrdiff_t first, ptrdiff_t count, double *z)
{
  enum { LANES = 8 };
  fh_navier_stokes *d = context;
  double most[LANES] = {0.0};
  (void)first;
  ptrdiff_t i = 0;
  for (; i + LANES <= 2 * count; i += LANES)
    for (int j = 0; j < LANES; j++) {
      const double size = fabs(z[i + j]);
      most[j] = size > most[j] ? size : most[j];
    }
  for (; i < 2 * count; i++) most[i % 2] = fmax(most[i % 2], fabs(z[i]));
  for (int j = 2; j < LANES; j++) most[j % 2] = fmax(most[j % 2], most[j]);
  d->fastest = fmax(d->fastest, d->cells[0] * most[0] + d->cells[1] * most[1]);
  for (i = 0; i < 2 * count; i += 2) {
    const double u = z[i], v = z[i + 1];
    z[i] = u * u - v * v;
    z[i + 1] = 2.0 * u * v;
  }
}

/* The curl of div (u u): (d_yy - d_xx) uv + d_xy (u^2 - v^2), two products where u . grad w takes four
   (Basdevant 1983); u holds u^2 - v^2, v holds 2 uv. */
static void curl(const fh_navier_stokes *d, double *slope)
{
  const fh_plane *plane = fh_march_plane(d->march);
  const fh_plane_layout *l = fh_plane_where(plane);
  for (ptrdiff_t c = 0; c < l->columns; c++) {
    const double k1 = fh_march_wave_unit(d->march, 1) * (double)(l->first_column + c);
    for (ptrdiff_t i = 0; i < l->height; i++) {
      const double k0 = fh_march_wave_unit(d->march, 0) * (double)fh_plane_wave(plane, i);
      const double half = 0.5 * (k0 * k0 - k1 * k1), cross = k0 * k1;
      const ptrdiff_t at = 2 * (c * l->height + i);
      slope[at] = half * d->v[at] - cross * d->u[at] + d->f[at];
      slope[at + 1] = half * d->v[at + 1] - cross * d->u[at + 1] + d->f[at + 1];
    }
  }
}

fh_status fh_navier_stokes_slope(void *context, const double *w, double *slope, double *courant)
{
  fh_navier_stokes *d = context;
  const double *const in[] = {d->u, d->v};
  double *const out[] = {d->u, d->v};
  d->fastest = 0.0;
  velocity(d, w);
  FH_TRY(fh_plane_product(fh_march_plane(d->march), 2, in, out, square, d));
  curl(d, slope);
  *courant = d->fastest;
  return FH_OK;
}
