#include "datagen/skr/batch.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "datagen/skr/batch_impl.h"

enum { MOST_ITERATIONS = 500, MOST_RESTARTS = 4, MOST_TOGETHER = 16, CACHED = 16384 };

typedef enum { RUNNING, DONE } phase;

/* of one system */
typedef struct {
  phase phase;
  bool first; /* the next direction is the preconditioned residual itself */
  int restarts;
  double size, rz; /* ||b||; r'M^-1 r of the last direction */
  float scale;     /* of residuals in single precision */
} progress;

struct fh_batch {
  const fh_stencil_kernels *kernels;
  fh_preconditioner *preconditioner;
  fh_stencil_matrix matrix; /* all systems, one after the other */
  ptrdiff_t capacity, size, guard;
  fh_stencil *slots;
  progress *progress;
  bool *solved;          /* x holds a solution */
  double *c[3], *d;      /* the matrix's */
  double *x, *r, *p, *q; /* [capacity][size]; x and p have guards */
  float *s, *z;          /* residual and preconditioned residual in single precision */
};

/* ---- life ---------------------------------------------------------------------------------------- */

const char *fh_batch_unfit(const FHEllipticGrid *g)
{
  for (PetscInt a = 0; a < g->dim; a++)
    if (g->side[a][0] == FH_SIDE_PERIODIC) return "periodic sides have no stencil without wrapping";
  return NULL;
}

static ptrdiff_t together(ptrdiff_t size)
{
  const ptrdiff_t many = CACHED / size;
  return many < 1 ? 1 : many > MOST_TOGETHER ? MOST_TOGETHER : many;
}

static fh_status build_slot(const fh_batch *b, const FHEllipticGrid *g, fh_stencil *s)
{
  s->dim = (int)g->dim;
  for (int a = 0; a < FH_STENCIL_DIM; a++) s->n[a] = a < g->dim ? g->n[a] : 1;
  for (int a = 0; a < s->dim; a++) FH_NEW(s->face[a], fh_stencil_faces(s, a));
  FH_NEW(s->reaction, b->size);
  FH_NEW(s->rhs, b->size);
  return FH_OK;
}

static fh_status new_guarded(double **array, const fh_batch *b)
{
  double *all = NULL;
  FH_NEW(all, b->capacity * b->size + 2 * b->guard);
  *array = all + b->guard;
  return FH_OK;
}

static fh_status build_arrays(fh_batch *b)
{
  double **const list[] = {&b->c[0], &b->c[1], &b->c[2], &b->d, &b->x, &b->r, &b->p, &b->q};
  float *all = NULL;
  for (size_t i = 0; i < sizeof list / sizeof *list; i++) FH_TRY(new_guarded(list[i], b));
  FH_NEW(all, b->capacity * b->size + 2 * b->guard);
  b->s = all + b->guard;
  FH_NEW(all, b->capacity * b->size + 2 * b->guard);
  b->z = all + b->guard;
  b->matrix.d = b->d;
  for (int a = 0; a < 3; a++) b->matrix.c[a] = b->c[a];
  return FH_OK;
}

static fh_status build(const FHEllipticGrid *g, fh_batch_kind kind, fh_batch *b)
{
  b->kernels = fh_stencil_kernels_best();
  b->size = 1;
  b->guard = 64;
  b->matrix.dim = (int)g->dim;
  for (int a = (int)g->dim - 1; a >= 0; a--) {
    b->matrix.step[a] = b->size;
    if (b->size > b->guard) b->guard = (b->size + 15) / 16 * 16;
    b->size *= g->n[a];
  }
  b->capacity = together(b->size);
  FH_NEW(b->slots, b->capacity);
  FH_NEW(b->progress, b->capacity);
  FH_NEW(b->solved, b->capacity);
  for (ptrdiff_t i = 0; i < b->capacity; i++) FH_TRY(build_slot(b, g, &b->slots[i]));
  FH_TRY(build_arrays(b));
  return fh_preconditioner_create(g, kind, b->capacity, &b->preconditioner);
}

fh_status fh_batch_create(const FHEllipticGrid *grid, fh_batch_kind kind, fh_batch **batch)
{
  fh_batch *b = NULL;
  *batch = NULL;
  FH_NEW(b, 1);
  const fh_status st = build(grid, kind, b);
  if (st != FH_OK) fh_batch_destroy(&b);
  *batch = b;
  return st;
}

