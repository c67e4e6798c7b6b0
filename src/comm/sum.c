#include "comm/sum.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"

/* An entry x of a block with exponent e (|x| < 2^e) becomes the integer nearest to x 2^(bits - e).
   2^61 leaves the sum of max_units such integers inside int64. */
enum {
  HEADROOM = 4,          /* bits an entry may grow from one call to the next */
  UNITS_MAX = 16384,     /* 14 bits of a sum are left to the number of units */
  EXPONENT_LEAST = -960, /* keeps 2^(bits - e) a normal double */
  EXPONENT_MOST = 1024 + HEADROOM,
  NO_ENTRY = EXPONENT_LEAST - 100, /* a block without a non-zero entry */
  NOT_FINITE = EXPONENT_MOST + 100,
  SLICE = 1 << 18 /* entries of one message: 2 MB */
};

#ifdef FH_DOUBLE
typedef int64_t bits_type;
static const bits_type magnitude = INT64_MAX, infinity = 0x7ff0000000000000;
#else
typedef int32_t bits_type;
static const bits_type magnitude = INT32_MAX, infinity = 0x7f800000;
#endif

struct fh_sum {
  MPI_Comm comm;
  int n_blocks, bits;
  ptrdiff_t *blocks, max_units, units;
  uint64_t
      *accumulator;   /* unsigned, because an entry that does not fit may wrap before the repeat */
  bits_type *largest; /* a block: |x| of the largest entry, as an integer that sorts alike */
  int64_t *exponent, *news;
};

static int log2_ceiling(ptrdiff_t n)
{
  int k = 0;
  while (((ptrdiff_t)1 << k) < n) k++;
  return k;
}

/* In f32 the conversion goes through the mantissa of a double, which holds 51 bits and the sign. */
static int bits_of_entry(ptrdiff_t max_units)
{
  const int fit = 61 - log2_ceiling(max_units);
  return sizeof(fh_real) == sizeof(float) && fit > 51 ? 51 : fit;
}

static fh_status check(int n_blocks, const ptrdiff_t *blocks, ptrdiff_t max_units)
{
  FH_CHECK(max_units >= 1 && max_units <= UNITS_MAX, FH_ERR_ARG,
           "a sum of up to %td units, but it takes 1 to %d: put more samples into a unit",
           max_units, UNITS_MAX);
  FH_CHECK(n_blocks >= 1 && blocks[0] == 0, FH_ERR_ARG,
           "a sum needs at least one block and offset 0 first, got %d blocks", n_blocks);
  for (int b = 0; b < n_blocks; b++)
    FH_CHECK(blocks[b] <= blocks[b + 1], FH_ERR_ARG,
             "block %d of a sum starts at %td and ends at %td: offsets must ascend", b, blocks[b],
             blocks[b + 1]);
  return FH_OK;
}

static fh_status build(fh_sum *s, const ptrdiff_t *blocks)
{
  FH_NEW(s->blocks, s->n_blocks + 1);
  memcpy(s->blocks, blocks, sizeof *blocks * ((size_t)s->n_blocks + 1));
  FH_NEW(s->accumulator, blocks[s->n_blocks] + 1); /* the last entry counts the units */
  FH_NEW(s->largest, s->n_blocks);
  FH_NEW(s->exponent, s->n_blocks);
  FH_NEW(s->news, s->n_blocks);
  for (int b = 0; b < s->n_blocks; b++) s->exponent[b] = EXPONENT_LEAST;
  return FH_OK;
}

fh_status fh_sum_create(MPI_Comm comm, int n_blocks, const ptrdiff_t *blocks, ptrdiff_t max_units,
                        fh_sum **sum)
{
  fh_sum *s = NULL;
  *sum = NULL;
  FH_TRY(check(n_blocks, blocks, max_units));
  FH_NEW(s, 1);
  s->comm = comm;
  s->n_blocks = n_blocks;
  s->max_units = max_units;
  s->bits = bits_of_entry(max_units);
  const fh_status st = build(s, blocks);
  if (st != FH_OK) fh_sum_destroy(&s);
  *sum = s;
  return st;
}

void fh_sum_destroy(fh_sum **sum)
{
  fh_sum *s = *sum;
  if (!s) return;
  fh_free(s->news);
  fh_free(s->exponent);
  fh_free(s->largest);
  fh_free(s->accumulator);
  fh_free(s->blocks);
  fh_free(s);
  *sum = NULL;
}

void fh_sum_begin(fh_sum *s)
{
  memset(s->accumulator, 0, sizeof *s->accumulator * (size_t)s->blocks[s->n_blocks]);
  memset(s->largest, 0, sizeof *s->largest * (size_t)s->n_blocks);
  s->units = 0;
}

/* The nearest integer of a number, ties to even, as two's complement. */
static inline uint64_t nearest(double x)
{
#ifdef FH_DOUBLE
  /* The comparison is false for NaN too; such an entry is reported by its bits. */
  return fabs(x) < 0x1p62 ? (uint64_t)llrint(x) : 0;
#else
  /* After adding 1.5 2^52 the last bit of the mantissa is worth 1: no conversion is left to do, and
     SSE2 has none for 64-bit integers. */
  const double shifted = x + 0x1.8p52;
  uint64_t bits;
  memcpy(&bits, &shifted, sizeof bits);
  return bits - UINT64_C(0x4338000000000000);
#endif
}

