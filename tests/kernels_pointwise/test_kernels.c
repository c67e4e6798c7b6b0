/* Every instruction set's kernels against their definitions: activations against libm in long
 * double, matrices against three loops. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "kernels/pointwise.h"

static const long double epsilon = (long double)FH_REAL_EPSILON;
static int failures;
static double worst_gelu, worst_slope, worst_tanh;

static void check(int variant, const char *what, double error, double bound)
{
  if (error <= bound) return;
  failures++;
  printf("FAIL variant %d: %s: error %.3g, allowed %.3g\n", variant, what, error, bound);
}

static double larger(double a, double b)
{
  return isnan(a) || a > b ? a : b; /* NaN stays */
}

/* error of `got` in units of the last place of `want`, where want is not below the normal numbers */
static double ulps(fh_real got, long double want)
{
  const long double scale = fabsl(want) > 1e-30L ? fabsl(want) : 1e-30L;
  return (double)(fabsl((long double)got - want) / scale / epsilon);
}

static long double normal_cdf(long double z)
{
  return 0.5L * erfcl(-z / sqrtl(2.0L));
}

enum { N = 40003 };
static fh_real z[N], y[N], y2[N], slope[N], dy[N], dz[N];

/* GELU in single precision is accurate relative to |z|, and by table or polynomial not to its tail */
static const bool tail_is_absolute = sizeof(fh_real) == 4;

static void test_accuracy(const fh_pointwise *k, int v)
{
  double gelu = 0, tail = 0, derivative = 0, tangent = 0, pair = 0;
  for (int i = 0; i < N; i++) {
    z[i] = (fh_real)(-12 + 24.0 * i / (N - 1));
    dy[i] = 1;
  }
  k->activate(FH_ACT_GELU, N, z, y);
  k->activate_both(FH_ACT_GELU, N, z, dy, y2, slope);
  k->activate_back(FH_ACT_GELU, N, z, dy, dz);
  for (int i = 0; i < N; i++) {
    const long double x = (long double)z[i], p = normal_cdf(x),
                      q = expl(-x * x / 2) / sqrtl(2 * acosl(-1.0L));
    gelu = larger(gelu, (double)(fabsl((long double)y[i] - x * p) / (fabsl(x) + 1e-30L) / epsilon));
    tail = larger(tail, ulps(y[i], x * p));
    /* the derivative has a zero at -0.75: its error is measured against its two terms */
    const long double terms = tail_is_absolute ? 1 : p + fabsl(x) * q;
    derivative =
        larger(derivative, (double)(fabsl((long double)slope[i] - (p + x * q)) / terms / epsilon));
    pair = larger(pair, fabs((double)(y[i] - y2[i])) + fabs((double)(slope[i] - dz[i])));
  }
  k->activate(FH_ACT_TANH, N, z, y);
  for (int i = 0; i < N; i++) tangent = larger(tangent, ulps(y[i], tanhl((long double)z[i])));
  worst_gelu = larger(worst_gelu, gelu);
  worst_slope = larger(worst_slope, derivative);
  worst_tanh = larger(worst_tanh, tangent);
  check(v, "gelu (units in the last place of z)", gelu, 1.5);
  if (!tail_is_absolute) check(v, "gelu (units in the last place)", tail, 4);
  /* gelu_avx2.h: five digits of what is left */
  if (tail_is_absolute && v == FH_ISA_AVX2) check(v, "tail of gelu", tail * (double)epsilon, 1e-4);
  check(v, "derivative of gelu (units in the last place)", derivative, 4);
  check(v, "gelu and slope differ between the kernels", pair, 0);
  check(v, "tanh (units in the last place)", tangent, 3);
}