void fh_batch_destroy(fh_batch **batch)
{
  fh_batch *b = *batch;
  if (!b) return;
  double *const doubles[] = {b->c[0], b->c[1], b->c[2], b->d, b->x, b->r, b->p, b->q};
  for (size_t i = 0; i < sizeof doubles / sizeof *doubles; i++)
    if (doubles[i]) fh_free(doubles[i] - b->guard);
  if (b->s) fh_free(b->s - b->guard);
  if (b->z) fh_free(b->z - b->guard);
  for (ptrdiff_t i = 0; b->slots && i < b->capacity; i++) {
    for (int a = 0; a < FH_STENCIL_DIM; a++) fh_free(b->slots[i].face[a]);
    fh_free(b->slots[i].reaction);
    fh_free(b->slots[i].rhs);
  }
  fh_free(b->slots);
  fh_free(b->progress);
  fh_free(b->solved);
  fh_preconditioner_destroy(&b->preconditioner);
  fh_free(b);
  *batch = NULL;
}

ptrdiff_t fh_batch_capacity(const fh_batch *b)
{
  return b->capacity;
}

fh_stencil *fh_batch_slot(fh_batch *b, ptrdiff_t i)
{
  return &b->slots[i];
}

const double *fh_batch_solution(const fh_batch *b, ptrdiff_t i)
{
  return b->x + i * b->size;
}

/* ---- one system of the batch --------------------------------------------------------------------- */

/* A zero coupling times a number that is not finite would reach the neighbours in memory. */
static void clear(fh_batch *b, ptrdiff_t i)
{
  double *const doubles[] = {b->c[0], b->c[1], b->c[2], b->d, b->x, b->r, b->p, b->q};
  for (size_t k = 0; k < sizeof doubles / sizeof *doubles; k++)
    memset(doubles[k] + i * b->size, 0, (size_t)b->size * sizeof(double));
  memset(b->s + i * b->size, 0, (size_t)b->size * sizeof(float));
  memset(b->z + i * b->size, 0, (size_t)b->size * sizeof(float));
  fh_preconditioner_clear(b->preconditioner, i);
  b->solved[i] = false;
}

static void end(fh_batch *b, ptrdiff_t i, fh_batch_report *report, const char *why)
{
  b->progress[i].phase = DONE;
  report->accepted = !why;
  report->why = why ? why : "";
  b->solved[i] = !why;
  if (why) clear(b, i);
}

static fh_stencil_matrix matrix_of(const fh_batch *b, ptrdiff_t i)
{
  fh_stencil_matrix a = b->matrix;
  a.d += i * b->size;
  for (int k = 0; k < 3; k++) a.c[k] += i * b->size;
  return a;
}

/* a power of two that brings size near 1 */
static double normaliser(double size)
{
  int exponent = 0;
  (void)frexp(size, &exponent);
  return ldexp(1.0, -exponent);
}

/* rows from faces; *mean: of the diagonal, NaN if a number is none */
static void store_matrix(fh_batch *b, ptrdiff_t i, double *mean)
{
  const fh_stencil *s = &b->slots[i];
  double sum = 0.0;
  memcpy(b->d + i * b->size, s->reaction, (size_t)b->size * sizeof(double));
  for (int a = 0; a < s->dim; a++) {
    ptrdiff_t outer = 1;
    for (int k = 0; k < a; k++) outer *= s->n[k];
    b->kernels->setup->couple_real(outer, s->n[a], b->matrix.step[a], s->face[a],
                                   b->c[a] + i * b->size, b->d + i * b->size);
  }
  for (ptrdiff_t k = 0; k < b->size; k++) sum += b->d[i * b->size + k];
  *mean = sum / (double)b->size;
}

static double residual_of(fh_batch *b, ptrdiff_t i)
{
  const ptrdiff_t at = i * b->size;
  const fh_stencil_matrix a = matrix_of(b, i);
  const double rr = b->kernels->residual(&a, b->size, b->x + at, b->slots[i].rhs, b->r + at,
                                         b->progress[i].scale, b->s + at);
  return sqrt(rr) / b->progress[i].size;
}

