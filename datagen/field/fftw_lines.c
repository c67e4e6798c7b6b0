#include "datagen/field/fftw_lines.h"

#include <fftw3.h>
#include <math.h>

#include "base/memory.h"

struct fh_lines {
  fftw_plan plan;
  fftwf_plan plan_single;
};

/* forward and back */
static const fftw_r2r_kind kinds[][2] = {[FH_LINES_SINE_NODE] = {FFTW_RODFT00, FFTW_RODFT00},
                                         [FH_LINES_SINE_CELL] = {FFTW_RODFT10, FFTW_RODFT01},
                                         [FH_LINES_COSINE_CELL] = {FFTW_REDFT10, FFTW_REDFT01},
                                         [FH_LINES_SINE_MIXED] = {FFTW_RODFT11, FFTW_RODFT11},
                                         [FH_LINES_COSINE_MIXED] = {FFTW_REDFT11, FFTW_REDFT11},
                                         [FH_LINES_FOURIER] = {FFTW_R2HC, FFTW_HC2R}};

fh_status fh_lines_create(bool single, fh_lines_kind kind, bool inverse, ptrdiff_t outer,
                          ptrdiff_t n, ptrdiff_t inner, void *data, fh_lines **lines)
{
  int size = 0, step = 0, blocks = 0, jump = 0;
  fh_lines *l = NULL;
  *lines = NULL;
  FH_TRY(fh_size_int(n, &size));
  FH_TRY(fh_size_int(inner, &step));
  FH_TRY(fh_size_int(outer, &blocks));
  FH_TRY(fh_size_int(n * inner, &jump));
  const fftw_iodim line = {size, step, step};
  const fftw_iodim many[2] = {{blocks, jump, jump}, {step, 1, 1}};
  const fftw_r2r_kind of = kinds[kind][inverse ? 1 : 0];
  FH_NEW(l, 1);
  if (single) {
    l->plan_single = fftwf_plan_guru_r2r(1, &line, 2, many, data, data, &of, FFTW_ESTIMATE);
  } else {
    l->plan = fftw_plan_guru_r2r(1, &line, 2, many, data, data, &of, FFTW_ESTIMATE);
  }
  if (!l->plan && !l->plan_single) {
    fh_free(l);
    FH_RAISE(FH_ERR_LIBRARY, "FFTW cannot plan %td transforms of %td points", outer * inner, n);
  }
  *lines = l;
  return FH_OK;
}

void fh_lines_destroy(fh_lines **lines)
{
  fh_lines *l = *lines;
  if (!l) return;
  if (l->plan) fftw_destroy_plan(l->plan);
  if (l->plan_single) fftwf_destroy_plan(l->plan_single);
  fh_free(l);
  *lines = NULL;
}

void fh_lines_run(const fh_lines *l)
{
  if (l->plan) {
    fftw_execute(l->plan);
  } else {
    fftwf_execute(l->plan_single);
  }
}

double fh_lines_gain(fh_lines_kind kind, ptrdiff_t n)
{
  if (kind == FH_LINES_FOURIER) return (double)n;
  return 2.0 * (double)(kind == FH_LINES_SINE_NODE ? n + 1 : n);
}

double fh_lines_eigenvalue(fh_lines_kind kind, ptrdiff_t n, ptrdiff_t k)
{
  static const double pi = 3.14159265358979323846;
  static const double shift[] = {
      [FH_LINES_SINE_NODE] = 1.0,  [FH_LINES_SINE_CELL] = 1.0,    [FH_LINES_COSINE_CELL] = 0.0,
      [FH_LINES_SINE_MIXED] = 0.5, [FH_LINES_COSINE_MIXED] = 0.5, [FH_LINES_FOURIER] = 0.0};
  const double period = (double)(kind == FH_LINES_SINE_NODE ? n + 1 : n);
  const double half = (kind == FH_LINES_FOURIER ? 1.0 : 0.5) * pi * ((double)k + shift[kind]);
  const double s = 2.0 * sin(half / period);
  return s * s;
}