static void test_small_arguments(const fh_pointwise *k, int v)
{
  for (int i = 0; i < 100; i++) z[i] = (fh_real)(1e-3 * pow(0.7, i));
  k->activate(FH_ACT_TANH, 100, z, y);
  k->activate(FH_ACT_GELU, 100, z, y2);
  double tangent = 0, gelu = 0;
  for (int i = 0; i < 100; i++) {
    tangent = larger(tangent, ulps(y[i], tanhl((long double)z[i])));
    gelu = larger(gelu, ulps(y2[i], (long double)z[i] * normal_cdf((long double)z[i])));
  }
  check(v, "tanh of small numbers", tangent, 3);
  check(v, "gelu of small numbers", gelu, 4);
}

/* far away, infinite, not a number: the limits, and no number out of none */
static void test_extremes(const fh_pointwise *k, int v)
{
  const fh_real in[] = {50, -50, (fh_real)INFINITY, (fh_real)-INFINITY, (fh_real)NAN, 0};
  fh_real g[6], s[6], t[6], r[6];
  const fh_real one[6] = {1, 1, 1, 1, 1, 1};
  k->activate_both(FH_ACT_GELU, 6, in, one, g, s);
  k->activate(FH_ACT_TANH, 6, in, t);
  k->activate(FH_ACT_RELU, 6, in, r);
  check(v, "gelu far away", fabs((double)g[0] - 50) + fabs((double)g[1]), 0);
  check(v, "gelu at infinity", isinf(g[2]) && g[2] > 0 && g[3] == 0 ? 0 : 1, 0);
  check(v, "slope far away",
        fabs((double)s[0] - 1) + fabs((double)s[1]) + fabs((double)s[2] - 1) + fabs((double)s[3]),
        0);
  check(v, "tanh far away", fabs((double)t[0] - 1) + fabs((double)t[3] + 1), 0);
  check(v, "NaN passes", isnan(g[4]) && isnan(s[4]) && isnan(t[4]) && isnan(r[4]) ? 0 : 1, 0);
  check(v, "zero", fabs((double)g[5]) + fabs((double)t[5]) + fabs((double)s[5] - 0.5),
        FH_REAL_EPSILON);
}

static void test_relu(const fh_pointwise *k, int v)
{
  const fh_real in[] = {-2, (fh_real)-0.5, 0, (fh_real)0.25, 3}, d[] = {1, 2, 3, 4, 5};
  const fh_real want_y[] = {0, 0, 0, (fh_real)0.25, 3}, want_d[] = {0, 0, 0, 4, 5};
  fh_real out[5], back[5];
  k->activate(FH_ACT_RELU, 5, in, out);
  k->activate_back(FH_ACT_RELU, 5, in, d, back);
  for (int i = 0; i < 5; i++)
    check(v, "relu", fabs((double)(out[i] - want_y[i])) + fabs((double)(back[i] - want_d[i])), 0);
}

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 7, .stream = FH_STREAM_TEST, .sample = 0, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

enum { MOST = 21, LD = 96, ROWS = 2 * MOST };
static fh_real w[MOST * MOST], packed[MOST * MOST], bias[MOST], gate[MOST], c[MOST * LD],
    x[ROWS * LD], out[MOST * LD], sum[MOST * MOST * 64], total[MOST * MOST];

/* y = w x + bias + gate c on rows as far from each other as those of a tile, or that overlap, as a convolution's do; then
 * the adjoint in w */
