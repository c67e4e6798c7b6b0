/* Mode mixing and its adjoints against the sums that define them, every instruction set of this
 * processor; a sample's bits do not depend on the number of samples; gather and scatter. */
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "kernels/mixing.h"

static const double tolerance = sizeof(fh_real) == 8 ? 1e-14 : 2e-6;
static int failures, checks;

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 11, .stream = FH_STREAM_TEST, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

static double complex at(const fh_real *x, ptrdiff_t i)
{
  return (double)x[2 * i] + (double complex)I * (double)x[2 * i + 1];
}

static void expect(const char *what, const fh_mix_size *n, int isa, double error, double scale)
{
  checks++;
  if (error <= tolerance * scale) return;
  failures++;
  printf("FAIL %s, %s: %td samples, %td to %td channels, %td modes: %.3g of %.3g\n", what,
         fh_isa_name((fh_isa)isa), n->samples, n->in, n->out, n->modes, error, scale);
}

typedef struct {
  fh_real *x, *y, *w, *old, *again; /* spectra in and out, weights, what dw was, other batches */
} arrays;

/* index of w(i, o, k); separable: the weight of a channel, where i = o */
static ptrdiff_t weight(const fh_mix_size *n, bool each, ptrdiff_t i, ptrdiff_t o, ptrdiff_t k)
{
  return ((each ? 0 : i * n->out) + o) * n->modes + k;
}

static void check_forward(const fh_mix_size *n, int isa, bool each, const arrays *m)
{
  const fh_mix_table *t = fh_mix_table_get((fh_isa)isa);
  (each ? t->each_forward : t->forward)(n, m->w, m->x, m->y);
  double worst = 0, most = 0;
  for (ptrdiff_t s = 0; s < n->samples; s++)
    for (ptrdiff_t o = 0; o < n->out; o++)
      for (ptrdiff_t k = 0; k < n->modes; k++) {
        double complex sum = 0;
        for (ptrdiff_t i = each ? o : 0; i < (each ? o + 1 : n->in); i++)
          sum += at(m->w, weight(n, each, i, o, k)) * at(m->x, (s * n->in + i) * n->modes + k);
        const double e = cabs(at(m->y, (s * n->out + o) * n->modes + k) - sum);
        if (!(e <= worst)) worst = e;
        most = fmax(most, cabs(sum));
      }
  expect(each ? "each forward" : "forward", n, isa, worst, most);
}

static void check_backward(const fh_mix_size *n, int isa, bool each, const arrays *m)
{
  const fh_mix_table *t = fh_mix_table_get((fh_isa)isa);
  (each ? t->each_backward : t->backward)(n, m->w, m->y, m->again);
  double worst = 0, most = 0;
  for (ptrdiff_t s = 0; s < n->samples; s++)
    for (ptrdiff_t i = 0; i < n->in; i++)
      for (ptrdiff_t k = 0; k < n->modes; k++) {
        double complex sum = 0;
        for (ptrdiff_t o = each ? i : 0; o < (each ? i + 1 : n->out); o++)
          sum +=
              conj(at(m->w, weight(n, each, i, o, k))) * at(m->y, (s * n->out + o) * n->modes + k);
        const double e = cabs(at(m->again, (s * n->in + i) * n->modes + k) - sum);
        if (!(e <= worst)) worst = e;
        most = fmax(most, cabs(sum));
      }
  expect(each ? "each backward" : "backward", n, isa, worst, most);
}

static void check_gradient(const fh_mix_size *n, int isa, bool each, const arrays *m)
{
  const fh_mix_table *t = fh_mix_table_get((fh_isa)isa);
  const ptrdiff_t weights = n->modes * n->out * (each ? 1 : n->in);
  memcpy(m->old, m->w, (size_t)weights * 2 * sizeof *m->w);
  (each ? t->each_gradient : t->gradient)(n, m->x, m->y, m->w);
  double worst = 0, most = 0;
  for (ptrdiff_t i = 0; i < n->in; i++)
    for (ptrdiff_t o = each ? i : 0; o < (each ? i + 1 : n->out); o++)
      for (ptrdiff_t k = 0; k < n->modes; k++) {
        double complex sum = at(m->old, weight(n, each, i, o, k));
        for (ptrdiff_t s = 0; s < n->samples; s++)
          sum += conj(at(m->x, (s * n->in + i) * n->modes + k)) *
                 at(m->y, (s * n->out + o) * n->modes + k);
        const double e = cabs(at(m->w, weight(n, each, i, o, k)) - sum);
        if (!(e <= worst)) worst = e;
        most = fmax(most, cabs(sum));
      }
  expect(each ? "each gradient" : "gradient", n, isa, worst, most);
}