static inline bits_type bits_of(fh_real x)
{
  bits_type bits;
  memcpy(&bits, &x, sizeof bits);
  return bits & magnitude;
}

static bits_type add_block(ptrdiff_t n, double scale, fh_real *restrict x,
                           uint64_t *restrict accumulator, bits_type largest)
{
  for (ptrdiff_t i = 0; i < n; i++) {
    const bits_type bits = bits_of(x[i]);
    largest = bits > largest ? bits : largest;
    accumulator[i] += nearest((double)x[i] * scale);
    x[i] = 0;
  }
  return largest;
}

void fh_sum_add(fh_sum *s, fh_real *vector)
{
  for (int b = 0; b < s->n_blocks; b++) {
    const ptrdiff_t first = s->blocks[b], n = s->blocks[b + 1] - first;
    const double scale = ldexp(1, s->bits - (int)s->exponent[b]);
    s->largest[b] = add_block(n, scale, vector + first, s->accumulator + first, s->largest[b]);
  }
  s->units++;
}

/* The exponent k of a block's largest entry: |x| < 2^k. */
static int64_t exponent_of(bits_type largest)
{
  if (largest == 0) return NO_ENTRY;
  if (largest >= infinity) return NOT_FINITE;
  fh_real x;
  int k;
  memcpy(&x, &largest, sizeof x);
  frexp((double)x, &k);
  return k;
}

static int64_t clamp(int64_t exponent)
{
  if (exponent < EXPONENT_LEAST) return EXPONENT_LEAST;
  return exponent > EXPONENT_MOST ? EXPONENT_MOST : exponent;
}

/* Compares all ranks' largest entries with the grid and makes the next grid from them. A block
   without entries keeps its grid, or a layer that is silent now and then would cost repeats. */
static fh_status renew_grid(fh_sum *s, bool *repeat, bool *finite)
{
  for (int b = 0; b < s->n_blocks; b++) s->news[b] = exponent_of(s->largest[b]);
  FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, s->news, s->n_blocks, MPI_INT64_T, MPI_MAX, s->comm));
  *repeat = false;
  *finite = true;
  for (int b = 0; b < s->n_blocks; b++) {
    if (s->news[b] == NOT_FINITE) *finite = false;
    if (s->news[b] > s->exponent[b]) *repeat = true;
  }
  if (!*finite) *repeat = false;
  return FH_OK;
}

static void keep_grid(fh_sum *s)
{
  for (int b = 0; b < s->n_blocks; b++)
    if (s->news[b] != NO_ENTRY) s->exponent[b] = clamp(s->news[b] + HEADROOM);
}

static fh_status reduce(MPI_Comm comm, ptrdiff_t n, void *values, MPI_Datatype type, size_t size)
{
  char *at = values;
  for (ptrdiff_t first = 0; first < n; first += SLICE) {
    const int count = (int)(n - first < SLICE ? n - first : SLICE);
    FH_TRY_MPI(MPI_Allreduce(MPI_IN_PLACE, at + (size_t)first * size, count, type, MPI_SUM, comm));
  }
  return FH_OK;
}

/* False if some sum is larger than any fh_real. */
static bool decode(const fh_sum *s, fh_real *total)
{
  bool fits = true;
  for (int b = 0; b < s->n_blocks; b++) {
    const double unit = ldexp(1, (int)s->exponent[b] - s->bits);
    for (ptrdiff_t i = s->blocks[b]; i < s->blocks[b + 1]; i++) {
      total[i] = (fh_real)((double)(int64_t)s->accumulator[i] * unit);
      fits = fits && isfinite(total[i]);
    }
  }
  return fits;
}

fh_status fh_sum_finish(fh_sum *s, fh_real *total, bool *repeat, bool *finite)
{
  const ptrdiff_t n = s->blocks[s->n_blocks];
  s->accumulator[n] = (uint64_t)s->units;
  FH_TRY(renew_grid(s, repeat, finite));
  if (*finite && !*repeat) {
    FH_TRY(reduce(s->comm, n + 1, s->accumulator, MPI_INT64_T, sizeof *s->accumulator));
    FH_CHECK((ptrdiff_t)s->accumulator[n] <= s->max_units, FH_ERR_STATE,
             "a sum of %td units was made for %td: create it for more units",
             (ptrdiff_t)s->accumulator[n], s->max_units);
    *finite = decode(s, total);
  }
  if (*finite) keep_grid(s);
  fh_sum_begin(s);
  return FH_OK;
}

void fh_sum_get_exponents(const fh_sum *s, int64_t *exponents)
{
  memcpy(exponents, s->exponent, sizeof *exponents * (size_t)s->n_blocks);
}

void fh_sum_set_exponents(fh_sum *s, const int64_t *exponents)
{
  for (int b = 0; b < s->n_blocks; b++) s->exponent[b] = clamp(exponents[b]);
}

fh_status fh_sum_scattered(MPI_Comm comm, ptrdiff_t n, double *values)
{
  FH_CHECK(n >= 0, FH_ERR_ARG, "%td values to gather", n);
  FH_TRY(reduce(comm, n, values, MPI_DOUBLE, sizeof *values));
  return FH_OK;
}
