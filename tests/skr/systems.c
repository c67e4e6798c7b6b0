#include "systems.h"

#include <hdf5.h>

/* *data receives [rows][cols] (or [cols]); false if the dataset is not there or has other extents.
   An extent given as -1 is returned in its place */
static PetscBool ReadArray(hid_t file, const char *name, hid_t type, size_t size, PetscInt *rows,
                           PetscInt *cols, void **data)
{
  hsize_t extent[2] = {1, 0};
  PetscBool good = PETSC_FALSE;

  *data = NULL;
  if (H5Lexists(file, name, H5P_DEFAULT) <= 0) return PETSC_FALSE;
  const hid_t set = H5Dopen2(file, name, H5P_DEFAULT);
  if (set < 0) return PETSC_FALSE;
  const hid_t space = H5Dget_space(set);
  const int rank = H5Sget_simple_extent_ndims(space);
  if (rank == (rows ? 2 : 1) &&
      H5Sget_simple_extent_dims(space, extent + (rank == 1), NULL) == rank) {
    const PetscBool fits = (PetscBool)(extent[0] < 1000000 && extent[1] < 100000000);
    if (rows && *rows < 0) *rows = (PetscInt)extent[0];
    if (*cols < 0) *cols = (PetscInt)extent[1];
    good =
        (PetscBool)(fits && (!rows || (hsize_t)*rows == extent[0]) && (hsize_t)*cols == extent[1]);
  }
  if (good && PetscMalloc(extent[0] * extent[1] * size + 1, data)) good = PETSC_FALSE;
  if (good && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, *data) < 0) good = PETSC_FALSE;
  H5Sclose(space);
  H5Dclose(set);
  return good;
}

static PetscBool PatternIsSound(const Systems *s)
{
  if (s->row[0] != 0 || s->row[s->n] != s->nnz) return PETSC_FALSE;
  for (PetscInt i = 0; i < s->n; i++)
    if (s->row[i + 1] < s->row[i]) return PETSC_FALSE;
  for (PetscInt i = 0; i < s->nnz; i++)
    if (s->column[i] < 0 || s->column[i] >= s->n) return PETSC_FALSE;
  return PETSC_TRUE;
}

static const char *ReadSystems(hid_t file, Systems *s)
{
  PetscInt rows = -1;

  if (!ReadArray(file, "indptr", H5T_NATIVE_INT, sizeof(PetscInt), NULL, &rows, (void **)&s->row) ||
      rows < 2)
    return "no row pointers in /indptr";
  s->n = rows - 1;
  s->nnz = s->count = -1;
  if (!ReadArray(file, "indices", H5T_NATIVE_INT, sizeof(PetscInt), NULL, &s->nnz,
                 (void **)&s->column))
    return "no column numbers in /indices";
  if (!ReadArray(file, "values", H5T_NATIVE_DOUBLE, sizeof(PetscScalar), &s->count, &s->nnz,
                 (void **)&s->value))
    return "/values is not [systems][nonzeros]";
  if (!ReadArray(file, "rhs", H5T_NATIVE_DOUBLE, sizeof(PetscScalar), &s->count, &s->n,
                 (void **)&s->rhs))
    return "/rhs is not [systems][unknowns]";
  if (s->count < 1) return "no systems";
  return PatternIsSound(s) ? NULL : "/indptr and /indices are not a matrix";
}

/* gcrodr_m40_k20_icc_rtol1e-5, gcrodr_fresh_..., gmres_... */
static PetscBool ParseName(const char *name, Case *c)
{
  int m, k, used = 0;
  const char *rest = name;
  char tolerance[32];

  c->gmres = (PetscBool)!strncmp(rest, "gmres_", 6);
  if (!c->gmres && strncmp(rest, "gcrodr_", 7)) return PETSC_FALSE;
  rest += c->gmres ? 6 : 7;
  c->fresh = (PetscBool)!strncmp(rest, "fresh_", 6);
  if (c->fresh) rest += 6;
  if (sscanf(rest, "m%d_k%d_%31[a-z0-9]_rtol%31[0-9.e+-]%n", &m, &k, c->pc, tolerance, &used) !=
          4 ||
      rest[used])
    return PETSC_FALSE;
  c->m = m;
  c->k = c->gmres ? 0 : k;
  c->rtol = strtod(tolerance, NULL);
  return (PetscBool)(c->rtol > 0.0 && m > c->k && c->k >= 0 && strlen(name) < sizeof c->name);
}

