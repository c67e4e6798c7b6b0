#define REAL double
#define GEMM cblas_dgemm
#define NAME(name) name##_double
#include "datagen/skr/fastelliptic_kernels.h"