static void test_matrix(const fh_pointwise *k, int v, bool tile, ptrdiff_t m, ptrdiff_t q,
                        ptrdiff_t n)
{
  ptrdiff_t off[MOST];
  for (ptrdiff_t j = 0; j < q; j++) off[j] = tile ? j * LD : (j / 3) * LD + j % 3;
  const fh_real untouched = 12345;
  for (ptrdiff_t i = 0; i < MOST * LD; i++) out[i] = untouched;
  k->pack(m, q, w, q, 1, packed);
  k->apply(m, q, n, packed, bias, c, LD, gate, x, LD, tile ? NULL : off, out, LD);
  double error = 0, spill = 0;
  for (ptrdiff_t i = 0; i < m; i++)
    for (ptrdiff_t t = 0; t < LD; t++) {
      double want = (double)bias[i] + (double)gate[i] * (double)c[i * LD + t];
      for (ptrdiff_t j = 0; j < q; j++) want += (double)w[i * q + j] * (double)x[off[j] + t];
      if (t < n) error = larger(error, fabs((double)out[i * LD + t] - want));
      if (t >= n) spill = larger(spill, fabs((double)(out[i * LD + t] - untouched)));
    }
  check(v, "apply", error, 60 * FH_REAL_EPSILON);
  check(v, "apply writes behind the last column", spill, 0);

  fh_real a[MOST * LD] = {0};
  for (ptrdiff_t i = 0; i < m; i++)
    for (ptrdiff_t t = 0; t < n; t++) a[i * LD + t] = c[i * LD + t];
  memset(sum, 0, sizeof sum);
  for (ptrdiff_t i = 0; i < m * q; i++) total[i] = 1;
  k->outer(m, q, n, a, LD, x, LD, tile ? NULL : off, sum);
  k->fold(m * q, sum, total);
  error = 0;
  for (ptrdiff_t i = 0; i < m; i++)
    for (ptrdiff_t j = 0; j < q; j++) {
      double want = 1;
      for (ptrdiff_t t = 0; t < n; t++) want += (double)a[i * LD + t] * (double)x[off[j] + t];
      error = larger(error, fabs((double)total[i * q + j] - want));
    }
  check(v, "outer", error, 200 * FH_REAL_EPSILON);
}

static void test_matrices(const fh_pointwise *k, int v)
{
  fill(w, MOST * MOST, 1);
  fill(bias, MOST, 2);
  fill(c, MOST * LD, 3);
  fill(gate, MOST, 5);
  fill(x, ROWS * LD, 4);
  const ptrdiff_t sizes[] = {1, 2, 3, 5, 8, 13, 16, 21}, columns[] = {1, 7, 16, 33, 64};
  for (int i = 0; i < 8; i++)
    for (int j = 0; j < 8; j++)
      for (int t = 0; t < 10; t++) test_matrix(k, v, t < 5, sizes[i], sizes[j], columns[t % 5]);
}

/* a large mean must not drown the variance */
static void test_moments(const fh_pointwise *k, int v)
{
  enum { COUNT = 1003 };
  double mean = 0, variance = 0, s[2], g[2], want[2] = {0, 0};
  fill(x, COUNT, 9);
  fill(c, COUNT, 10);
  for (int i = 0; i < COUNT; i++) {
    x[i] += 4096;
    mean += (double)x[i] / COUNT;
  }
  for (int i = 0; i < COUNT; i++) {
    variance += ((double)x[i] - mean) * ((double)x[i] - mean) / COUNT;
    want[0] += (double)c[i];
    want[1] += (double)c[i] * ((double)x[i] - mean);
  }
  k->moments(COUNT, x, (double)x[0], s);
  const double m = s[0] / COUNT;
  check(v, "mean", fabs((double)x[0] + m - mean), 1e-11);
  check(v, "variance", fabs(s[1] / COUNT - m * m - variance), 1e-11);
  k->weighted_moments(COUNT, c, NULL, x, mean, g);
  check(v, "weighted moments", fabs(g[0] - want[0]) + fabs(g[1] - want[1]), 1e-10);
}

int main(void)
{
  int variants = 0;
  for (int v = 0; v < FH_ISA_COUNT; v++) {
    const fh_pointwise *k = fh_pointwise_variant((fh_isa)v);
    if (!k) continue;
    variants++;
    test_accuracy(k, v);
    test_small_arguments(k, v);
    test_extremes(k, v);
    test_relu(k, v);
    test_matrices(k, v);
    test_moments(k, v);
  }
  check(-1, "the choice", fh_pointwise_get() == fh_pointwise_variant(fh_isa_best()) ? 0 : 1, 0);
  if (!failures)
    printf("pointwise kernels " FH_PRECISION ": %d instruction sets, worst errors in units of the "
           "last place: gelu %.1f, its derivative %.1f, tanh %.1f\n",
           variants, worst_gelu, worst_slope, worst_tanh);
  return failures != 0;
}
