/**
 * dft_impl - what the two methods of the truncated DFT share
 */
#pragma once

#include "base/memory.h"
#include "kernels/dft.h"
#include "kernels/dft_table.h"
#include "kernels/fftw.h"

/* an axis but the last: cosines and sines of frequencies 0 .. nf-1 at half = n/2+1 pairs of points */
typedef struct {
  ptrdiff_t nf, half;
  fh_real *analyse, *synthesise; /* in the layouts of fh_dft_table */
} fh_dft_lead;

/* the last axis: products with n x columns (or half x columns, folded) and 2 nk x n matrices */
typedef struct {
  ptrdiff_t nk, half, padded_n; /* columns kept, pairs of points, n rounded up to whole vectors */
  bool fold, unfold;            /* analysis, synthesis on pairs of points */
  ptrdiff_t im, columns; /* of an analysed row: where the imaginary parts begin; its length */
  ptrdiff_t half_ld;     /* of a folded row */
  ptrdiff_t spectrum_ld; /* of a row to be synthesised: re, im at nk */
  fh_real *cosine, *sine, *both; /* analysis; folded: cosine and sine, else both */
  /* synthesis: 2 nk x n; unfolded: nk x half of cosines, then of sines */
  fh_real *synthesise;
} fh_dft_last;

typedef struct {
  double *cosine, *sine;          /* weights of the real and the imaginary part of a column, nk */
  fh_fftw *lines[2], *axis[2][2]; /* [forward, inverse]; axis by its number */
} fh_dft_fft;

struct fh_dft {
  fh_dft_spec spec;
  const fh_dft_table *table;
  ptrdiff_t modes, points, zero;
  fh_dft_lead lead[2];
  fh_dft_last last;
  fh_dft_fft fft;
  double flops;
  size_t work; /* bytes */
};

/** n reals rounded up to the alignment of buffers, which is a whole number of vectors. */
static inline ptrdiff_t fh_dft_padded(ptrdiff_t n)
{
  const ptrdiff_t whole = FH_ALIGNMENT / (ptrdiff_t)sizeof(fh_real);
  return (n + whole - 1) / whole * whole;
}
/** cos and sin of 2 pi f j / n, exact where they are 0, 1 or -1. */
void fh_dft_unit(ptrdiff_t f, ptrdiff_t j, ptrdiff_t n, double *c, double *s);
/** Weights of the cosine and sine parts of column k of the last axis. */
void fh_dft_column(const fh_dft_spec *s, ptrdiff_t k, double *c, double *sn);
/** True if frequency f of axis a is a cosine that stands for both signs. */
bool fh_dft_is_nyquist(const fh_dft_spec *s, int a, ptrdiff_t f);

fh_status fh_dft_gemm_build(fh_dft *d) FH_MUST;
void fh_dft_gemm_free(fh_dft *d);
/** Mean of both directions. */
double fh_dft_gemm_flops(const fh_dft_spec *s, int lanes);
void fh_dft_gemm_analyse(const fh_dft *d, ptrdiff_t fields, const fh_real *x, fh_real *modes,
                         fh_real *work);
void fh_dft_gemm_synthesise(const fh_dft *d, ptrdiff_t fields, const fh_real *modes, fh_real *x,
                            fh_real *work);

fh_status fh_dft_fft_build(fh_dft *d) FH_MUST;
void fh_dft_fft_free(fh_dft *d);
double fh_dft_fft_flops(const fh_dft_spec *s);
void fh_dft_fft_analyse(const fh_dft *d, ptrdiff_t fields, const fh_real *x, fh_real *modes,
                        fh_real *work);
void fh_dft_fft_synthesise(const fh_dft *d, ptrdiff_t fields, const fh_real *modes, fh_real *x,
                           fh_real *work);
