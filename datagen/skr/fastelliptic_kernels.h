/* fastelliptic_kernels - the inverse itself; included once a precision, with REAL, GEMM and NAME set */
#include <cblas.h>
#include <string.h>

#include "datagen/petsc.h"
#include "datagen/skr/fastelliptic_impl.h"

/* ---- building ------------------------------------------------------------------------------------ */

static PetscErrorCode ConvertVectors(const FHModes *m, void **copy)
{
  const PetscInt size = m->even * m->even + m->odd * m->odd;
  REAL *v = NULL;
  PetscFunctionBegin;
  if (!m->vectors) PetscFunctionReturn(0);
  PetscCall(PetscMalloc1(size, &v));
  for (PetscInt i = 0; i < size; i++) v[i] = (REAL)m->vectors[i];
  *copy = v;
  PetscFunctionReturn(0);
}

static PetscReal Lambda(const FHSolver *f, PetscInt mode)
{
  return f->axis[0].lambda[mode / f->n[2]] + f->axis[1].lambda[mode % f->n[2]];
}

/* The ends of a cyclic axis couple by c = corner: T = T' + c e e', e = (1, 0, .., 0, 1), and by Sherman
   and Morrison T^-1 b = y - q c (y_0 + y_n-1) / (1 + c (q_0 + q_n-1)), T' y = b, T' q = e. */
static void FillClosing(FHSolver *f, PetscInt m, const PetscReal *pivot, PetscReal *q)
{
  const PetscInt n = f->n[0];
  REAL *closing = f->closing;
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal end = i == 0 || i == n - 1 ? 1.0 : 0.0;
    q[i] = pivot[i] * (end - (i ? f->off[i - 1] * q[i - 1] : 0.0));
  }
  for (PetscInt i = n - 2; i >= 0; i--) q[i] -= f->off[i] * pivot[i] * q[i + 1];
  const PetscReal factor = f->corner / (1.0 + f->corner * (q[0] + q[n - 1]));
  for (PetscInt i = 0; i < n; i++) closing[i * f->own_modes + m] = (REAL)(factor * q[i]);
}

/* inverse pivots of T0 + (lambda + shift) M0 for one mode, and of the first n-1 rows for the null mode */
static void FillMode(FHSolver *f, PetscInt m, PetscReal shift, PetscReal *pivot, PetscReal *q,
                     PetscReal *least)
{
  const FHAxis *a = &f->first;
  const PetscInt n = a->n;
  const PetscReal lambda = Lambda(f, f->first_mode + m) + shift;
  const bool is_null = m == f->null_mode;
  REAL *pivots = f->pivots;
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal ends = i == 0 || i == n - 1 ? a->corner : 0.0;
    const PetscReal main = a->main[i] + lambda * a->mass[i] - (is_null ? 0.0 : ends);
    const PetscReal taken = i ? a->off[i - 1] * a->off[i - 1] * pivot[i - 1] : 0.0;
    pivot[i] = is_null && i == n - 1 ? 0.0 : 1.0 / (main - taken);
    if (!is_null)
      *least = PetscMin(*least, PetscAbsReal(main - taken) / (PetscAbsReal(main) + taken + 1e-300));
    pivots[i * f->own_modes + m] = is_null ? (REAL)0 : (REAL)pivot[i];
    if (is_null) f->null_pivots[i] = pivot[i];
  }
  if (f->closing && !is_null) FillClosing(f, m, pivot, q);
}

PetscErrorCode NAME(FHSolverShift)(FHSolver *f, PetscReal shift, PetscReal *least)
{
  PetscReal *pivot = NULL, *q = NULL;
  PetscFunctionBegin;
  *least = 1.0;
  PetscCall(PetscMalloc2(f->n[0], &pivot, f->n[0], &q));
  for (PetscInt m = 0; m < f->own_modes; m++) FillMode(f, m, shift, pivot, q, least);
  PetscCall(PetscFree2(pivot, q));
  PetscFunctionReturn(0);
}

