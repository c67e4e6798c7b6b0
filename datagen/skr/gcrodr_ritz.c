/* The small dense problems. They run on one process; the caller broadcasts what they give. */
#include "datagen/skr/gcrodr_impl.h"

#define DEPENDENT 1e-12 /* a diagonal entry of R this small beside the largest: drop the column */

/* A (rows x cols) becomes its R, its reflectors below, factors tau */
static PetscErrorCode Factor(PetscInt rows, PetscInt cols, PetscScalar *A, PetscScalar *tau)
{
  PetscBLASInt m = (PetscBLASInt)rows, n = (PetscBLASInt)cols, size = 64 * n + 64, info;
  PetscScalar *work;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1((size_t)size, &work));
  PetscCallBLAS("LAPACKgeqrf", LAPACKgeqrf_(&m, &n, A, &m, tau, work, &size, &info));
  PetscCheck(!info, PETSC_COMM_SELF, PETSC_ERR_LIB, "GEQRF failed with info = %d", (int)info);
  PetscCall(PetscFree(work));
  PetscFunctionReturn(0);
}

/* B (rows x width) := Q B or Q'B with the Q of Factor() */
static PetscErrorCode Reflect(const char *transpose, PetscInt rows, PetscInt cols, PetscScalar *A,
                              PetscScalar *tau, PetscInt width, PetscScalar *B)
{
  PetscBLASInt m = (PetscBLASInt)rows, n = (PetscBLASInt)width, k = (PetscBLASInt)cols,
               size = 64 * PetscMax(n, m) + 64, info;
  PetscScalar *work;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1((size_t)size, &work));
  PetscCallBLAS("LAPACKormqr",
                LAPACKormqr_("L", transpose, &m, &n, &k, A, &m, tau, B, &m, work, &size, &info));
  PetscCheck(!info, PETSC_COMM_SELF, PETSC_ERR_LIB, "ORMQR failed with info = %d", (int)info);
  PetscCall(PetscFree(work));
  PetscFunctionReturn(0);
}

/* columns of R before the first that depends on those to its left */
static PetscInt Rank(PetscInt rows, PetscInt cols, const PetscScalar *R)
{
  PetscReal largest = 0.0;

  for (PetscInt i = 0; i < cols; i++) largest = PetscMax(largest, PetscAbsReal(R[i * (rows + 1)]));
  for (PetscInt i = 0; i < cols; i++)
    if (!(PetscAbsReal(R[i * (rows + 1)]) > DEPENDENT * largest)) return i;
  return cols;
}

/* E'E z = theta E'F z as T z = z / theta, T = R^-1 Q'F with E = QR: no E'E, no squared condition.
   T (cols x cols) is left in M */
static PetscErrorCode Reduce(GCRODRRitzProblem *a, PetscScalar *tau, PetscScalar *M, PetscBool *ok)
{
  const PetscBLASInt m = (PetscBLASInt)a->rows, n = (PetscBLASInt)a->cols;
  const PetscScalar one = 1.0;

  PetscFunctionBegin;
  PetscCall(Factor(a->rows, a->cols, a->E, tau));
  *ok = (PetscBool)(Rank(a->rows, a->cols, a->E) == a->cols);
  if (!*ok) PetscFunctionReturn(0);
  PetscCall(Reflect("T", a->rows, a->cols, a->E, tau, a->cols, a->F));
  PetscCallBLAS("BLAStrsm", BLAStrsm_("L", "U", "N", "N", &n, &n, &one, a->E, &m, a->F, &m));
  for (PetscInt j = 0; j < a->cols; j++)
    PetscCall(PetscArraycpy(M + j * a->cols, a->F + j * a->rows, a->cols));
  PetscFunctionReturn(0);
}

static PetscErrorCode Eigen(PetscInt cols, PetscScalar *M, PetscReal *re, PetscReal *im,
                            PetscScalar *vectors, PetscBool *ok)
{
  PetscBLASInt n = (PetscBLASInt)cols, size = 64 * n + 64, one = 1, info;
  PetscScalar *work, none;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1((size_t)size, &work));
  PetscCall(PetscFPTrapPush(PETSC_FP_TRAP_OFF));
  PetscCallBLAS("LAPACKgeev", LAPACKgeev_("N", "V", &n, M, &n, re, im, &none, &one, vectors, &n,
                                          work, &size, &info));
  PetscCall(PetscFPTrapPop());
  PetscCall(PetscFree(work));
  *ok = (PetscBool)!info;
  PetscFunctionReturn(0);
}