static PetscErrorCode ReadCase(hid_t file, const char *name, const Systems *s, Case *c,
                               PetscBool *ok)
{
  char path[256];
  PetscInt count = s->count;
  int *reason;

  PetscFunctionBegin;
  *ok = ParseName(name, c);
  if (!*ok) PetscFunctionReturn(0);
  PetscCall(PetscStrncpy(c->name, name, sizeof c->name));
  PetscCall(PetscSNPrintf(path, sizeof path, "its/%s", name));
  *ok = ReadArray(file, path, H5T_NATIVE_INT, sizeof(PetscInt), NULL, &count,
                  (void **)&c->iterations);
  if (!*ok) {
    PetscCall(PetscFree(c->iterations));
    PetscFunctionReturn(0);
  }
  c->converged = PETSC_TRUE;
  PetscCall(PetscSNPrintf(path, sizeof path, "reason/%s", name));
  if (ReadArray(file, path, H5T_NATIVE_INT, sizeof(int), NULL, &count, (void **)&reason))
    for (PetscInt i = 0; i < count; i++)
      if (reason[i] <= 0) c->converged = PETSC_FALSE;
  PetscCall(PetscFree(reason));
  PetscFunctionReturn(0);
}

PetscErrorCode SystemsRead(const char *path, Systems *s, PetscInt *cases, Case **list,
                           PetscBool *ok, char *why)
{
  H5G_info_t info;
  const char *wrong = "not an HDF5 file";

  PetscFunctionBegin;
  PetscCall(PetscMemzero(s, sizeof *s));
  *cases = 0;
  *list = NULL;
  const hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
  if (file >= 0) wrong = ReadSystems(file, s);
  const hid_t group = !wrong && H5Lexists(file, "its", H5P_DEFAULT) > 0
                          ? H5Gopen2(file, "its", H5P_DEFAULT)
                          : H5I_INVALID_HID;
  if (!wrong && (group < 0 || H5Gget_info(group, &info) < 0)) wrong = "no iteration counts in /its";
  if (!wrong) PetscCall(PetscCalloc1(info.nlinks + 1, list));
  for (hsize_t i = 0; !wrong && i < info.nlinks; i++) {
    char name[128];
    PetscBool sound = PETSC_FALSE;
    const ssize_t length = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name,
                                              sizeof name, H5P_DEFAULT);
    if (length > 0 && length < (ssize_t)sizeof name)
      PetscCall(ReadCase(file, name, s, *list + *cases, &sound));
    if (sound)
      ++*cases;
    else
      PetscCall(PetscMemzero(*list + *cases, sizeof **list));
  }
  if (group >= 0) H5Gclose(group);
  if (file >= 0) H5Fclose(file);
  *ok = (PetscBool)!wrong;
  if (wrong) PetscCall(PetscStrncpy(why, wrong, 256));
  PetscFunctionReturn(0);
}

PetscErrorCode SystemsFree(Systems *s, PetscInt cases, Case **list)
{
  PetscFunctionBegin;
  for (PetscInt i = 0; i < cases; i++) PetscCall(PetscFree((*list)[i].iterations));
  PetscCall(PetscFree(*list));
  PetscCall(PetscFree(s->row));
  PetscCall(PetscFree(s->column));
  PetscCall(PetscFree(s->value));
  PetscCall(PetscFree(s->rhs));
  PetscFunctionReturn(0);
}

PetscErrorCode SystemsMatrix(const Systems *s, PetscInt i, Mat *A)
{
  PetscFunctionBegin;
  if (!*A) {
    PetscInt *width;
    PetscCall(PetscMalloc1(s->n, &width));
    for (PetscInt r = 0; r < s->n; r++) width[r] = s->row[r + 1] - s->row[r];
    PetscCall(MatCreateSeqAIJ(PETSC_COMM_SELF, s->n, s->n, 0, width, A));
    PetscCall(PetscFree(width));
  }
  for (PetscInt r = 0; r < s->n; r++)
    PetscCall(MatSetValues(*A, 1, &r, s->row[r + 1] - s->row[r], s->column + s->row[r],
                           s->value + (size_t)i * (size_t)s->nnz + s->row[r], INSERT_VALUES));
  PetscCall(MatAssemblyBegin(*A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(*A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}
