/**
 * blocks - shuffles of two vectors, block by block
 *
 * FH_LOW_h and FH_HIGH_h are the even and the odd blocks of h lanes of two vectors in turn: repeated with
 * h = 1, 2, 4, ... they transpose a square of lanes.
 */
#pragma once

#include "kernels/isa/lanes.h"

/* FH_WIDTH: FH_LANES for the preprocessor */
#ifdef FH_DOUBLE
#define FH_WIDTH (FH_VECTOR_BYTES / 8)
#else
#define FH_WIDTH (FH_VECTOR_BYTES / 4)
#endif

#if FH_WIDTH == 16
#define FH_LOW_1 0, 16, 2, 18, 4, 20, 6, 22, 8, 24, 10, 26, 12, 28, 14, 30
#define FH_HIGH_1 1, 17, 3, 19, 5, 21, 7, 23, 9, 25, 11, 27, 13, 29, 15, 31
#define FH_LOW_2 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29
#define FH_HIGH_2 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31
#define FH_LOW_4 0, 1, 2, 3, 16, 17, 18, 19, 8, 9, 10, 11, 24, 25, 26, 27
#define FH_HIGH_4 4, 5, 6, 7, 20, 21, 22, 23, 12, 13, 14, 15, 28, 29, 30, 31
#define FH_LOW_8 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23
#define FH_HIGH_8 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31
#elif FH_WIDTH == 8
#define FH_LOW_1 0, 8, 2, 10, 4, 12, 6, 14
#define FH_HIGH_1 1, 9, 3, 11, 5, 13, 7, 15
#define FH_LOW_2 0, 1, 8, 9, 4, 5, 12, 13
#define FH_HIGH_2 2, 3, 10, 11, 6, 7, 14, 15
#define FH_LOW_4 0, 1, 2, 3, 8, 9, 10, 11
#define FH_HIGH_4 4, 5, 6, 7, 12, 13, 14, 15
#elif FH_WIDTH == 4
#define FH_LOW_1 0, 4, 2, 6
#define FH_HIGH_1 1, 5, 3, 7
#define FH_LOW_2 0, 1, 4, 5
#define FH_HIGH_2 2, 3, 6, 7
#else
#define FH_LOW_1 0, 2
#define FH_HIGH_1 1, 3
#endif
