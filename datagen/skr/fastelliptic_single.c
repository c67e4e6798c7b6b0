#define REAL float
#define GEMM cblas_sgemm
#define NAME(name) name##_single
#include "datagen/skr/fastelliptic_kernels.h"
