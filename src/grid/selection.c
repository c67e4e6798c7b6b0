#include "grid/selection.h"

#include "base/memory.h"

static fh_status fill(const fh_grid *grid, const bool *const *wanted, fh_selection *s)
{
  for (int a = 0; a < FH_MAX_DIM; a++) {
    const ptrdiff_t n = a < grid->dim ? grid->n[a] : 1;
    FH_NEW(s->at[a], n);
    FH_NEW(s->place[a], n);
    s->count[a] = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
      s->place[a][i] = -1;
      if (a < grid->dim && !wanted[a][i]) continue;
      s->place[a][i] = s->count[a];
      s->at[a][s->count[a]++] = i;
    }
    FH_CHECK(s->count[a] > 0, FH_ERR_ARG, "a selection of none of the %td points along axis %d", n,
             a);
  }
  return FH_OK;
}

fh_status fh_selection_create(const fh_grid *grid, const bool *const *wanted, fh_selection *s)
{
  *s = (fh_selection){.dim = grid->dim};
  const fh_status st = fill(grid, wanted, s);
  if (st != FH_OK) fh_selection_clear(s);
  return st;
}

fh_status fh_selection_box(const fh_layout *box, fh_selection *s)
{
  bool *wanted[FH_MAX_DIM] = {NULL};
  fh_status st = FH_OK;
  *s = (fh_selection){.dim = box->grid.dim};
  for (int a = 0; a < box->grid.dim && st == FH_OK; a++) {
    wanted[a] = fh_calloc(box->grid.n[a], sizeof **wanted);
    if (!wanted[a]) st = FH_ERR_MEMORY;
    for (ptrdiff_t i = 0; wanted[a] && i < box->count[a]; i++) wanted[a][box->first[a] + i] = true;
  }
  if (st == FH_OK) st = fh_selection_create(&box->grid, (const bool *const *)wanted, s);
  for (int a = 0; a < box->grid.dim; a++) fh_free(wanted[a]);
  FH_CHECK(st != FH_ERR_MEMORY, FH_ERR_MEMORY, "out of memory for a selection of points");
  return st;
}

void fh_selection_clear(fh_selection *s)
{
  for (int a = 0; a < FH_MAX_DIM; a++) {
    fh_free(s->at[a]);
    fh_free(s->place[a]);
  }
  *s = (fh_selection){0};
}

ptrdiff_t fh_selection_size(const fh_selection *s)
{
  return s->count[0] * s->count[1] * s->count[2];
}

bool fh_selection_is_whole(const fh_selection *s, const fh_grid *grid)
{
  return fh_selection_size(s) == fh_grid_size(grid);
}

fh_layout fh_selection_layout(const fh_selection *s, const fh_grid *grid)
{
  fh_layout layout = fh_layout_whole(grid);
  for (int a = 0; a < grid->dim; a++) {
    layout.first[a] = s->at[a][0];
    layout.count[a] = s->count[a];
  }
  return layout;
}

void fh_selection_gather(const fh_selection *s, const fh_grid *grid, ptrdiff_t channels,
                         const fh_real *field, fh_real *selected)
{
  const ptrdiff_t n1 = grid->dim > 1 ? grid->n[1] : 1, n2 = grid->dim > 2 ? grid->n[2] : 1;
  for (ptrdiff_t c = 0; c < channels; c++, field += fh_grid_size(grid))
    for (ptrdiff_t i = 0; i < s->count[0]; i++)
      for (ptrdiff_t j = 0; j < s->count[1]; j++) {
        const fh_real *row = field + (s->at[0][i] * n1 + s->at[1][j]) * n2;
        for (ptrdiff_t k = 0; k < s->count[2]; k++) *selected++ = row[s->at[2][k]];
      }
}
