/**
 * real - the precision of the engine, chosen when the library is built
 *
 * The library is built twice: libfredholm (float) and libfredholm_f64 (FH_DOUBLE). Complex arrays
 * are interleaved (re, im) pairs of fh_real wherever a header shows them.
 */
#pragma once

#include <mpi.h>

#ifdef FH_DOUBLE
typedef double fh_real;
#define FH_MPI_REAL MPI_DOUBLE
#define FH_PRECISION "f64"
#define FH_REAL_EPSILON 2.220446049250313e-16
#else
typedef float fh_real;
#define FH_MPI_REAL MPI_FLOAT
#define FH_PRECISION "f32"
#define FH_REAL_EPSILON 1.1920928955078125e-07
#endif