/* columns in the order of falling magnitude; a pair's stay together */
static PetscErrorCode Order(PetscInt n, const PetscReal *re, const PetscReal *im, PetscInt *order)
{
  PetscReal *key;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(n, &key));
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal size = hypot(re[i], im[i]);
    PetscInt at = i;
    for (; at > 0 && key[at - 1] < size; at--) {
      key[at] = key[at - 1];
      order[at] = order[at - 1];
    }
    key[at] = size;
    order[at] = i;
  }
  PetscCall(PetscFree(key));
  PetscFunctionReturn(0);
}

/* how many of the ordered columns: the limit must not cut a pair */
static PetscInt Count(const GCRODRRitzProblem *a, const PetscReal *im, const PetscInt *order)
{
  const PetscInt want = PetscMin(a->want, a->cols);
  PetscBool open = PETSC_FALSE; /* the first column of a pair was taken, the second was not */

  for (PetscInt i = 0; i < want; i++)
    if (im[order[i]] != 0.0) open = (PetscBool)!open;
  if (!open) return want;
  return want + 1 <= PetscMin(a->room, a->cols) ? want + 1 : want - 1;
}

/* A (rows x *cols) into the thin Q of A = QR, written to Q; R is left in A. Columns from the first
   dependent one on are dropped from *cols. Q may not be A */
static PetscErrorCode Orthonormal(PetscInt rows, PetscInt *cols, PetscScalar *A, PetscScalar *Q)
{
  const PetscInt all = *cols;
  PetscScalar *tau;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(all, &tau));
  PetscCall(Factor(rows, all, A, tau));
  *cols = Rank(rows, all, A);
  PetscCall(PetscArrayzero(Q, rows * all));
  for (PetscInt j = 0; j < *cols; j++) Q[j * (rows + 1)] = 1.0;
  PetscCall(Reflect("N", rows, all, A, tau, *cols, Q));
  PetscCall(PetscFree(tau));
  PetscFunctionReturn(0);
}

/* P made orthonormal: eigenvectors may be nearly parallel, and what follows would amplify that. Then
   G P = Q R and P = P R^-1 */
static PetscErrorCode Normalise(GCRODRRitzProblem *a)
{
  const PetscBLASInt m = (PetscBLASInt)a->rows, n = (PetscBLASInt)a->cols;
  const PetscScalar one = 1.0, zero = 0.0;
  PetscScalar *K;

  PetscFunctionBegin;
  PetscCall(PetscMalloc1(a->rows * a->found, &K));
  PetscCall(PetscArraycpy(K, a->P, a->cols * a->found));
  PetscCall(Orthonormal(a->cols, &a->found, K, a->P));
  PetscBLASInt found = (PetscBLASInt)a->found;
  if (found)
    PetscCallBLAS("BLASgemm",
                  BLASgemm_("N", "N", &m, &found, &n, &one, a->G, &m, a->P, &n, &zero, K, &m));
  if (found) PetscCall(Orthonormal(a->rows, &a->found, K, a->Q));
  found = (PetscBLASInt)a->found;
  if (found)
    PetscCallBLAS("BLAStrsm", BLAStrsm_("R", "U", "N", "N", &n, &found, &one, K, &m, a->P, &n));
  PetscCall(PetscFree(K));
  PetscFunctionReturn(0);
}

static PetscErrorCode Exact(GCRODRRitzProblem *a)
{
  PetscScalar *tau, *vectors, *M;
  PetscReal *re, *im;
  PetscInt *order;
  PetscBool ok = PETSC_FALSE;

  PetscFunctionBegin;
  PetscCall(PetscMalloc6(a->cols, &tau, a->cols * a->cols, &vectors, a->cols * a->cols, &M, a->cols,
                         &re, a->cols, &im, a->cols, &order));
  PetscCall(Reduce(a, tau, M, &ok));
  if (ok) PetscCall(Eigen(a->cols, M, re, im, vectors, &ok));
  if (ok) PetscCall(Order(a->cols, re, im, order));
  if (ok) a->found = Count(a, im, order);
  for (PetscInt j = 0; j < a->found; j++)
    PetscCall(PetscArraycpy(a->P + j * a->cols, vectors + order[j] * a->cols, a->cols));
  PetscCall(PetscFree6(tau, vectors, M, re, im, order));
  PetscFunctionReturn(0);
}

PetscErrorCode KSPGCRODRRitzSolve(GCRODRRitzProblem *a)
{
  PetscFunctionBegin;
  a->found = 0;
  if (a->M)
    PetscCall(KSPGCRODRPublishedFirst(a));
  else if (a->published)
    PetscCall(KSPGCRODRPublishedLater(a));
  else
    PetscCall(Exact(a));
  if (a->found) PetscCall(Normalise(a));
  PetscFunctionReturn(0);
}
