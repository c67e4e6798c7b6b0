/** rig - small distributed systems for the tests of the recycling methods, and an independent answer to them */
#pragma once

#include <math.h>

#include "datagen/petsc.h"
#include "datagen/skr/deflated.h"
#include "datagen/skr/gcrodr.h"

typedef enum { SYMMETRIC, NONSYMMETRIC, INDEFINITE, KINDS } Kind;

extern const char *const kind_names[KINDS];

/* 5-point operator on side x side points with a coefficient that depends on the step of the chain;
   *A is made at the first call and refilled later */
PetscErrorCode RigMatrix(Kind kind, PetscInt side, PetscInt step, Mat *A);
/* the same entries on any number of processes */
PetscErrorCode RigRhs(Mat A, PetscInt step, Vec *b);
/* by a direct solve of the whole system on every process */
PetscErrorCode RigDirect(Mat A, Vec b, Vec *x);
/* gcrodr, rcg or rminres with restart (window) m, recycle k, Jacobi, -ksp_..._check 1e-10 and rtol */
PetscErrorCode RigSolver(const char *type, PetscInt m, PetscInt k, PetscReal rtol, KSP *ksp);
PetscErrorCode RigResidual(Mat A, Vec b, Vec x, PetscReal *relative);
PetscErrorCode RigDistance(Vec x, Vec y, PetscReal *relative);

/* a refresh in every solve, as gcrodr does in every cycle */
PetscErrorCode RigRefreshAlways(KSP ksp);

/* one check: says what is wrong and remembers it */
PetscErrorCode RigExpect(PetscBool ok, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
extern int rig_failures;

/* one system of the kind that a type is for, its answer, and a solver of that type */
typedef struct {
  Mat A;
  Vec b, x, exact;
  KSP ksp;
} RigSetup;
extern const char *rig_type; /* under test: gcrodr unless set */
Kind RigOurs(void);
PetscErrorCode RigOpen(Kind kind, PetscInt m, PetscInt k, RigSetup *s);
PetscErrorCode RigClose(RigSetup *s);
/* solves; fails the test unless it converged in least to most iterations to the stored answer */
PetscErrorCode RigExpectSolve(RigSetup *s, const char *what, PetscInt least, PetscInt most);
