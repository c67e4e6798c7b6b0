#include "kernels/fftw.h"

#include <fftw3.h>

#include "base/memory.h"
#include "base/size.h"

#ifdef FH_DOUBLE
#define FFTW(name) fftw_##name
#else
#define FFTW(name) fftwf_##name
#endif

struct fh_fftw {
  FFTW(plan) plan;
  enum { TO_HALF, FROM_HALF, AXIS } kind;
};

typedef struct {
  FFTW(iodim64) along, across[2];
  int n_across, sign;
} geometry;

/* ESTIMATE looks at the alignment of the buffers alone, never at what is in them. */
static fh_status make(fh_fftw *f, const geometry *g, ptrdiff_t reals_in, ptrdiff_t reals_out)
{
  fh_real *in = fh_calloc(reals_in, sizeof *in), *out = fh_calloc(reals_out, sizeof *out);
  if (in && out) {
    FFTW(complex) *zi = (FFTW(complex) *)in, *zo = (FFTW(complex) *)out;
    if (f->kind == TO_HALF)
      f->plan = FFTW(plan_guru64_dft_r2c)(1, &g->along, g->n_across, g->across, in, zo,
                                          FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    else if (f->kind == FROM_HALF)
      f->plan = FFTW(plan_guru64_dft_c2r)(1, &g->along, g->n_across, g->across, zi, out,
                                          FFTW_ESTIMATE | FFTW_DESTROY_INPUT);
    else
      f->plan = FFTW(plan_guru64_dft)(1, &g->along, g->n_across, g->across, zi, zi, g->sign,
                                      FFTW_ESTIMATE);
  }
  fh_free(in);
  fh_free(out);
  FH_CHECK(in && out, FH_ERR_MEMORY, "out of memory: an FFT needs %td and %td reals", reals_in,
           reals_out);
  FH_CHECK(f->plan, FH_ERR_LIBRARY, "FFTW makes no plan for %td points", g->along.n);
  return FH_OK;
}

fh_status fh_fftw_lines(ptrdiff_t n, ptrdiff_t lines, bool inverse, fh_fftw **plan)
{
  const ptrdiff_t half = n / 2 + 1;
  ptrdiff_t in, out;
  FH_TRY(fh_size_mul(inverse ? 2 * half : n, lines, &in));
  FH_TRY(fh_size_mul(inverse ? n : 2 * half, lines, &out));
  FH_NEW(*plan, 1);
  (*plan)->kind = inverse ? FROM_HALF : TO_HALF;
  const geometry g = {.along = {.n = n, .is = 1, .os = 1},
                      .across = {{.n = lines, .is = inverse ? half : n, .os = inverse ? n : half}},
                      .n_across = 1};
  return make(*plan, &g, in, out);
}

fh_status fh_fftw_axis(ptrdiff_t outer, ptrdiff_t n, ptrdiff_t inner, bool inverse, fh_fftw **plan)
{
  ptrdiff_t reals;
  const ptrdiff_t extent[4] = {2, outer, n, inner};
  FH_TRY(fh_size_product(4, extent, &reals));
  FH_NEW(*plan, 1);
  (*plan)->kind = AXIS;
  const geometry g = {
      .along = {.n = n, .is = inner, .os = inner},
      .across = {{.n = outer, .is = n * inner, .os = n * inner}, {.n = inner, .is = 1, .os = 1}},
      .n_across = 2,
      .sign = inverse ? FFTW_BACKWARD : FFTW_FORWARD};
  return make(*plan, &g, reals, 1);
}

void fh_fftw_run(const fh_fftw *f, fh_real *in, fh_real *out)
{
  FFTW(complex) *zi = (FFTW(complex) *)in, *zo = (FFTW(complex) *)out;
  if (f->kind == TO_HALF)
    FFTW(execute_dft_r2c)(f->plan, in, zo);
  else if (f->kind == FROM_HALF)
    FFTW(execute_dft_c2r)(f->plan, zi, out);
  else
    FFTW(execute_dft)(f->plan, zi, zi);
}

void fh_fftw_destroy(fh_fftw **plan)
{
  if (!*plan) return;
  if ((*plan)->plan) FFTW(destroy_plan)((*plan)->plan);
  fh_free(*plan);
  *plan = NULL;
}
