/* The loops of draw_kernels.h for one instruction set. */
#include "datagen/field/draw_kernels.h"

#include <string.h>

#include "base/box_muller.h"

#define JOIN2(a, b) a##_##b
#define JOIN(a, b) JOIN2(a, b)

static void normal(ptrdiff_t n, const uint64_t *restrict words, double *restrict pairs)
{
  for (ptrdiff_t i = 0; i < n; i++)
    fh_box_muller(words[2 * i], words[2 * i + 1], pairs + 2 * i, pairs + 2 * i + 1);
}

/* 2^k of an integer |k| <= 1000 plus `round`, whose last bits are k */
static inline double power_of_two(double rounded)
{
  uint64_t bits;
  double result;
  memcpy(&bits, &rounded, sizeof bits);
  bits = (bits + 1023) << 52;
  memcpy(&result, &bits, sizeof result);
  return result;
}

/* exp(x) = 2^k exp(r), |r| <= ln(2)/2 (Taylor); 2^k in two factors, as k may be beyond a double's exponents */
static inline double exponential_of(double x)
{
  static const double round = 0x1.8p52, ln2_high = 0x1.62e42fee00000p-1,
                      ln2_low = 0x1.a39ef35793c76p-33;
  static const double factorial[] = {6227020800.0, 479001600.0, 39916800.0, 3628800.0,
                                     362880.0,     40320.0,     5040.0,     720.0,
                                     120.0,        24.0,        6.0};
  x = x < -800.0 ? -800.0 : x;
  x = x > 800.0 ? 800.0 : x;
  const double k = (x * 0x1.71547652b82fep0 + round) - round;
  const double half = k * 0.5 + round, rest = (k - (half - round)) + round;
  const double r = (x - k * ln2_high) - k * ln2_low;
  double p = 1.0 / factorial[0];
  for (int i = 1; i < 11; i++) p = p * r + 1.0 / factorial[i];
  return (1.0 + (r + r * r * (0.5 + r * p))) * power_of_two(half) * power_of_two(rest);
}

static void exponential(ptrdiff_t n, double scale, double *a)
{
  for (ptrdiff_t i = 0; i < n; i++) a[i] = exponential_of(scale * a[i]);
}

const fh_draw_kernels JOIN(fh_draw_kernels, FH_ISA_NAME) = {normal, exponential};
