/* loss: published check values, every kind against its definition and finite differences, zeros,
   batches, and what must be refused */
#include "train/loss.h"

#include "base/memory.h"
#include "check.h"

static const bool f64 = sizeof(fh_real) == 8;

static fh_loss_config defaults(int kind)
{
  fh_loss_config c;
  MUST(fh_config_defaults(fh_loss_fields, &c));
  c.kind = kind;
  return c;
}

static double value_of(const fh_loss_config *c, const fh_shape *shape, const fh_real *x,
                       const fh_real *y)
{
  fh_loss *l;
  double value;
  MUST(fh_loss_create(c, shape, &l));
  MUST(fh_loss_eval(l, 1, x, y, 1, &value, NULL));
  fh_loss_destroy(&l);
  return value;
}

/* neuraloperator's values for x = 0, .1, .., 1.1 and y = sin(0..11) on 3 x 4 points. */
static void test_check_values(void)
{
  const fh_shape shape = box_shape(1, 1, 2, (ptrdiff_t[]){3, 4});
  fh_real x[12], y[12];
  for (int i = 0; i < 12; i++) x[i] = (fh_real)(0.1 * i), y[i] = (fh_real)sin(i);
  fh_loss_config c = defaults(FH_LOSS_LP);
  near(value_of(&c, &shape, x, y), 1.4367168, 1e-6, "Lp rel");
  c.relative = false;
  c.measure.value[0] = 6.283185307179586;
  const double two_pi = value_of(&c, &shape, x, y);
  c.measure.value[0] = 1;
  const double one = value_of(&c, &shape, x, y);
  near(two_pi / one, 6.283185307179586, 1e-6, "Lp abs scales with the root of the area");
  near(one, 1.0160318, 1e-6, "Lp abs");
  c = defaults(FH_LOSS_H1);
  near(value_of(&c, &shape, x, y), 1.1237651, 1e-6, "H1 rel");
  c.measure.value[0] = 6.283185307179586;
  near(value_of(&c, &shape, x, y), 1.3413291, 1e-6, "H1 rel, measure 2 pi");
}

/* ---- gradients by central differences, in f64 ---- */

/* sum_b value_b as a function of the prediction, along a direction */
static double along(fh_loss *l, const fh_shape *shape, const fh_real *x, const fh_real *y,
                    const fh_real *direction, double t)
{
  double value[8], sum = 0;
  const ptrdiff_t n = fh_shape_size(shape);
  fh_real *moved = fh_calloc(n, sizeof *moved);
  for (ptrdiff_t i = 0; i < n; i++) moved[i] = (fh_real)((double)x[i] + t * (double)direction[i]);
  MUST(fh_loss_eval(l, shape->batch, moved, y, 1, value, NULL));
  for (ptrdiff_t b = 0; b < shape->batch; b++) sum += value[b];
  fh_free(moved);
  return sum;
}

static void check_gradient(const fh_loss_config *c, const fh_shape *shape, const char *what)
{
  const ptrdiff_t n = fh_shape_size(shape);
  fh_real *x = fh_calloc(4 * n, sizeof *x), *y = x + n, *d = y + n, *g = d + n;
  double value[8], slope = 0;
  fh_loss *l;
  for (int s = 0; s < 3; s++) fill_noise((uint64_t)s + 10, n, x + s * n);
  MUST(fh_loss_create(c, shape, &l));
  const long allocations = fh_memory_allocations();
  MUST(fh_loss_eval(l, shape->batch, x, y, 0.25, value, g));
  expect(fh_memory_allocations() == allocations, "eval allocates nothing");
  for (ptrdiff_t i = 0; i < n; i++) slope += 4 * (double)g[i] * (double)d[i];
  /* Richardson: the error is of fourth order; round-off goes with the size of the value */
  const double h = f64 ? 1e-3 : 1e-2, size = 1 + fabs(value[0]) + fabs(value[1]);
  const double coarse = along(l, shape, x, y, d, 2 * h) - along(l, shape, x, y, d, -2 * h);
  const double fine = along(l, shape, x, y, d, h) - along(l, shape, x, y, d, -h);
  near(slope / size, (8 * fine - coarse) / (12 * h) / size, f64 ? 1e-9 : 1e-3, what);
  fh_loss_destroy(&l);
  fh_free(x);
}

static void check_gradients(fh_loss_config c, const char *what)
{
  static const ptrdiff_t sizes[][3] = {{9, 0, 0}, {6, 7, 0}, {4, 5, 6}};
  for (int dim = 1; dim <= 3; dim++)
    for (int joint = 0; joint < 2; joint++) {
      const fh_shape shape = box_shape(2, 3, dim, sizes[dim - 1]);
      c.joint = joint;
      check_gradient(&c, &shape, what);
    }
}

