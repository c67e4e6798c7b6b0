/* rfft: every mode against the sum that defines it, the way back, and what must be refused */
#include "kernels/rfft.h"

#include "check.h"

static void mode_by_sum(int dim, const ptrdiff_t *n, ptrdiff_t points, const fh_real *x,
                        const ptrdiff_t *k, double *z)
{
  z[0] = z[1] = 0;
  for (ptrdiff_t i = 0; i < points; i++) {
    double turns = 0;
    ptrdiff_t rest = i;
    for (int a = dim - 1; a >= 0; a--) {
      turns += (double)(k[a] * (rest % n[a])) / (double)n[a];
      rest /= n[a];
    }
    z[0] += (double)x[i] * cos(2 * acos(-1) * turns);
    z[1] -= (double)x[i] * sin(2 * acos(-1) * turns);
  }
}

static void test_size(int dim, const ptrdiff_t *n)
{
  const double tolerance = sizeof(fh_real) == 4 ? 2e-4 : 1e-11;
  fh_real x[512];
  fh_rfft *f;
  MUST(fh_rfft_create(dim, n, &f));
  expect(f->points <= 512 && f->half == n[dim - 1] / 2 + 1, "sizes");
  fill_noise(70, f->points, x);
  memcpy(f->field, x, sizeof *x * (size_t)f->points);
  fh_rfft_forward(f);
  for (ptrdiff_t m = 0; m < f->modes; m++) {
    ptrdiff_t k[3], rest = m / f->half;
    double z[2];
    k[dim - 1] = m % f->half;
    for (int a = dim - 2; a >= 0; a--) k[a] = rest % n[a], rest /= n[a];
    mode_by_sum(dim, n, f->points, x, k, z);
    near((double)f->spectrum[2 * m], z[0], tolerance, "real part of a mode");
    near((double)f->spectrum[2 * m + 1], z[1], tolerance, "imaginary part of a mode");
  }
  fh_rfft_backward(f);
  for (ptrdiff_t i = 0; i < f->points; i++)
    near((double)f->field[i] / (double)f->points, (double)x[i], tolerance, "there and back");
  fh_rfft_destroy(&f);
  expect(f == NULL, "destroy sets the pointer");
}

static void test_errors(void)
{
  const ptrdiff_t n[4] = {2, 0, 2, 2};
  fh_rfft *f;
  refused(fh_rfft_create(0, n, &f), FH_ERR_ARG, "0 axes");
  refused(fh_rfft_create(4, n, &f), FH_ERR_ARG, "4 axes");
  refused(fh_rfft_create(2, n, &f), FH_ERR_ARG, "0 points");
  expect(f == NULL, "no transform after an error");
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  static const ptrdiff_t sizes[][3] = {{1},    {2},    {16},      {15},     {4, 6},
                                       {5, 7}, {1, 2}, {3, 4, 5}, {4, 1, 6}};
  static const int dims[] = {1, 1, 1, 1, 2, 2, 2, 3, 3};
  for (int i = 0; i < 9; i++) test_size(dims[i], sizes[i]);
  test_errors();
  return finish("train rfft");
}
