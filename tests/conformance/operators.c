/* Every operator of the registry, every example of it: see check.h for what is proved. An argument
 * restricts the run to operators of that name. */
#include <stdio.h>
#include <string.h>

#include "conformance/check.h"

typedef struct {
  const fh_op_class *class;
  int index;
  bool exists, linear;
} example;

/* writes example index of class into p: its inputs, the one step, its outputs */
static fh_status write_example(void *context, fh_program *p)
{
  example *e = context;
  fh_op *op = NULL;
  fh_shape shapes[FH_OP_MAX_IN];
  fh_slot in[FH_OP_MAX_IN], out[FH_OP_MAX_OUT];
  FH_TRY(e->class->example(e->index, &op, shapes));
  e->exists = op != NULL;
  if (!op) return FH_OK;
  e->linear = op->class->linear; /* an operator may have a class of its own, as with a bias */
  for (int i = 0; i < op->n_in; i++) FH_TRY(fh_program_input(p, &shapes[i], &in[i]));
  const int n_out = op->n_out;
  FH_TRY(fh_program_add(p, "step", op, in, out));
  for (int i = 0; i < n_out; i++) FH_TRY(fh_program_output(p, out[i]));
  return FH_OK;
}

static fh_status exists(const fh_team *team, example *e)
{
  fh_program *p = NULL;
  FH_TRY(fh_program_create(team, &p));
  const fh_status st = write_example(e, p);
  fh_program_destroy(&p);
  return st;
}

static fh_status check_class(const fh_team *team, const fh_op_class *class, fh_tally *tally)
{
  for (int i = 0;; i++) {
    example e = {.class = class, .index = i};
    FH_TRY(exists(team, &e));
    if (!e.exists) {
      FH_CHECK(i > 0, FH_ERR_STATE, "operator %s has no example", class->name);
      return FH_OK;
    }
    fh_subject s = {.write = write_example, .context = &e, .linear = e.linear};
    snprintf(s.name, sizeof s.name, "%s example %d", class->name, i);
    FH_TRY(fh_check_subject(team, &s, tally));
  }
}

static fh_status run(const char *only, fh_tally *tally, int *rank)
{
  fh_team *team = NULL;
  FH_TRY(fh_team_create(MPI_COMM_WORLD, 1, 1, &team));
  *rank = team->rank;
  fh_status st = FH_OK;
  for (int i = 0; st == FH_OK && fh_op_registry[i]; i++)
    if (!only || !strcmp(only, fh_op_registry[i]->name))
      st = check_class(team, fh_op_registry[i], tally);
  fh_team_destroy(&team);
  return st;
}

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  fh_tally tally = {0};
  int rank = 0;
  const fh_status st = run(argc > 1 ? argv[1] : NULL, &tally, &rank);
  if (st != FH_OK) fh_status_print(stderr);
  if (rank == 0 && st == FH_OK)
    printf("conformance of the operators: %d checks, %d failed\n", tally.checks, tally.failures);
  MPI_Finalize();
  return st != FH_OK || tally.failures || tally.checks == 0;
}
