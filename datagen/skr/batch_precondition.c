#include "base/memory.h"
#include "datagen/skr/batch_impl.h"
#include "datagen/skr/multigrid.h"

enum { SMOOTHING = 2 };

struct fh_preconditioner {
  fh_multigrid *multigrid;
};

fh_status fh_preconditioner_create(const FHEllipticGrid *g, fh_batch_kind kind, ptrdiff_t capacity,
                                   fh_preconditioner **preconditioner)
{
  fh_preconditioner *p = NULL;
  ptrdiff_t n[3];
  double spacing[3];
  (void)kind;
  for (int a = 0; a < 3; a++) {
    n[a] = a < g->dim ? g->n[a] : 1;
    spacing[a] = a < g->dim ? g->spacing[a] : 1.0;
  }
  *preconditioner = NULL;
  FH_NEW(p, 1);
  const fh_status st =
      fh_multigrid_create((int)g->dim, n, spacing, capacity, SMOOTHING, &p->multigrid);
  if (st != FH_OK) fh_preconditioner_destroy(&p);
  *preconditioner = p;
  return st;
}

void fh_preconditioner_destroy(fh_preconditioner **p)
{
  if (!*p) return;
  fh_multigrid_destroy(&(*p)->multigrid);
  fh_free(*p);
  *p = NULL;
}

bool fh_preconditioner_set(fh_preconditioner *p, ptrdiff_t system, const fh_stencil *s,
                           const double *diagonal, double scale)
{
  (void)diagonal;
  return fh_multigrid_set(p->multigrid, system, s, scale);
}

void fh_preconditioner_clear(fh_preconditioner *p, ptrdiff_t system)
{
  fh_multigrid_clear(p->multigrid, system);
}

void fh_preconditioner_apply(fh_preconditioner *p, ptrdiff_t from, ptrdiff_t count, const float *r,
                             float *z)
{
  fh_multigrid_apply(p->multigrid, from, count, r, z);
}
