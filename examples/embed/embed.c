/* embed - a trained operator inside another program: read a model, build it on this program's grid,
 * apply it to this program's fields. No PETSc, no data set, no Python.
 *
 *   mpirun -n 2 embed RUNDIR/model.h5 64      every rank predicts for a field of its own
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <fredholm.h>

/* a two-phase medium of this program's own: an inclusion of 12 in a background of 3 */
static void make_coefficient(const fh_grid *grid, int rank, fh_real *a)
{
  for (ptrdiff_t i = 0; i < grid->n[0]; i++)
    for (ptrdiff_t j = 0; j < grid->n[1]; j++) {
      const double x = fh_grid_point(grid, 0, i) - 0.5, y = fh_grid_point(grid, 1, j) - 0.5;
      const double radius = 0.2 + 0.05 * rank;
      a[i * grid->n[1] + j] = (fh_real)(x * x + y * y < radius * radius ? 12.0 : 3.0);
    }
}

static fh_status predict(const fh_team *team, const char *path, ptrdiff_t points)
{
  fh_trained *trained = NULL;
  fh_operator *op = NULL;
  fh_real *a = NULL, *u = NULL;
  FH_TRY(fh_trained_read(team->world, path, &trained));
  /* the grid of the training set, at the resolution of this program */
  fh_grid grid = trained->grid;
  for (int axis = 0; axis < grid.dim; axis++) grid.n[axis] = points;
  FH_CHECK(grid.dim == 2 && trained->spec.in_channels == 1, FH_ERR_SHAPE,
           "this program has one 2-D field; the model takes %d channels in %d-D",
           trained->spec.in_channels, grid.dim);
  FH_TRY(fh_operator_create(trained, team, &grid, 1, &op));
  FH_NEW(a, fh_grid_size(&grid));
  FH_NEW(u, fh_grid_size(&grid) * trained->spec.out_channels);
  make_coefficient(&grid, team->rank, a);
  FH_TRY(fh_operator_apply(op, 1, a, u));
  double most = 0;
  for (ptrdiff_t i = 0; i < fh_grid_size(&grid); i++) most = fmax(most, (double)u[i]);
  printf("rank %d: the prediction on %td x %td points has its maximum at %.6f\n", team->rank,
         points, points, most);
  fh_free(a);
  fh_free(u);
  fh_operator_destroy(&op);
  fh_trained_destroy(&trained);
  return FH_OK;
}

static fh_status run(int argc, char **argv)
{
  fh_team *team = NULL;
  FH_CHECK(argc == 3, FH_ERR_USAGE, "usage: embed MODEL_FILE POINTS");
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  const fh_status st = predict(team, argv[1], strtol(argv[2], NULL, 10));
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run(argc, argv);
  if (st != FH_OK) fh_status_print(stderr);
  MPI_Finalize();
  return fh_status_exit(st);
}