static void test_gradients(void)
{
  for (int kind = FH_LOSS_LP; kind <= FH_LOSS_MSE; kind++)
    for (int bits = 0; bits < 16; bits++) {
      fh_loss_config c = defaults(kind);
      c.relative = bits & 1;
      c.square_root = bits & 2;
      c.periodic = bits & 4;
      c.edge = bits & 8 ? FH_EDGE_FIRST : FH_EDGE_THIRD;
      c.p = bits & 4 ? 2 : 3.5;
      c.value_weight = bits & 8 ? 10 : 1;
      c.truncation = bits & 4 ? 2 : 0;
      c.weight = bits & 8 ? 1 : 0.5;
      c.measure.value[0] = 1.7;
      check_gradients(c, fh_loss_names[kind]);
    }
  fh_loss_config mixed = defaults(FH_LOSS_H1);
  const fh_shape shape = box_shape(2, 1, 3, (ptrdiff_t[]){1, 4, 2});
  mixed.periodic_axes = (fh_int_list){3, {1, 0, 1}};
  mixed.measure = (fh_real_list){3, {0.5, 2, 3}};
  check_gradient(&mixed, &shape, "axes of 1 and 2 points, mixed boundaries");
}

/* ---- definitions ---- */

/* |w DFT z|^2 with MgNO's list of wave numbers 0..n/2-1, -(n+1)/2..-1 and the sums written out. */
static double spectral_definition(ptrdiff_t n1, ptrdiff_t n2, double k_most, const double *z)
{
  double sum = 0;
  for (ptrdiff_t i = 0; i < n1; i++)
    for (ptrdiff_t j = 0; j < n2; j++) {
      double re = 0, im = 0;
      for (ptrdiff_t a = 0; a < n1; a++)
        for (ptrdiff_t b = 0; b < n2; b++) {
          const double angle =
              -2 * acos(-1) * ((double)(i * a) / (double)n1 + (double)(j * b) / (double)n2);
          re += z[a * n2 + b] * cos(angle), im += z[a * n2 + b] * sin(angle);
        }
      const double k1 = i < n1 / 2 ? (double)i : (double)(n1 - i);
      const double k2 = j < n2 / 2 ? (double)j : (double)(n2 - j);
      const double w = 1 + (k1 < k_most ? k1 * k1 : 0) + (k2 < k_most ? k2 * k2 : 0);
      sum += w * (re * re + im * im) / (double)(n1 * n2);
    }
  return sum;
}

static void check_spectral(ptrdiff_t n1, ptrdiff_t n2)
{
  const fh_shape shape = box_shape(1, 1, 2, (ptrdiff_t[]){n1, n2});
  fh_real x[128], y[128];
  double e[128], truth[128];
  fh_loss_config c = defaults(FH_LOSS_SPECTRAL_H1);
  c.truncation = 3;
  c.epsilon = 0;
  fill_noise(20, n1 * n2, x);
  fill_noise(21, n1 * n2, y);
  for (ptrdiff_t i = 0; i < n1 * n2; i++)
    e[i] = (double)x[i] - (double)y[i], truth[i] = (double)y[i];
  const double want =
      sqrt(spectral_definition(n1, n2, 3, e) / spectral_definition(n1, n2, 3, truth));
  near(value_of(&c, &shape, x, y), want, f64 ? 1e-13 : 1e-6, "spectral H1 by its definition");
}

/* One-sided differences are exact for cubics (third) and lines (first). */
static void test_edges(void)
{
  const ptrdiff_t n = 8;
  const fh_shape shape = box_shape(1, 1, 1, &n);
  fh_real x[8], zero[8] = {0};
  fh_loss_config c = defaults(FH_LOSS_H1);
  c.relative = c.quadrature = c.square_root = c.periodic = false;
  c.value_weight = 0;
  c.measure.value[0] = 8; /* spacing 1 */
  double want = 0;
  for (int i = 0; i < 8; i++) {
    x[i] = (fh_real)(i * i * i);
    want += i == 0 || i == 7 ? pow(3.0 * i * i, 2) : pow(3.0 * i * i + 1, 2);
  }
  near(value_of(&c, &shape, x, zero) / want, 1, f64 ? 1e-13 : 1e-6, "third order at the ends");
  for (int i = 0; i < 8; i++) x[i] = (fh_real)(3 * i + 2);
  c.edge = FH_EDGE_FIRST;
  near(value_of(&c, &shape, x, zero), 8 * 9, 1e-6, "first order at the ends");
}

static void test_mse(void)
{
  const ptrdiff_t n = 4;
  const fh_shape shape = box_shape(1, 2, 1, &n);
  const fh_real x[8] = {1, 2, 3, 4, 5, 6, 7, 8}, y[8] = {0};
  fh_loss_config c = defaults(FH_LOSS_MSE);
  near(value_of(&c, &shape, x, y), 204.0 / 8, 1e-12, "mean over channels and points");
}

/* ---- zeros, batches ---- */

