#include <math.h>

#include "base/memory.h"
#include "datagen/spectral/stepper_impl.h"

/* ---- coefficients -------------------------------------------------------------------------------- */

void fh_phi_functions(double z, double phi[3])
{
  if (z < -1.0) { /* divisions by z are harmless here */
    phi[0] = expm1(z) / z;
    phi[1] = (phi[0] - 1.0) / z;
    phi[2] = (phi[1] - 0.5) / z;
    return;
  }
  double sum = 0.0; /* phi_3 = sum of z^k / (k + 3)! */
  for (int k = 17; k >= 0; k--) sum = (sum * z + 1.0) / (double)(k + 3);
  phi[2] = 0.5 * sum;
  phi[1] = z * phi[2] + 0.5;
  phi[0] = z * phi[1] + 1.0;
}

static void set_etdrk4(fh_method *m, ptrdiff_t i, double h, double decay)
{
  const double z = -h * decay;
  double phi[3], phi_half[3];
  fh_phi_functions(z, phi);
  fh_phi_functions(0.5 * z, phi_half);
  m->whole[i] = exp(z);
  m->half[i] = exp(0.5 * z);
  m->q[i] = 0.5 * h * phi_half[0];
  m->f1[i] = h * (phi[0] - 3.0 * phi[1] + 4.0 * phi[2]);
  m->f2[i] = 2.0 * h * (phi[1] - 2.0 * phi[2]);
  m->f3[i] = h * (4.0 * phi[2] - phi[1]);
}

static void set_cn_euler(fh_method *m, ptrdiff_t i, double h, double decay)
{
  const double implicit = 1.0 + 0.5 * h * decay;
  m->whole[i] = (1.0 - 0.5 * h * decay) / implicit;
  m->f1[i] = h / implicit;
  m->f3[i] = 0.5 * h / implicit;
}

static void set_coefficients(fh_method *m, const fh_stepper_equation *eq, double h)
{
  if (fabs(h - m->h) <= 1e-9 * h) return; /* the same but for rounding of the times */
  for (ptrdiff_t i = 0; i < eq->modes; i++)
    (m->method == FH_ETDRK4 ? set_etdrk4 : set_cn_euler)(m, i, h, eq->decay[i]);
  m->h = h;
}

/* ---- memory -------------------------------------------------------------------------------------- */

fh_status fh_method_create(fh_stepper_method method, ptrdiff_t modes, fh_method *m)
{
  *m = (fh_method){.method = method};
  double **const reals[] = {&m->whole, &m->half, &m->q, &m->f1, &m->f2, &m->f3};
  double **const complexes[] = {&m->a,        &m->b,        &m->next,     &m->slope[0],
                                &m->slope[1], &m->slope[2], &m->slope[3], &m->slope[4]};
  enum { REALS = sizeof reals / sizeof *reals, COMPLEXES = sizeof complexes / sizeof *complexes };
  const ptrdiff_t line = (modes + 7) / 8 * 8; /* all of them aligned */
  FH_NEW(m->memory, (REALS + 2 * COMPLEXES) * line + 1);
  for (int i = 0; i < REALS; i++) *reals[i] = m->memory + i * line;
  for (int i = 0; i < COMPLEXES; i++) *complexes[i] = m->memory + (REALS + 2 * i) * line;
  return FH_OK;
}

void fh_method_destroy(fh_method *m)
{
  fh_free(m->memory);
  *m = (fh_method){.h = 0.0};
}

/* ---- stages -------------------------------------------------------------------------------------- */

/* out = factor u + weight slope, mode by mode */
static void combine(ptrdiff_t modes, const double *factor, const double *u, const double *weight,
                    const double *slope, double *restrict out)
{
  for (ptrdiff_t i = 0; i < modes; i++)
    for (ptrdiff_t c = 2 * i; c < 2 * i + 2; c++) out[c] = factor[i] * u[c] + weight[i] * slope[c];
}

/* out = factor a + weight (2 slope - first) */
static void combine_third(ptrdiff_t modes, const double *factor, const double *a,
                          const double *weight, const double *slope, const double *first,
                          double *restrict out)
{
  for (ptrdiff_t i = 0; i < modes; i++)
    for (ptrdiff_t c = 2 * i; c < 2 * i + 2; c++)
      out[c] = factor[i] * a[c] + weight[i] * (2.0 * slope[c] - first[c]);
}

static void combine_last(const fh_method *m, ptrdiff_t modes, const double *u, double *restrict out)
{
  for (ptrdiff_t i = 0; i < modes; i++)
    for (ptrdiff_t c = 2 * i; c < 2 * i + 2; c++)
      out[c] = m->whole[i] * u[c] + m->f1[i] * m->slope[0][c] +
               m->f2[i] * (m->slope[1][c] + m->slope[2][c]) + m->f3[i] * m->slope[3][c];
}

static fh_status step_etdrk4(fh_method *m, const fh_stepper_equation *eq, const double *u)
{
  double courant = 0.0; /* only the one at the end of the step counts */
  combine(eq->modes, m->half, u, m->q, m->slope[0], m->a);
  FH_TRY(eq->slope(eq->context, m->a, m->slope[1], &courant));
  combine(eq->modes, m->half, u, m->q, m->slope[1], m->b);
  FH_TRY(eq->slope(eq->context, m->b, m->slope[2], &courant));
  combine_third(eq->modes, m->half, m->a, m->q, m->slope[2], m->slope[0], m->b);
  FH_TRY(eq->slope(eq->context, m->b, m->slope[3], &courant));
  combine_last(m, eq->modes, u, m->next);
  return FH_OK;
}

fh_status fh_method_step(fh_method *m, const fh_stepper_equation *eq, double h, const double *u,
                         double *courant)
{
  set_coefficients(m, eq, h);
  if (m->method == FH_ETDRK4)
    FH_TRY(step_etdrk4(m, eq, u));
  else
    combine(eq->modes, m->whole, u, m->f1, m->slope[0], m->next);
  return eq->slope(eq->context, m->next, m->slope[4], courant);
}

void fh_method_norms(const fh_method *m, const fh_stepper_equation *eq, double norms[2])
{
  const double *old = m->slope[m->method == FH_ETDRK4 ? 3 : 0];
  norms[0] = norms[1] = 0.0;
  for (ptrdiff_t i = 0; i < eq->modes; i++) {
    const ptrdiff_t c = 2 * i;
    const double re = m->f3[i] * (old[c] - m->slope[4][c]);
    const double im = m->f3[i] * (old[c + 1] - m->slope[4][c + 1]);
    norms[0] += eq->weight[i] * (m->next[c] * m->next[c] + m->next[c + 1] * m->next[c + 1]);
    norms[1] += eq->weight[i] * (re * re + im * im);
  }
}