PetscErrorCode NAME(FHSolverBuild)(FHSolver *f)
{
  const PetscInt lines = PetscMax(1, f->n[0] * f->own_modes);
  const PetscInt most = PetscMax(1, PetscMax(f->planes * f->modes, lines));
  REAL *buffer = NULL;
  PetscFunctionBegin;
  for (int axis = 0; axis < 2; axis++) PetscCall(ConvertVectors(&f->axis[axis], &f->vectors[axis]));
  PetscCall(PetscCalloc1(lines, &buffer));
  f->pivots = buffer;
  if (f->corner != 0.0) {
    PetscCall(PetscCalloc1(lines, &buffer));
    f->closing = buffer;
  }
  PetscCall(PetscCalloc1(most, &buffer));
  f->a = buffer;
  PetscCall(PetscCalloc1(most, &buffer));
  f->b = buffer;
  PetscFunctionReturn(0);
}

/* ---- one axis ------------------------------------------------------------------------------------ */

/* lines along the last axis: sums and differences of mirrored entries, scaled by s */
static void FoldLast(const FHModes *m, PetscInt rows, const PetscScalar *in, const PetscReal *s,
                     PetscReal gain, REAL *a)
{
  const PetscInt n = m->n, half = m->odd;
  for (PetscInt r = 0; r < rows; r++, in += n, a += n) {
    const PetscReal *t = s ? s + r * n : NULL;
    for (PetscInt j = 0; j < half; j++) {
      const PetscReal u = gain * in[j] * (t ? t[j] : 1.0);
      const PetscReal v = gain * in[n - 1 - j] * (t ? t[n - 1 - j] : 1.0);
      a[j] = (REAL)(u + v);
      a[m->even + j] = (REAL)(u - v);
    }
    for (PetscInt j = half; j < m->even; j++) a[j] = (REAL)(gain * in[j] * (t ? t[j] : 1.0));
  }
}

static void UnfoldLast(const FHModes *m, PetscInt rows, const REAL *a, const PetscReal *s,
                       PetscReal gain, PetscScalar *out)
{
  const PetscInt n = m->n, half = m->odd;
  for (PetscInt r = 0; r < rows; r++, out += n, a += n) {
    const PetscReal *t = s ? s + r * n : NULL;
    for (PetscInt j = 0; j < half; j++) {
      const PetscReal e = (PetscReal)a[j], o = (PetscReal)a[m->even + j];
      out[j] = gain * (e + o) * (t ? t[j] : 1.0);
      out[n - 1 - j] = gain * (e - o) * (t ? t[n - 1 - j] : 1.0);
    }
    for (PetscInt j = half; j < m->even; j++) out[j] = gain * (PetscReal)a[j] * (t ? t[j] : 1.0);
  }
}

/* to[rows][n] = from[rows][n] times the vectors of every half, or their transposed */
static void MultiplyLast(const FHModes *m, const REAL *v, bool back, PetscInt rows,
                         const REAL *from, REAL *to)
{
  const int n = (int)m->n, e = (int)m->even, o = (int)m->odd;
  const CBLAS_TRANSPOSE turn = back ? CblasTrans : CblasNoTrans;
  if (rows == 0) return;
  GEMM(CblasRowMajor, CblasNoTrans, turn, (int)rows, e, e, (REAL)1, from, n, v, e, (REAL)0, to, n);
  if (o == 0) return;
  GEMM(CblasRowMajor, CblasNoTrans, turn, (int)rows, o, o, (REAL)1, from + e, n, v + e * e, o,
       (REAL)0, to + e, n);
}

/* the same along the middle axis: rows of width entries are what is folded */
static void FoldMiddle(const FHModes *m, PetscInt width, const REAL *b, REAL *a)
{
  const PetscInt n = m->n;
  for (PetscInt j = 0; j < m->odd; j++)
    for (PetscInt k = 0; k < width; k++) {
      const REAL u = b[j * width + k], v = b[(n - 1 - j) * width + k];
      a[j * width + k] = u + v;
      a[(m->even + j) * width + k] = u - v;
    }
  PetscArraycpy(a + m->odd * width, b + m->odd * width, (m->even - m->odd) * width);
}

