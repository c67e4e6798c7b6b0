#include "comm/gather.h"

#include "base/memory.h"
#include "base/size.h"

struct fh_gather {
  MPI_Comm comm;
  int ranks, rank;
  fh_layout *boxes; /* of every rank */
  int *counts, *offsets;
  fh_real *all; /* all boxes, one after the other */
};

static fh_status build(const fh_tiles *tiles, ptrdiff_t fields, fh_gather *g)
{
  ptrdiff_t size = 0;
  int fits = 0;
  FH_TRY_MPI(MPI_Comm_size(g->comm, &g->ranks));
  FH_TRY_MPI(MPI_Comm_rank(g->comm, &g->rank));
  FH_NEW(g->boxes, g->ranks);
  FH_NEW(g->counts, g->ranks);
  FH_NEW(g->offsets, g->ranks);
  for (int r = 0; r < g->ranks; r++) FH_TRY(fh_tiles_box(tiles, g->ranks, r, &g->boxes[r]));
  FH_TRY(fh_size_mul(fields, fh_grid_size(&tiles->grid), &size));
  FH_TRY(fh_size_int(size, &fits));
  FH_NEW(g->all, size);
  return FH_OK;
}

fh_status fh_gather_create(MPI_Comm comm, const fh_tiles *tiles, ptrdiff_t fields,
                           fh_gather **gather)
{
  fh_gather *g = NULL;
  *gather = NULL;
  FH_NEW(g, 1);
  g->comm = comm;
  const fh_status st = build(tiles, fields, g);
  if (st != FH_OK) fh_gather_destroy(&g);
  *gather = g;
  return st;
}

void fh_gather_destroy(fh_gather **gather)
{
  fh_gather *g = *gather;
  if (!g) return;
  fh_free(g->boxes);
  fh_free(g->counts);
  fh_free(g->offsets);
  fh_free(g->all);
  fh_free(g);
  *gather = NULL;
}

fh_status fh_gather_run(fh_gather *g, ptrdiff_t fields, const fh_real *boxed, fh_real *whole)
{
  int at = 0;
  for (int r = 0; r < g->ranks; r++) {
    g->offsets[r] = at;
    g->counts[r] = (int)(fields * fh_layout_size(&g->boxes[r]));
    at += g->counts[r];
  }
  FH_TRY_MPI(MPI_Allgatherv(boxed, g->counts[g->rank], FH_MPI_REAL, g->all, g->counts, g->offsets,
                            FH_MPI_REAL, g->comm));
  for (int r = 0; r < g->ranks; r++)
    fh_box_put(&g->boxes[r], fields, g->all + g->offsets[r], whole);
  return FH_OK;
}
