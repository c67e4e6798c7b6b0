/* Ranks that share the patches of a sample: the field that they put together has the bits of one
 * rank's, their gradients add up to its gradient, and the gradient of the input is its, too. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "model/model.h"

static int failures;

typedef struct {
  fh_program *p;
  ptrdiff_t n_in, n_out;
  fh_real *x, *y, *dy, *dx, *dw;
} run_of;

static void fill(fh_real *x, ptrdiff_t n, uint64_t field)
{
  const fh_rng r = {.seed = 3, .stream = FH_STREAM_TEST, .sample = 0, .field = field};
  for (ptrdiff_t i = 0; i < n; i++) x[i] = (fh_real)fh_rng_normal(&r, (uint64_t)i);
}

static fh_status run(const fh_team *team, const fh_model_spec *spec, const fh_grid *grid, run_of *r)
{
  const fh_real *y = NULL;
  FH_TRY(fh_model_build(spec, team, grid, 2, FH_TRAIN, FH_PLANNED, &r->p));
  fh_program_init(r->p, 7);
  r->n_in = fh_shape_size(fh_program_input_shape(r->p, 0));
  r->n_out = fh_shape_size(fh_program_output_shape(r->p, 0));
  const ptrdiff_t n = fh_program_param_size(r->p);
  FH_NEW(r->x, r->n_in);
  FH_NEW(r->dx, r->n_in);
  FH_NEW(r->y, r->n_out);
  FH_NEW(r->dy, r->n_out);
  FH_NEW(r->dw, n);
  fill(r->x, r->n_in, 1);
  fill(r->dy, r->n_out, 2);
  const fh_real *const in[] = {r->x}, *const dout[] = {r->dy};
  fh_real *const din[] = {r->dx};
  FH_TRY(fh_program_forward(r->p, 2, in, &y));
  memcpy(r->y, y, (size_t)r->n_out * sizeof *y);
  FH_TRY(fh_program_backward(r->p, dout, din));
  memcpy(r->dw, fh_program_gradients(r->p), (size_t)n * sizeof *y);
  return FH_OK;
}

static void clear(run_of *r)
{
  fh_program_destroy(&r->p);
  fh_free(r->x);
  fh_free(r->y);
  fh_free(r->dy);
  fh_free(r->dx);
  fh_free(r->dw);
}

static void compare(ptrdiff_t n, const fh_real *got, const fh_real *want, const char *what)
{
  double worst = 0, largest = 0;
  for (ptrdiff_t i = 0; i < n; i++) {
    worst = fmax(worst, fabs((double)got[i] - (double)want[i]));
    largest = fmax(largest, fabs((double)want[i]));
  }
  if (worst <= 1e-12 * largest && largest > 0) return;
  failures++;
  printf("FAIL %s: off by %.3g of %.3g\n", what, worst, largest);
}

static fh_status check(const fh_team *shared, const fh_team *alone, const fh_model_spec *spec,
                       const fh_grid *grid)
{
  run_of a = {0}, b = {0};
  FH_TRY(run(shared, spec, grid, &a));
  FH_TRY(run(alone, spec, grid, &b));
  const ptrdiff_t n = fh_program_param_size(a.p);
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, a.dw, (int)n, FH_MPI_REAL, MPI_SUM, shared->world));
  if (memcmp(a.y, b.y, (size_t)a.n_out * sizeof *a.y)) {
    failures++;
    printf("FAIL the field has other bits\n");
  }
  compare(n, a.dw, b.dw, "gradient of the parameters");
  compare(a.n_in, a.dx, b.dx, "gradient of the input");
  clear(&a);
  clear(&b);
  return FH_OK;
}

static fh_status refused(const fh_team *shared, const fh_grid *grid)
{
  fh_model_spec spec;
  fh_program *p = NULL;
  const fh_model_class *class = NULL;
  FH_TRY(fh_model_class_find("tfno", &class));
  FH_TRY(fh_model_spec_create(class, 1, 1, &spec));
  const fh_status st = fh_model_program(&spec, shared, grid, 1, &p);
  if (shared->n_patches > 1 && st != FH_ERR_USAGE) failures++, printf("FAIL tfno was shared\n");
  fh_status_clear();
  fh_program_destroy(&p);
  fh_model_spec_clear(&spec);
  return FH_OK;
}

static fh_status all(int *rank)
{
  const ptrdiff_t points[] = {16, 24};
  const fh_model_class *class = NULL;
  fh_model_spec spec;
  fh_team *shared = NULL, *alone = NULL;
  fh_grid grid;
  MPI_Comm_size(MPI_COMM_WORLD, rank);
  FH_TRY(fh_team_create(MPI_COMM_WORLD, *rank, 1, &shared));
  FH_TRY(fh_team_create(MPI_COMM_SELF, 1, 1, &alone));
  *rank = shared->rank;
  FH_TRY(fh_grid_box(2, points, FH_PERIODIC, FH_NODE, &grid));
  FH_TRY(fh_model_class_find("mg-tfno", &class));
  FH_TRY(fh_model_spec_create(class, 1, 2, &spec));
  FH_TRY(fh_config_set(class->fields, spec.config, "n_modes", "6"));
  FH_TRY(fh_config_set(class->fields, spec.config, "hidden_channels", "6"));
  FH_TRY(check(shared, alone, &spec, &grid));
  FH_TRY(fh_config_set(class->fields, spec.config, "coordinates", "global"));
  FH_TRY(fh_config_set(class->fields, spec.config, "joint_factorization", "true"));
  FH_TRY(check(shared, alone, &spec, &grid));
  FH_TRY(refused(shared, &grid));
  fh_model_spec_clear(&spec);
  fh_team_destroy(&shared);
  fh_team_destroy(&alone);
  return FH_OK;
}

int main(int argc, char **argv)
{
  int rank = 0;
  MPI_Init(&argc, &argv);
  const fh_status st = all(&rank);
  if (st != FH_OK) fh_status_print(stdout);
  if (st == FH_OK && !failures && rank == 0) printf("patches of a sample shared by ranks\n");
  MPI_Finalize();
  return st != FH_OK || failures;
}
