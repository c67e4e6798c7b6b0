/**
 * skr2024 - the matrices published with Sorting Krylov Recycling (Wang et al., ICLR 2024), as they are
 *
 * For reproducing its tables only. They are called Darcy and Helmholtz there and discretise neither:
 * the coefficient stands inside the second difference (-Laplace(a u)), the upper neighbour's is taken
 * two columns to its left, and "Helmholtz" subtracts h^2 k^2 with one number k < 1 a sample. The
 * matrices are not symmetric, and indefinite. docs/datagen.md says more; for the equations themselves
 * there are darcy and helmholtz.
 */
#pragma once

#include "datagen/problem/problem.h"

extern const fh_problem_class fh_skr2024_darcy_class, fh_skr2024_helmholtz_class;

/** k of a sample of skr-2024-helmholtz: uniform on (0, 1). */
double fh_skr2024_wave_number(uint64_t seed, int64_t index);
