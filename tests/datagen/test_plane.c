/* Transforms with a cut, and products without aliasing, on any number of ranks: against plain sums. */
#include <complex.h>

#include "common.h"
#include "datagen/spectral/fftw_plane.h"

#define J ((double complex)I)
static const double two_pi = 6.283185307179586;

/* any numbers between -1 and 1 */
static double noise(uint64_t i)
{
  uint64_t h = (i + 1) * 0x9E3779B97F4A7C15u;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9u;
  h ^= h >> 32;
  return (double)(h & 0xFFFFFF) / (double)0x800000 - 1.0;
}

/* coefficient (k0, k1) of function f; Hermitian: c(-k) = conj c(k) */
static double complex coefficient(int f, ptrdiff_t k0, ptrdiff_t k1)
{
  const bool flip = k1 < 0 || (k1 == 0 && k0 < 0);
  const ptrdiff_t a = flip ? -k0 : k0, b = flip ? -k1 : k1;
  const uint64_t name = (uint64_t)(((a + 500) * 1000 + b + 500) * 4 + 2 * f);
  const double re = noise(name), im = a == 0 && b == 0 ? 0.0 : noise(name + 1);
  return re + (flip ? -im : im) * J;
}

static void fill(const fh_plane *plane, int f, double *modes)
{
  const fh_plane_layout *l = fh_plane_where(plane);
  for (ptrdiff_t c = 0; c < l->columns; c++)
    for (ptrdiff_t i = 0; i < l->height; i++) {
      const double complex z = coefficient(f, fh_plane_wave(plane, i), l->first_column + c);
      modes[2 * (c * l->height + i)] = creal(z);
      modes[2 * (c * l->height + i) + 1] = cimag(z);
    }
}

static double sum_at(const fh_plane_layout *l, int f, ptrdiff_t i, ptrdiff_t j)
{
  double sum = 0.0;
  for (ptrdiff_t k0 = -l->cut[0]; k0 <= l->cut[0]; k0++)
    for (ptrdiff_t k1 = -l->cut[1]; k1 <= l->cut[1]; k1++) {
      const double phase =
          two_pi * ((double)(k0 * i) / (double)l->n[0] + (double)(k1 * j) / (double)l->n[1]);
      sum += creal(coefficient(f, k0, k1) * (cos(phase) + sin(phase) * J));
    }
  return sum;
}

/* coefficient of a product: a sum over all pairs */
static double complex product_of(const fh_plane_layout *l, int f, int g, ptrdiff_t k0, ptrdiff_t k1)
{
  double complex sum = 0.0;
  for (ptrdiff_t a = -l->cut[0]; a <= l->cut[0]; a++)
    for (ptrdiff_t b = -l->cut[1]; b <= l->cut[1]; b++)
      if (labs(k0 - a) <= l->cut[0] && labs(k1 - b) <= l->cut[1])
        sum += coefficient(f, a, b) * coefficient(g, k0 - a, k1 - b);
  return sum;
}

static void check_sums(fh_plane *plane, const double *modes, double *points)
{
  const fh_plane_layout *l = fh_plane_where(plane);
  EXPECT_OK(fh_plane_to_points(plane, modes, points));
  for (ptrdiff_t i = 0; i < l->rows; i++)
    for (ptrdiff_t j = 0; j < l->n[1]; j++) {
      const double error = fabs(points[i * l->n[1] + j] - sum_at(l, 0, l->first_row + i, j));
      EXPECT(error <= 1e-11, "point %td %td: %g", l->first_row + i, j, error);
    }
}

/* squares of one function; of two: u^2 - v^2 and 2 u v */
static void square(void *context, ptrdiff_t first, ptrdiff_t count, double *v)
{
  const int fields = *(int *)context;
  (void)first;
  for (ptrdiff_t i = 0; i < count * fields; i += fields) {
    const double a = v[i], b = fields == 2 ? v[i + 1] : 0.0;
    v[i] = a * a - b * b;
    if (fields == 2) v[i + 1] = 2.0 * a * b;
  }
}

