#include "operators/spectral/spectral_impl.h"

/* channels in, out; dim; modes; stored; bias, separable; output; std; method; channels of the mixing,
 * each by itself - then the input */
static const struct {
  fh_spectral_config config;
  ptrdiff_t batch, n[3];
} cases[] = {
    /* one axis: odd, even with all frequencies, finer and coarser outputs, fewer points than modes */
    {{2, 3, 1, {5}, {0}, false, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {9}},
    {{3, 2, 1, {8}, {0}, true, false, {0}, 0, FH_SPECTRAL_FFTW, 0, 0, false}, 2, {8}},
    {{2, 2, 1, {8}, {0}, false, false, {12}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 1, {8}},
    {{2, 2, 1, {12}, {0}, false, false, {8}, 0, FH_SPECTRAL_FFTW, 0, 0, false}, 2, {12}},
    {{1, 2, 1, {16}, {0}, true, false, {0}, 0, FH_SPECTRAL_AUTO, 0, 0, false}, 2, {7}},
    {{2, 1, 1, {40}, {0}, false, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 30, {45}},
    /* two axes */
    {{3, 5, 2, {6, 5}, {0}, false, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 3, {9, 11}},
    {{5, 3, 2, {8, 8}, {0}, true, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {8, 8}},
    {{2, 2, 2, {7, 6}, {0}, false, false, {0}, 0, FH_SPECTRAL_FFTW, 0, 0, false}, 2, {10, 13}},
    {{3, 3, 2, {5, 6}, {8, 6}, false, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {12, 10}},
    {{2, 4, 2, {12, 12}, {0}, false, false, {0}, 0, FH_SPECTRAL_AUTO, 0, 0, false}, 2, {7, 6}},
    {{4, 4, 2, {6, 7}, {0}, true, true, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 3, {8, 9}},
    {{3, 3, 2, {4, 6}, {9, 5}, false, true, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {8, 18}},
    {{2, 3, 2, {8, 6}, {0}, false, false, {13, 12}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {8, 6}},
    {{2, 3, 2, {8, 10}, {0}, false, false, {6, 8}, 0, FH_SPECTRAL_FFTW, 0, 0, false}, 2, {9, 11}},
    {{3, 2, 2, {8, 8}, {0}, false, false, {6, 0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {8, 21}},
    {{7, 5, 2, {9, 20}, {0}, true, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 5, {17, 37}},
    /* three axes */
    {{2, 3, 3, {4, 5, 4}, {0}, true, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 0, false}, 2, {5, 6, 7}},
    {{3, 2, 3, {4, 4, 6}, {0}, false, false, {0}, 0, FH_SPECTRAL_FFTW, 0, 0, false}, 2, {4, 5, 6}},
    {{2, 2, 3, {3, 4, 5}, {6, 5, 4}, false, false, {0, 6, 9}, 0, FH_SPECTRAL_GEMM, 0, 0, false},
     2,
     {4, 4, 9}},
    {{2, 2, 3, {4, 4, 4}, {0}, false, true, {6, 4, 3}, 0, FH_SPECTRAL_FFTW, 0, 0, false},
     1,
     {4, 7, 8}},
    /* channel matrices: on both sides, on one, with one number a channel between them */
    {{3, 5, 2, {6, 5}, {0}, false, false, {0}, 0, FH_SPECTRAL_GEMM, 2, 4, false}, 3, {9, 11}},
    {{4, 3, 2, {5, 6}, {8, 6}, true, false, {0}, 0, FH_SPECTRAL_FFTW, 3, 0, false}, 2, {12, 10}},
    {{3, 4, 1, {9}, {0}, false, false, {0}, 0, FH_SPECTRAL_GEMM, 0, 2, false}, 2, {11}},
    {{2, 3, 3, {4, 3, 4}, {0}, true, false, {0}, 0, FH_SPECTRAL_AUTO, 7, 7, true}, 2, {5, 4, 6}},
};

fh_status fh_spectral_example(int i, fh_op **op, fh_shape *in)
{
  *op = NULL;
  if (i >= (int)(sizeof cases / sizeof *cases)) return FH_OK;
  const fh_spectral_config *c = &cases[i].config;
  FH_TRY(fh_example_shape(cases[i].batch, c->in_channels, c->dim, cases[i].n, &in[0]));
  return fh_spectral_create(c, op);
}