/* the last sample by itself */
static void check_batch(const fh_mix_size *n, int isa, const arrays *m)
{
  const fh_mix_table *t = fh_mix_table_get((fh_isa)isa);
  const fh_mix_size one = {1, n->in, n->out, n->modes};
  const ptrdiff_t in = 2 * n->in * n->modes, out = 2 * n->out * n->modes, last = n->samples - 1;
  t->forward(n, m->w, m->x, m->y);
  t->forward(&one, m->w, m->x + last * in, m->again);
  checks++;
  if (memcmp(m->again, m->y + last * out, (size_t)out * sizeof(fh_real)) != 0) {
    failures++;
    printf("FAIL: a sample's bits depend on %td samples\n", n->samples);
  }
}

static fh_status check_size(const fh_mix_size *n, int isa)
{
  arrays m = {0};
  const ptrdiff_t channels = n->in > n->out ? n->in : n->out;
  const ptrdiff_t spectra = 2 * n->samples * channels * n->modes;
  const ptrdiff_t weights = 2 * n->in * n->out * n->modes;
  FH_NEW(m.x, spectra);
  FH_NEW(m.y, spectra);
  FH_NEW(m.again, spectra);
  FH_NEW(m.w, weights);
  FH_NEW(m.old, weights);
  fill(m.x, spectra, 1);
  for (int each = 0; each <= (n->in == n->out); each++) {
    fill(m.w, weights, 2);
    check_forward(n, isa, each, &m);
    check_backward(n, isa, each, &m);
    check_gradient(n, isa, each, &m);
  }
  check_batch(n, isa, &m);
  fh_free(m.x);
  fh_free(m.y);
  fh_free(m.again);
  fh_free(m.w);
  fh_free(m.old);
  return FH_OK;
}

static void check_box(void)
{
  const fh_mix_box b = {3, {3, 4, 5}, {1, 0, 0}, {2, 3, 4}}, whole = {2, {3, 4}, {0, 0}, {3, 4}};
  fh_real w[2 * 2 * 60], part[2 * 2 * 24];
  for (int i = 0; i < 2 * 2 * 60; i++) w[i] = (fh_real)i;
  fh_mix_gather(&b, 2, w, part);
  bool ok = !fh_mix_box_is_whole(&b) && fh_mix_box_is_whole(&whole);
  for (int m = 0; m < 2; m++)
    for (int i = 0; i < 2; i++)
      for (int j = 0; j < 3; j++)
        for (int k = 0; k < 8; k++) {
          const int from = 2 * (((m * 3 + i + 1) * 4 + j) * 5) + k;
          const int to = ((m * 2 + i) * 3 + j) * 8 + k;
          ok &= part[to] == (fh_real)from;
          part[to] = 1;
        }
  fh_mix_scatter(&b, 2, part, w);
  for (int i = 0; i < 2 * 2 * 60; i++) {
    const int k = i / 2 % 5, j = i / 10 % 4, p = i / 40 % 3;
    ok &= w[i] == (fh_real)(i + (p >= 1 && j < 3 && k < 4));
  }
  checks++;
  if (ok) return;
  failures++;
  printf("FAIL: gather or scatter took the wrong modes\n");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  static const fh_mix_size sizes[] = {
      {1, 1, 1, 1},  {2, 3, 2, 2},   {3, 2, 5, 3},  {1, 4, 4, 8},  {4, 3, 3, 9},      {5, 5, 5, 31},
      {7, 2, 3, 40}, {9, 6, 7, 144}, {6, 8, 8, 84}, {3, 9, 4, 33}, {2, 32, 33, 1003},
  }; /* the last: weights that are taken in long runs */
  fh_status st = FH_OK;
  for (int isa = 0; isa < FH_ISA_COUNT; isa++)
    for (size_t i = 0; st == FH_OK && i < sizeof sizes / sizeof *sizes; i++)
      if (fh_isa_runs((fh_isa)isa)) st = check_size(&sizes[i], isa);
  check_box();
  if (st != FH_OK) fh_status_print(stderr);
  if (!failures && st == FH_OK) printf("mode mixing: %d comparisons with the sums\n", checks);
  MPI_Finalize();
  return failures || st != FH_OK;
}