static void check_products(fh_plane *plane, int fields, double *const modes[2])
{
  const fh_plane_layout *l = fh_plane_where(plane);
  const double *const in[2] = {modes[0], modes[1]};
  for (int f = 0; f < fields; f++) fill(plane, f, modes[f]);
  EXPECT_OK(fh_plane_product(plane, fields, in, modes, square, &fields));
  for (ptrdiff_t m = 0; m < l->modes; m++) {
    const ptrdiff_t k0 = fh_plane_wave(plane, m % l->height);
    const ptrdiff_t k1 = l->first_column + m / l->height;
    double complex wanted[2] = {product_of(l, 0, 0, k0, k1), 0.0};
    if (fields == 2) {
      wanted[0] -= product_of(l, 1, 1, k0, k1);
      wanted[1] = 2.0 * product_of(l, 0, 1, k0, k1);
    }
    for (int f = 0; f < fields; f++) {
      const double complex is = modes[f][2 * m] + modes[f][2 * m + 1] * J;
      EXPECT(cabs(is - wanted[f]) <= 1e-10, "mode %td %td of %d: %g", k0, k1, f,
             cabs(is - wanted[f]));
    }
  }
}

/* what the ranks have together is the whole; the way back is the inverse */
static void check_back(fh_plane *plane, const double *points, double *const modes[2])
{
  const fh_plane_layout *l = fh_plane_where(plane);
  fill(plane, 0, modes[0]);
  EXPECT_OK(fh_plane_to_modes(plane, points, modes[1]));
  for (ptrdiff_t m = 0; m < 2 * l->modes; m++)
    EXPECT(fabs(modes[0][m] - modes[1][m]) <= 1e-12, "mode %td comes back changed", m / 2);
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  double *all = calloc((size_t)(l->n[0] * l->n[1]), sizeof *all);
  EXPECT_OK(fh_plane_gather(plane, points, all));
  for (ptrdiff_t i = 0; i < l->n[0] * l->n[1] && rank == 0; i += 3)
    EXPECT(fabs(all[i] - sum_at(l, 0, i / l->n[1], i % l->n[1])) <= 1e-11, "gathered point %td", i);
  free(all);
}

static void check(ptrdiff_t n0, ptrdiff_t n1, const ptrdiff_t *cut)
{
  const ptrdiff_t n[2] = {n0, n1};
  fh_plane *plane = NULL;
  EXPECT_OK(fh_plane_create(MPI_COMM_WORLD, n, cut, &plane));
  const fh_plane_layout *l = fh_plane_where(plane);
  long parts[2] = {(long)l->rows, (long)l->columns};
  MPI_Allreduce(MPI_IN_PLACE, parts, 2, MPI_LONG, MPI_SUM, MPI_COMM_WORLD);
  EXPECT(parts[0] == n0 && parts[1] == l->cut[1] + 1, "%ld rows, %ld columns", parts[0], parts[1]);
  double *modes[2], *points = calloc((size_t)(l->rows * n1 + 1), sizeof *points);
  for (int f = 0; f < 2; f++) modes[f] = calloc((size_t)(2 * l->modes + 1), sizeof(double));
  fill(plane, 0, modes[0]);
  check_sums(plane, modes[0], points);
  check_back(plane, points, modes);
  if (!cut) {
    check_products(plane, 1, modes);
    check_products(plane, 2, modes);
  }
  for (int f = 0; f < 2; f++) free(modes[f]);
  free(points);
  fh_plane_destroy(&plane);
}

int main(int argc, char **argv)
{
  int rank = 0;
  EXPECT(!PetscInitialize(&argc, &argv, NULL, NULL), "PETSc");
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  check(16, 16, NULL);
  check(20, 13, NULL);
  check(9, 30, NULL); /* 3 cut = n - 3: just free of aliasing */
  check(2, 12, NULL); /* fewer rows than ranks, one wave along an axis */
  check(1, 32, NULL);
  check(36, 8, NULL); /* several blocks of rows, the last one short */
  const ptrdiff_t cut[2] = {7, 3}, much[2] = {8, 3};
  check(16, 9, cut);
  fh_plane *plane = NULL;
  const ptrdiff_t n[2] = {16, 9};
  EXPECT_FAILS(FH_ERR_ARG, "16 points", fh_plane_create(MPI_COMM_WORLD, n, much, &plane));
  if (rank == 0) printf("plane: sums, products and ways back\n");
  EXPECT(!PetscFinalize(), "PETSc");
  return 0;
}
