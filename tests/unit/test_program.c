/* What a program refuses, and what its printed form says. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operators/linear/linear.h"
#include "program/program.h"

static int failures;

static void expect(int ok, const char *what)
{
  if (ok) return;
  failures++;
  printf("FAIL %s: %s\n", what, fh_status_message());
}

static fh_shape shape_of(ptrdiff_t batch, ptrdiff_t channels)
{
  const ptrdiff_t n[2] = {4, 5};
  fh_grid grid;
  if (fh_grid_box(2, n, FH_PERIODIC, FH_NODE, &grid) != FH_OK) failures++;
  return (fh_shape){.batch = batch, .channels = channels, .layout = fh_layout_whole(&grid)};
}

static fh_op *linear(ptrdiff_t in, ptrdiff_t out)
{
  fh_op *op = NULL;
  const fh_linear_config c = {.in_channels = in, .out_channels = out, .bias = true};
  if (fh_linear_create(&c, &op) != FH_OK) failures++;
  return op;
}

static fh_status refusals(const fh_team *team)
{
  fh_program *p = NULL;
  fh_slot s = 0, t = 0;
  const fh_shape shape = shape_of(2, 3);
  FH_TRY(fh_program_create(team, &p));
  FH_TRY(fh_program_input(p, &shape, &s));
  expect(fh_program_build(p, FH_TRAIN, FH_PLANNED) == FH_ERR_STATE, "a program without output");
  expect(fh_program_add(p, "a", linear(7, 3), &s, &t) == FH_ERR_SHAPE, "7 channels read from 3");
  expect(strstr(fh_status_message(), "7") && strstr(fh_status_message(), "3"),
         "the message names both numbers");
  FH_TRY(fh_program_add(p, "a", linear(3, 3), &s, &t));
  expect(fh_program_input(p, &shape, &s) == FH_ERR_STATE, "an input after a step");
  expect(fh_program_add(p, "a", linear(3, 3), &t, &t) == FH_ERR_STATE, "a name used twice");
  fh_program_destroy(&p);

  FH_TRY(fh_program_create(team, &p));
  FH_TRY(fh_program_input(p, &shape, &s));
  FH_TRY(fh_program_add(p, "a", linear(3, 3), &s, &t));
  FH_TRY(fh_program_add_shared(p, "a", linear(3, 3), &t, &t));
  expect(fh_program_add_shared(p, "a", linear(3, 2), &t, &t) == FH_ERR_SHAPE,
         "shared with another shape");
  fh_program_destroy(&p);
  return FH_OK;
}

static fh_status running(const fh_team *team)
{
  fh_program *p = NULL;
  fh_slot s = 0;
  const fh_shape shape = shape_of(2, 3);
  fh_real x[2 * 3 * 20] = {0};
  const fh_real *in = x, *out = NULL;
  FH_TRY(fh_program_create(team, &p));
  FH_TRY(fh_program_input(p, &shape, &s));
  expect(fh_program_forward(p, 1, &in, &out) == FH_ERR_STATE, "forward before build");
  FH_TRY(fh_program_then(p, "a", linear(3, 3), &s));
  FH_TRY(fh_program_output(p, s));
  FH_TRY(fh_program_build(p, FH_TRAIN, FH_PLANNED));
  expect(fh_program_backward(p, &in, NULL) == FH_ERR_STATE, "backward before forward");
  expect(fh_program_forward(p, 3, &in, &out) == FH_ERR_ARG, "more samples than planned");
  FH_TRY(fh_program_forward(p, 2, &in, &out));
  FH_TRY(fh_program_backward(p, &in, NULL));
  expect(fh_program_backward(p, &in, NULL) == FH_ERR_STATE, "backward twice");
  char *text = NULL;
  size_t length = 0;
  FILE *f = open_memstream(&text, &length);
  fh_program_print(p, f);
  fclose(f);
  expect(strstr(text, "linear") && strstr(text, "3 x 4x5") && strstr(text, "12 parameters"),
         "the printed program names operator, shape and parameters");
  free(text);
  fh_program_destroy(&p);
  return FH_OK;
}

static fh_status run(void)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  fh_status st = refusals(team);
  if (st == FH_OK) st = running(team);
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  const fh_status st = run();
  if (st != FH_OK) fh_status_print(stderr);
  if (st == FH_OK && !failures) printf("program: refusals and printing are right\n");
  MPI_Finalize();
  return st != FH_OK || failures;
}
