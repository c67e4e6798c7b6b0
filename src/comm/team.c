#include "comm/team.h"

#include "base/memory.h"

static fh_status build(MPI_Comm comm, int n_patches, int n_space, fh_team *t)
{
  FH_TRY_MPI(MPI_Comm_dup(comm, &t->world));
  FH_TRY_MPI(MPI_Comm_set_errhandler(t->world, MPI_ERRORS_RETURN));
  FH_TRY_MPI(MPI_Comm_rank(t->world, &t->rank));
  FH_TRY_MPI(MPI_Comm_size(t->world, &t->size));
  FH_CHECK(n_patches >= 1 && n_space >= 1 && t->size % (n_patches * n_space) == 0, FH_ERR_ARG,
           "%d ranks cannot be split into groups of %d patches x %d blocks of space: start a "
           "multiple of %d ranks",
           t->size, n_patches, n_space, n_patches * n_space);
  t->n_patches = n_patches;
  t->n_space = n_space;
  t->n_samples = t->size / (n_patches * n_space);
  t->space_part = t->rank % n_space;
  t->patch_part = t->rank / n_space % n_patches;
  t->sample_part = t->rank / n_space / n_patches;
  const int within_sample = t->patch_part * n_space + t->space_part;
  FH_TRY_MPI(MPI_Comm_split(t->world, within_sample, t->rank, &t->samples));
  const int beside_patches = t->sample_part * n_space + t->space_part;
  FH_TRY_MPI(MPI_Comm_split(t->world, beside_patches, t->rank, &t->patches));
  FH_TRY_MPI(MPI_Comm_split(t->world, t->rank / n_space, t->rank, &t->space));
  return FH_OK;
}

fh_status fh_team_create(MPI_Comm comm, int n_patches, int n_space, fh_team **team)
{
  fh_team *t = NULL;
  *team = NULL;
  FH_NEW(t, 1);
  t->world = t->samples = t->patches = t->space = MPI_COMM_NULL;
  const fh_status st = build(comm, n_patches, n_space, t);
  if (st != FH_OK) fh_team_destroy(&t);
  *team = t;
  return st;
}

static void free_comm(MPI_Comm *comm)
{
  if (*comm != MPI_COMM_NULL) MPI_Comm_free(comm);
}

void fh_team_destroy(fh_team **team)
{
  fh_team *t = *team;
  if (!t) return;
  free_comm(&t->space);
  free_comm(&t->patches);
  free_comm(&t->samples);
  free_comm(&t->world);
  fh_free(t);
  *team = NULL;
}

void fh_team_share(ptrdiff_t count, int parts, int part, ptrdiff_t *first, ptrdiff_t *last)
{
  const ptrdiff_t base = count / parts, extra = count % parts;
  *first = part * base + (part < extra ? part : extra);
  *last = *first + base + (part < extra ? 1 : 0);
}
