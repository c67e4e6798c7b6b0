#include "datagen/mesh/delaunay.h"

#include <math.h>
#include <stdbool.h>

#include "base/memory.h"

/* corner i of a triangle lies opposite to next[i], its neighbour across the edge of the other two */
typedef struct {
  int32_t corner[3], next[3];
} triangle;

typedef struct {
  double (*point)[2]; /* n given ones, then the three corners of the large triangle */
  ptrdiff_t n;
  triangle *t;
  int32_t count, last; /* triangles; the one where the last walk ended */
  int32_t *stack;      /* edges to look at: 3 * triangle + corner */
  double size;         /* of the points' box: the unit of what is small */
} mesh;

enum { OUTSIDE = -1, CORNERS = 3 };

/* twice the area, positive anticlockwise */
static double turn(const mesh *m, int32_t a, int32_t b, int32_t c)
{
  const double *p = m->point[a], *q = m->point[b], *r = m->point[c];
  return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]);
}

/* positive if d lies inside the circle through a, b, c; in units of length^4 */
static double in_circle(const mesh *m, int32_t a, int32_t b, int32_t c, int32_t d)
{
  double row[3][3];
  const int32_t corners[3] = {a, b, c};
  for (int i = 0; i < 3; i++) {
    row[i][0] = m->point[corners[i]][0] - m->point[d][0];
    row[i][1] = m->point[corners[i]][1] - m->point[d][1];
    row[i][2] = row[i][0] * row[i][0] + row[i][1] * row[i][1];
  }
  return row[0][0] * (row[1][1] * row[2][2] - row[1][2] * row[2][1]) -
         row[0][1] * (row[1][0] * row[2][2] - row[1][2] * row[2][0]) +
         row[0][2] * (row[1][0] * row[2][1] - row[1][1] * row[2][0]);
}

static int place_of(const int32_t list[3], int32_t what)
{
  return list[0] == what ? 0 : list[1] == what ? 1 : 2;
}

/* walks across the edges that p lies beyond; a triangle visited for ever is impossible in a Delaunay
   triangulation, but rounding is not bound by that: hence the limit */
static fh_status find(mesh *m, int32_t p, int32_t *found)
{
  int32_t at = m->last;
  for (ptrdiff_t steps = 0; steps <= 4 * (ptrdiff_t)m->count + 16; steps++) {
    const triangle *t = &m->t[at];
    int worst = OUTSIDE;
    double least = 0.0;
    for (int i = 0; i < CORNERS; i++) {
      const double side = turn(m, t->corner[(i + 1) % 3], t->corner[(i + 2) % 3], p);
      if (side < least && t->next[i] != OUTSIDE) least = side, worst = i;
    }
    if (worst == OUTSIDE) {
      *found = at;
      return FH_OK;
    }
    at = t->next[worst];
  }
  FH_RAISE(FH_ERR_ARG, "point (%g, %g) lies in no triangle of the mesh", m->point[p][0],
           m->point[p][1]);
}

static void relink(mesh *m, int32_t at, int32_t was, int32_t is)
{
  if (at != OUTSIDE) m->t[at].next[place_of(m->t[at].next, was)] = is;
}

/* The edge opposite to corner i of t is exchanged for the other diagonal of the quadrilateral. */
static void flip(mesh *m, int32_t at, int i)
{
  const int32_t other = m->t[at].next[i];
  triangle *t = &m->t[at], *s = &m->t[other];
  const int k = place_of(s->next, at);
  const int32_t p = t->corner[i], a = t->corner[(i + 1) % 3], b = t->corner[(i + 2) % 3];
  const int32_t q = s->corner[k];
  const int32_t beyond_pa = t->next[(i + 2) % 3], beyond_bp = t->next[(i + 1) % 3];
  const int32_t beyond_aq = s->next[(k + 1) % 3], beyond_qb = s->next[(k + 2) % 3];
  *t = (triangle){{p, a, q}, {beyond_aq, other, beyond_pa}};
  *s = (triangle){{p, q, b}, {beyond_qb, beyond_bp, at}};
  relink(m, beyond_aq, other, at);
  relink(m, beyond_bp, at, other);
}

/* a point on an edge makes a triangle without area: that edge must go in any case */
static bool must_flip(const mesh *m, int32_t at, int i)
{
  const triangle *t = &m->t[at];
  const int32_t other = t->next[i];
  if (other == OUTSIDE) return false;
  const int32_t p = t->corner[i], a = t->corner[(i + 1) % 3], b = t->corner[(i + 2) % 3];
  const int32_t q = m->t[other].corner[place_of(m->t[other].next, at)];
  const double flat = 1e-14 * m->size * m->size;
  /* both new triangles must be none that is turned over */
  if (turn(m, p, a, q) <= flat || turn(m, p, q, b) <= flat) return false;
  if (turn(m, p, a, b) <= flat) return true;
  const double scale = m->size * m->size * turn(m, p, a, b);
  return in_circle(m, p, a, b, q) > 1e-12 * scale;
}