static void test_zeros(void)
{
  const fh_shape shape = box_shape(1, 1, 2, (ptrdiff_t[]){6, 5});
  fh_real x[30], zero[30] = {0}, g[30];
  fill_noise(30, 30, x);
  for (int kind = FH_LOSS_LP; kind <= FH_LOSS_MSE; kind++)
    for (int p = 1; p <= 3; p++) {
      fh_loss *l;
      double value, absolute;
      fh_loss_config c = defaults(kind);
      c.p = p;
      c.epsilon = 0;
      MUST(fh_loss_create(&c, &shape, &l));
      MUST(fh_loss_eval(l, 1, x, x, 1, &value, g));
      expect(!(value > 0) && !isnan(value), "no difference, no loss");
      for (int i = 0; i < 30; i++) expect(fabs((double)g[i]) <= 0, "no difference, no gradient");
      MUST(fh_loss_eval(l, 1, zero, zero, 1, &value, g));
      expect(!(value > 0) && !isnan(value), "zeros have no loss");
      MUST(fh_loss_eval(l, 1, x, zero, 1, &value, g));
      c.relative = c.quadrature = false;
      absolute = value_of(&c, &shape, x, zero);
      near(value, absolute, 1e-12, "a truth of zeros gives the absolute loss");
      fh_loss_destroy(&l);
    }
}

static void test_batches(void)
{
  const fh_shape shape = box_shape(5, 2, 2, (ptrdiff_t[]){7, 6});
  enum { SAMPLE = 84 };
  static fh_real x[5 * SAMPLE], y[5 * SAMPLE], g[5 * SAMPLE], one[SAMPLE];
  fill_noise(40, 5 * SAMPLE, x);
  fill_noise(41, 5 * SAMPLE, y);
  for (int kind = FH_LOSS_LP; kind <= FH_LOSS_MSE; kind++) {
    fh_loss *l;
    double all[5], value;
    fh_loss_config c = defaults(kind);
    MUST(fh_loss_create(&c, &shape, &l));
    MUST(fh_loss_eval(l, 5, x, y, 1, all, g));
    for (int b = 4; b >= 0; b--) {
      MUST(fh_loss_eval(l, 1, x + b * SAMPLE, y + b * SAMPLE, 1, &value, one));
      expect(!memcmp(&value, &all[b], sizeof value), "a value does not depend on its batch");
      expect(!memcmp(one, g + b * SAMPLE, sizeof one), "nor does a gradient");
    }
    fh_loss_destroy(&l);
  }
}

static void test_not_finite(void)
{
  const ptrdiff_t n = 6;
  const fh_shape shape = box_shape(1, 1, 1, &n);
  for (int kind = FH_LOSS_LP; kind <= FH_LOSS_MSE; kind++) {
    fh_real x[6] = {1, 2, (fh_real)NAN, 4, 5, 6}, y[6] = {1, 1, 1, 1, 1, 1};
    fh_loss_config c = defaults(kind);
    expect(isnan(value_of(&c, &shape, x, y)), "NaN in the prediction shows in the loss");
    if (kind != FH_LOSS_MSE) expect(isnan(value_of(&c, &shape, y, x)), "and in the truth");
  }
}

/* ---- errors ---- */

static void refuse(const fh_loss_config *c, const fh_shape *shape, fh_status want,
                   const char *words)
{
  fh_loss *l;
  refused(fh_loss_create(c, shape, &l), want, words);
  expect(l == NULL, "no loss after an error");
}

static void test_errors(void)
{
  const ptrdiff_t n[2] = {3, 8};
  fh_shape shape = box_shape(1, 1, 2, n);
  fh_loss_config c = defaults(FH_LOSS_H1);
  c.periodic = false;
  refuse(&c, &shape, FH_ERR_USAGE, "axis 0 has 3 points");
  c.edge = FH_EDGE_FIRST;
  fh_loss *l;
  MUST(fh_loss_create(&c, &shape, &l));
  refused(fh_loss_eval(l, -1, NULL, NULL, 1, NULL, NULL), FH_ERR_ARG, "-1 samples");
  fh_loss_destroy(&l);
  c.measure.count = 3;
  refuse(&c, &shape, FH_ERR_USAGE, "-loss_measure has 3 numbers");
  c.measure.count = 1;
  c.periodic_axes.count = 1;
  refuse(&c, &shape, FH_ERR_USAGE, "-loss_periodic_axes has 1");
  c.periodic_axes.count = 0;
  c.measure.value[0] = 0;
  refuse(&c, &shape, FH_ERR_USAGE, "extents must be positive");
  c = defaults(FH_LOSS_LP);
  c.p = 0.5;
  refuse(&c, &shape, FH_ERR_USAGE, "-loss_p is 0.5");
  c = defaults(7);
  refuse(&c, &shape, FH_ERR_USAGE, "loss 7");
  c = defaults(FH_LOSS_LP);
  c.epsilon = -1;
  refuse(&c, &shape, FH_ERR_USAGE, "-loss_epsilon -1");
  c = defaults(FH_LOSS_LP);
  MUST(fh_layout_split(&shape.layout.grid, (int[]){1, 2, 1}, (int[]){0, 1, 0}, &shape.layout));
  refuse(&c, &shape, FH_ERR_UNSUPPORTED, "12 of 24 points");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  test_check_values();
  test_gradients();
  check_spectral(8, 8);
  check_spectral(7, 9);
  check_spectral(6, 11);
  check_spectral(1, 2);
  test_edges();
  test_mse();
  test_zeros();
  test_batches();
  test_not_finite();
  test_errors();
  return finish("train loss");
}