static void UnfoldMiddle(const FHModes *m, PetscInt width, const REAL *a, REAL *b)
{
  const PetscInt n = m->n;
  for (PetscInt j = 0; j < m->odd; j++)
    for (PetscInt k = 0; k < width; k++) {
      const REAL e = a[j * width + k], o = a[(m->even + j) * width + k];
      b[j * width + k] = e + o;
      b[(n - 1 - j) * width + k] = e - o;
    }
  PetscArraycpy(b + m->odd * width, a + m->odd * width, (m->even - m->odd) * width);
}

static void MultiplyMiddle(const FHModes *m, const REAL *v, bool back, PetscInt width,
                           const REAL *from, REAL *to)
{
  const int w = (int)width, e = (int)m->even, o = (int)m->odd;
  const CBLAS_TRANSPOSE turn = back ? CblasNoTrans : CblasTrans;
  GEMM(CblasRowMajor, turn, CblasNoTrans, e, w, e, (REAL)1, v, e, from, w, (REAL)0, to, w);
  if (o == 0) return;
  GEMM(CblasRowMajor, turn, CblasNoTrans, o, w, o, (REAL)1, v + e * e, o, from + m->even * width, w,
       (REAL)0, to + m->even * width, w);
}

/* middle axis of all planes in b, by way of a */
static void TransformMiddle(FHSolver *f, bool back)
{
  const FHModes *m = &f->axis[0];
  REAL *a = f->a, *b = f->b;
  if (m->n == 1) return;
  if (!m->vectors) {
    if (f->planes) fh_lines_run(f->lines[0][back]);
    return;
  }
  for (PetscInt i = 0; i < f->planes; i++) {
    REAL *plane = b + i * f->modes;
    if (back) {
      MultiplyMiddle(m, f->vectors[0], true, f->n[2], plane, a);
      UnfoldMiddle(m, f->n[2], a, plane);
    } else {
      FoldMiddle(m, f->n[2], plane, a);
      MultiplyMiddle(m, f->vectors[0], false, f->n[2], a, plane);
    }
  }
}

/* ---- the first axis ------------------------------------------------------------------------------ */

/* null mode of a singular L: pseudo-inverse of T0, in double, last unknown fixed and the mean removed */
static void SolveNull(const FHSolver *f, REAL *x)
{
  const PetscInt n = f->n[0], step = f->own_modes;
  const PetscReal *w = f->null_pivots;
  PetscReal mean = 0.0, before = 0.0, total = 0.0;
  for (PetscInt i = 0; i < n; i++) mean += (PetscReal)x[i * step] / (PetscReal)n;
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal b = (PetscReal)x[i * step] - mean;
    before = w[i] * (b - (i ? f->off[i - 1] * before : 0.0));
    x[i * step] = (REAL)before;
  }
  before = 0.0;
  for (PetscInt i = n - 1; i >= 0; i--) {
    const PetscReal next = i < n - 1 ? f->off[i] * w[i] * before : 0.0;
    before = (PetscReal)x[i * step] - next;
    x[i * step] = (REAL)before;
    total += before / (PetscReal)n;
  }
  for (PetscInt i = 0; i < n; i++) x[i * step] -= (REAL)total;
}

static void Close(const FHSolver *f, REAL *x)
{
  const PetscInt n = f->n[0], modes = f->own_modes;
  const REAL *closing = f->closing;
  REAL *ends = f->a;
  for (PetscInt m = 0; m < modes; m++) ends[m] = x[m] + x[(n - 1) * modes + m];
  for (PetscInt i = 0; i < n; i++)
    for (PetscInt m = 0; m < modes; m++) x[i * modes + m] -= closing[i * modes + m] * ends[m];
}

/* x [n0][modes]: L D L' of every mode, vectorised over the modes. Pivots of the null mode are 0 here: its
   entries are left as they are, for SolveNull. */