static void legalise(mesh *m, int waiting)
{
  while (waiting > 0) {
    const int32_t at = m->stack[--waiting] / CORNERS;
    const int i = m->stack[waiting] % CORNERS;
    if (!must_flip(m, at, i)) continue;
    const int32_t other = m->t[at].next[i];
    flip(m, at, i);
    /* the point is corner 0 of both: the edges opposite to it are new to it */
    m->stack[waiting++] = CORNERS * at;
    m->stack[waiting++] = CORNERS * other;
  }
}

/* splits the triangle that p falls into in three */
static fh_status insert(mesh *m, int32_t p)
{
  int32_t at = 0;
  FH_TRY(find(m, p, &at));
  const triangle t = m->t[at];
  for (int i = 0; i < CORNERS; i++) {
    const double dx = m->point[p][0] - m->point[t.corner[i]][0];
    const double dy = m->point[p][1] - m->point[t.corner[i]][1];
    FH_CHECK(fmax(fabs(dx), fabs(dy)) > 1e-12 * m->size, FH_ERR_ARG,
             "two points of the mesh are both at (%g, %g)", m->point[p][0], m->point[p][1]);
  }
  const int32_t part[3] = {at, m->count, m->count + 1};
  m->count += 2;
  for (int i = 0; i < CORNERS; i++) {
    m->t[part[i]] = (triangle){{p, t.corner[(i + 1) % 3], t.corner[(i + 2) % 3]},
                               {t.next[i], part[(i + 1) % 3], part[(i + 2) % 3]}};
    relink(m, t.next[i], at, part[i]);
    m->stack[i] = CORNERS * part[i];
  }
  legalise(m, CORNERS);
  m->last = at;
  return FH_OK;
}

/* a triangle so large that its corners disturb no circle but those along the hull */
static void start(mesh *m, const double lower[2], const double upper[2])
{
  static const double direction[CORNERS][2] = {{-1.0, -0.6}, {1.0, -0.6}, {0.0, 1.2}};
  for (int i = 0; i < CORNERS; i++)
    for (int a = 0; a < 2; a++)
      m->point[m->n + i][a] = 0.5 * (lower[a] + upper[a]) + 50.0 * m->size * direction[i][a];
  const int32_t n = (int32_t)m->n;
  m->t[0] = (triangle){{n, n + 1, n + 2}, {OUTSIDE, OUTSIDE, OUTSIDE}};
  m->count = 1;
}

static fh_status prepare(ptrdiff_t n, const double (*points)[2], mesh *m)
{
  double lower[2] = {HUGE_VAL, HUGE_VAL}, upper[2] = {-HUGE_VAL, -HUGE_VAL};
  FH_CHECK(n >= 3 && n < INT32_MAX / 8, FH_ERR_ARG, "%td points cannot be triangulated", n);
  m->n = n;
  FH_NEW(m->point, n + CORNERS);
  FH_NEW(m->t, 2 * n + 1);
  FH_NEW(m->stack, 2 * (2 * n + 1) + CORNERS);
  for (ptrdiff_t i = 0; i < n; i++)
    for (int a = 0; a < 2; a++) {
      m->point[i][a] = points[i][a];
      lower[a] = fmin(lower[a], points[i][a]);
      upper[a] = fmax(upper[a], points[i][a]);
    }
  m->size = fmax(upper[0] - lower[0], upper[1] - lower[1]);
  start(m, lower, upper);
  for (int32_t i = 0; i < n; i++) FH_TRY(insert(m, i));
  return FH_OK;
}

static fh_status extract(const mesh *m, int32_t (**triangles)[3], ptrdiff_t *count)
{
  FH_NEW(*triangles, m->count);
  *count = 0;
  for (int32_t k = 0; k < m->count; k++) {
    const int32_t *c = m->t[k].corner;
    if (c[0] >= m->n || c[1] >= m->n || c[2] >= m->n) continue;
    if (turn(m, c[0], c[1], c[2]) <= 1e-14 * m->size * m->size) continue;
    for (int i = 0; i < CORNERS; i++) (*triangles)[*count][i] = c[i];
    (*count)++;
  }
  return FH_OK;
}

fh_status fh_delaunay(ptrdiff_t n, const double (*points)[2], int32_t (**triangles)[3],
                      ptrdiff_t *count)
{
  mesh m = {.last = 0};
  *triangles = NULL;
  fh_status st = prepare(n, points, &m);
  if (st == FH_OK) st = extract(&m, triangles, count);
  fh_free(m.point);
  fh_free(m.t);
  fh_free(m.stack);
  return st;
}
