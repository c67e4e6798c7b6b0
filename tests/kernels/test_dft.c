/* The truncated DFT against its definition, point by point and frequency by frequency, in long double;
 * both methods, every instruction set of this processor; and the two functions as transposes. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "kernels/dft.h"

static const double tolerance = sizeof(fh_real) == 8 ? 1e-13 : 4e-6;
static int failures, checks;

typedef struct {
  fh_dft_spec s;
  ptrdiff_t fields;
} dft_case;

/* dim, n, first, count, other, side */
static const dft_case cases[] = {
    {{1, {9}, {0}, {4}, {0}, FH_DFT_INPUT, 0, 0}, 3},
    {{1, {8}, {0}, {5}, {8}, FH_DFT_OUTPUT, 0, 0}, 30},
    {{1, {12}, {0}, {5}, {8}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{1, {8}, {0}, {5}, {12}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{1, {1}, {0}, {1}, {4}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{1, {101}, {0}, {33}, {0}, FH_DFT_INPUT, 0, 0}, 25},
    {{2, {12, 10}, {-3, 0}, {6, 4}, {0}, FH_DFT_INPUT, 0, 0}, 3},
    {{2, {8, 8}, {-4, 0}, {8, 5}, {8, 8}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{2, {7, 40}, {-3, 0}, {7, 9}, {7, 40}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{2, {12, 16}, {-4, 0}, {8, 5}, {8, 8}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{2, {6, 8}, {-3, 0}, {7, 5}, {9, 12}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{2, {33, 48}, {-6, 0}, {12, 18}, {0}, FH_DFT_INPUT, 0, 0}, 1},
    {{2, {3, 17}, {-1, 0}, {2, 1}, {0}, FH_DFT_INPUT, 0, 0}, 2},
    {{2, {64, 21}, {0, 0}, {1, 2}, {0}, FH_DFT_INPUT, 0, 0}, 2},
    {{3, {5, 6, 7}, {-2, -2, 0}, {4, 5, 3}, {5, 6, 7}, FH_DFT_OUTPUT, 0, 0}, 2},
    {{3, {4, 4, 20}, {-2, -2, 0}, {4, 4, 11}, {0}, FH_DFT_INPUT, 0, 0}, 2},
    {{3, {8, 5, 6}, {-2, -2, 0}, {4, 5, 4}, {4, 7, 8}, FH_DFT_OUTPUT, 0, 0}, 2},
};

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 7, .stream = FH_STREAM_TEST, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

/* the definition of dft.h, written out: the factor of frequency f of axis a at point j */
static void factor(const fh_dft_spec *s, int a, ptrdiff_t f, ptrdiff_t j, double *c, double *sn)
{
  const double t = 2 * acos(-1.0) * (double)(f * j % s->n[a]) / (double)s->n[a];
  const ptrdiff_t least = s->other[a] && s->other[a] < s->n[a] ? s->other[a] : s->n[a];
  *c = cos(t);
  *sn = 2 * labs(f) == least ? 0 : sin(t);
  if (a != s->dim - 1) return;
  double w = s->side == FH_DFT_INPUT || f == 0 || 2 * f == s->other[a] ? 1 : 2;
  for (int b = 0; s->side == FH_DFT_INPUT && b < s->dim; b++) w /= (double)s->n[b];
  *c *= w;
  *sn *= w;
}

/* entry (re, im of mode k; point j) of the matrix of analyse */
static void entry(const fh_dft_spec *s, ptrdiff_t k, ptrdiff_t j, double *re, double *im)
{
  *re = 1;
  *im = 0;
  for (int a = s->dim - 1; a >= 0; a--) {
    double c, sn;
    factor(s, a, s->first[a] + k % s->count[a], j % s->n[a], &c, &sn);
    const double r = *re * c + *im * sn, i = *im * c - *re * sn;
    *re = r;
    *im = i;
    k /= s->count[a];
    j /= s->n[a];
  }
}

static void compare(const char *what, const dft_case *c, ptrdiff_t n, const fh_real *got,
                    const double *want)
{
  double worst = 0, most = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    const double e = fabs((double)got[i] - want[i]);
    if (!(e <= worst)) worst = e;
    most = fmax(most, fabs(want[i]));
  }
  checks++;
  if (worst <= tolerance * most) return;
  failures++;
  printf("FAIL %s, %s, %s: %d axes of %td, %td, %td points: %.3g of %.3g\n", what,
         c->s.method == FH_DFT_GEMM ? "products" : "FFTW", fh_isa_name(c->s.isa), c->s.dim,
         c->s.n[0], c->s.n[1], c->s.n[2], worst, most);
}

typedef struct {
  fh_real *x, *z, *work;
  double *want_x, *want_z;
} arrays;

static fh_status check_case(const dft_case *c, arrays *m)
{
  fh_dft *d = NULL;
  FH_TRY(fh_dft_create(&c->s, &d));
  ptrdiff_t points = 1;
  for (int a = 0; a < c->s.dim; a++) points *= c->s.n[a];
  const ptrdiff_t modes = fh_dft_modes(d), nx = c->fields * points, nz = 2 * c->fields * modes;
  FH_NEW(m->x, nx);
  FH_NEW(m->z, nz + FH_DFT_SLACK);
  FH_NEW(m->want_x, nx);
  FH_NEW(m->want_z, nz);
  FH_NEW(m->work, (ptrdiff_t)(fh_dft_work(d) / sizeof(fh_real)));
  memset(m->work, 0xff, fh_dft_work(d)); /* NaN: nothing of it may be read before it is written */
  fill(m->x, nx, 1);
  for (ptrdiff_t f = 0; f < c->fields; f++)
    for (ptrdiff_t k = 0; k < modes; k++)
      for (ptrdiff_t j = 0; j < points; j++) {
        double re, im;
        entry(&c->s, k, j, &re, &im);
        m->want_z[2 * (f * modes + k)] += re * (double)m->x[f * points + j];
        m->want_z[2 * (f * modes + k) + 1] += im * (double)m->x[f * points + j];
      }
  fh_dft_analyse(d, c->fields, m->x, m->z, m->work);
  compare("analyse", c, nz, m->z, m->want_z);
  fill(m->z, nz, 2);
  for (ptrdiff_t f = 0; f < c->fields; f++)
    for (ptrdiff_t k = 0; k < modes; k++)
      for (ptrdiff_t j = 0; j < points; j++) {
        double re, im;
        entry(&c->s, k, j, &re, &im);
        m->want_x[f * points + j] +=
            re * (double)m->z[2 * (f * modes + k)] + im * (double)m->z[2 * (f * modes + k) + 1];
      }
  memset(m->work, 0xff, fh_dft_work(d));
  fh_dft_synthesise(d, c->fields, m->z, m->x, m->work);
  compare("synthesise", c, nx, m->x, m->want_x);
  fh_dft_destroy(&d);
  return FH_OK;
}

static fh_status run(void)
{
  for (int isa = 0; isa < FH_ISA_COUNT; isa++)
    for (int method = FH_DFT_GEMM; fh_isa_runs((fh_isa)isa) && method <= FH_DFT_FFTW; method++)
      for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        dft_case c = cases[i];
        c.s.isa = (fh_isa)isa;
        c.s.method = (fh_dft_method)method;
        arrays m = {0};
        const fh_status st = check_case(&c, &m);
        fh_free(m.x);
        fh_free(m.z);
        fh_free(m.work);
        fh_free(m.want_x);
        fh_free(m.want_z);
        FH_TRY(st);
      }
  return FH_OK;
}

static bool refuses(fh_dft_spec s)
{
  fh_dft *d = NULL;
  const fh_status st = fh_dft_create(&s, &d);
  fh_dft_destroy(&d);
  return st == FH_ERR_ARG;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  if (!refuses((fh_dft_spec){.dim = 1, .n = {8}, .count = {6}}) ||
      !refuses((fh_dft_spec){.dim = 2, .n = {4, 4}, .first = {-3}, .count = {4, 2}}) ||
      !refuses((fh_dft_spec){.dim = 4}) ||
      !refuses((fh_dft_spec){.dim = 1, .n = {0}, .count = {1}})) {
    failures++;
    printf("FAIL: a transform that makes no sense was made\n");
  }
  if (!failures && st == FH_OK)
    printf("truncated DFT: %d comparisons with the definition\n", checks);
  MPI_Finalize();
  return failures || st != FH_OK;
}