static void SolveLines(const FHSolver *f, REAL *x)
{
  const PetscInt n = f->n[0], modes = f->own_modes, null = f->null_mode;
  const REAL *w = f->pivots;
  for (PetscInt m = 0; m < modes && n > 0; m++) x[m] *= m == null ? (REAL)1 : w[m];
  for (PetscInt i = 1; i < n; i++) {
    const REAL off = (REAL)f->off[i - 1];
    const REAL *restrict v = w + i * modes, *restrict before = x + (i - 1) * modes;
    REAL *restrict here = x + i * modes;
    const REAL kept = null >= 0 ? here[null] : (REAL)0;
    for (PetscInt m = 0; m < modes; m++) here[m] = v[m] * (here[m] - off * before[m]);
    if (null >= 0) here[null] = kept;
  }
  for (PetscInt i = n - 2; i >= 0; i--) {
    const REAL off = (REAL)f->off[i];
    const REAL *restrict v = w + i * modes, *restrict next = x + (i + 1) * modes;
    REAL *restrict here = x + i * modes;
    for (PetscInt m = 0; m < modes; m++) here[m] -= off * v[m] * next[m];
  }
  if (f->closing) Close(f, x);
  if (null >= 0) SolveNull(f, x + null);
}

/* b [planes][modes] and a in packets [rank][planes][that rank's modes] */
static void Pack(FHSolver *f, bool unpack)
{
  REAL *packet = f->a, *b = f->b;
  for (int r = 0; r < f->ranks; r++) {
    const PetscInt from = FHShare(f->modes, f->ranks, r);
    const PetscInt count = FHShare(f->modes, f->ranks, r + 1) - from;
    for (PetscInt i = 0; i < f->planes; i++, packet += count) {
      REAL *here = b + i * f->modes + from;
      (void)memcpy(unpack ? here : packet, unpack ? packet : here, (size_t)count * sizeof *b);
    }
  }
}

/* lines in b, one rank's planes, become lines in b, [n0][own modes]; and back */
static PetscErrorCode Exchange(FHSolver *f, bool back)
{
  const MPI_Datatype type = sizeof(REAL) == sizeof(float) ? MPI_FLOAT : MPI_DOUBLE;
  PetscFunctionBegin;
  if (f->ranks == 1) PetscFunctionReturn(0);
  if (back) {
    PetscCallMPI(MPI_Alltoallv(f->b, f->receive, f->receive_at, type, f->a, f->send, f->send_at,
                               type, f->comm));
    Pack(f, true);
  } else {
    Pack(f, false);
    PetscCallMPI(MPI_Alltoallv(f->a, f->send, f->send_at, type, f->b, f->receive, f->receive_at,
                               type, f->comm));
  }
  PetscFunctionReturn(0);
}

/* ---- all of it ----------------------------------------------------------------------------------- */

PetscErrorCode NAME(FHSolverApply)(FHSolver *f, const PetscScalar *in, const PetscReal *s,
                                   PetscReal before, PetscReal after, PetscScalar *out)
{
  const FHModes *last = &f->axis[1];
  const PetscInt rows = f->planes * f->n[1];
  PetscFunctionBegin;
  if (last->vectors) {
    FoldLast(last, rows, in, s, before, f->a);
    MultiplyLast(last, f->vectors[1], false, rows, f->a, f->b);
  } else {
    FoldLast(last, rows, in, s, before, f->b);
    if (rows) fh_lines_run(f->lines[1][0]);
  }
  TransformMiddle(f, false);
  PetscCall(Exchange(f, false));
  SolveLines(f, f->b);
  PetscCall(Exchange(f, true));
  TransformMiddle(f, true);
  if (last->vectors) {
    MultiplyLast(last, f->vectors[1], true, rows, f->b, f->a);
    UnfoldLast(last, rows, f->a, s, after / f->gain, out);
  } else {
    if (rows) fh_lines_run(f->lines[1][1]);
    UnfoldLast(last, rows, f->b, s, after / f->gain, out);
  }
  PetscFunctionReturn(0);
}