static double norm(ptrdiff_t n, const double *x)
{
  double sum = 0.0;
  for (ptrdiff_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sqrt(sum);
}

static void start(fh_batch *b, ptrdiff_t i, double tolerance, bool warm, fh_batch_report *report)
{
  const ptrdiff_t at = i * b->size;
  progress *g = &b->progress[i];
  double mean = 0.0;
  *report = (fh_batch_report){.residual = (double)NAN, .why = ""};
  *g = (progress){.phase = RUNNING, .first = true, .size = norm(b->size, b->slots[i].rhs)};
  if (!warm || !b->solved[i]) memset(b->x + at, 0, (size_t)b->size * sizeof *b->x);
  if (g->size == 0.0) {
    memset(b->x + at, 0, (size_t)b->size * sizeof *b->x);
    report->residual = 0.0;
    end(b, i, report, NULL);
    return;
  }
  store_matrix(b, i, &mean);
  if (!isfinite(g->size) || !(mean > 0.0 && isfinite(mean))) {
    end(b, i, report, "the system is not finite, or its diagonal not positive");
    return;
  }
  g->scale = (float)normaliser(g->size / sqrt((double)b->size));
  if (!fh_preconditioner_set(b->preconditioner, i, &b->slots[i], b->d + at, normaliser(mean))) {
    end(b, i, report, "the matrix is not positive definite");
    return;
  }
  report->residual = residual_of(b, i);
  if (report->residual <= tolerance) end(b, i, report, NULL);
}

/* the recurrence says that it is ready: does the residual? If not, it begins again from here */
static void confirm(fh_batch *b, ptrdiff_t i, double tolerance, fh_batch_report *report)
{
  progress *g = &b->progress[i];
  report->residual = residual_of(b, i);
  if (report->residual <= tolerance) {
    end(b, i, report, NULL);
  } else if (++g->restarts == MOST_RESTARTS || !isfinite(report->residual)) {
    end(b, i, report, "residual above the tolerance");
  } else {
    g->first = true;
  }
}

/* one step; z is there */
static void step(fh_batch *b, ptrdiff_t i, double tolerance, fh_batch_report *report)
{
  const fh_stencil_kernels *k = b->kernels;
  const ptrdiff_t n = b->size, at = i * n;
  const fh_stencil_matrix a = matrix_of(b, i);
  progress *g = &b->progress[i];
  const double rz = k->dot(n, b->r + at, b->z + at);
  k->combine(n, b->z + at, g->first ? 0.0 : rz / g->rz, b->p + at);
  const double pq = k->apply(&a, n, b->p + at, b->q + at);
  g->rz = rz;
  g->first = false;
  if (!(rz > 0.0 && pq > 0.0 && isfinite(rz) && isfinite(pq))) {
    end(b, i, report, "the iteration broke down: the matrix is not positive definite");
    return;
  }
  const double rr =
      k->advance(n, rz / pq, b->p + at, b->q + at, b->x + at, b->r + at, g->scale, b->s + at);
  report->iterations++;
  report->residual = sqrt(rr) / g->size;
  if (report->residual <= 0.999 * tolerance) {
    confirm(b, i, tolerance, report);
  } else if (report->iterations == MOST_ITERATIONS || !isfinite(rr)) {
    end(b, i, report, "the iteration does not converge");
  }
}

/* ---- all of them --------------------------------------------------------------------------------- */

/* preconditions runs of systems that are not ready; false: all are */
static bool precondition(fh_batch *b, ptrdiff_t count)
{
  bool any = false;
  for (ptrdiff_t i = 0; i < count; i++) {
    ptrdiff_t from = i;
    while (i < count && b->progress[i].phase == RUNNING) i++;
    if (i == from) continue;
    fh_preconditioner_apply(b->preconditioner, from, i - from, b->s + from * b->size,
                            b->z + from * b->size);
    any = true;
  }
  return any;
}

void fh_batch_solve(fh_batch *b, ptrdiff_t count, double tolerance, bool warm, double deadline,
                    fh_batch_report *reports)
{
  for (ptrdiff_t i = 0; i < count; i++) start(b, i, tolerance, warm, &reports[i]);
  while (precondition(b, count)) {
    const bool late = deadline > 0.0 && fh_clock_cpu() > deadline;
    for (ptrdiff_t i = 0; i < count; i++) {
      if (b->progress[i].phase != RUNNING) continue;
      if (late) {
        end(b, i, &reports[i], "out of time");
      } else {
        step(b, i, tolerance, &reports[i]);
      }
    }
  }
}
