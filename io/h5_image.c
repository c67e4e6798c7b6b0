#include <string.h>

#include "base/memory.h"
#include "io/h5.h"

/* The superblock of version 2: a byte of flags at 11, the checksum of the first 44 bytes after them. */
enum { VERSION_AT = 8, FLAGS_AT = 11, CHECKSUM_AT = 44, WORDS = 11, SUPERBLOCK = 48 };

static uint32_t rotate(uint32_t x, int bits)
{
  return (x << bits) | (x >> (32 - bits));
}

/* Bob Jenkins' lookup3, the checksum of HDF5's metadata, for 11 words */
static uint32_t lookup3(const uint32_t w[WORDS])
{
  static const int mix[6] = {4, 6, 8, 16, 19, 4}, last[7] = {14, 11, 25, 16, 4, 14, 24};
  uint32_t s[3];
  for (int i = 0; i < 3; i++) s[i] = 0xdeadbeefu + CHECKSUM_AT;
  int k = 0;
  for (; k + 3 < WORDS; k += 3) {
    for (int i = 0; i < 3; i++) s[i] += w[k + i];
    for (int i = 0; i < 6; i++) {
      uint32_t *a = &s[i % 3], *b = &s[(i + 1) % 3], *c = &s[(i + 2) % 3];
      *a -= *c;
      *a ^= rotate(*c, mix[i]);
      *c += *b;
    }
  }
  for (int i = 0; k < WORDS; k++, i++) s[i] += w[k];
  for (int i = 0; i < 7; i++) {
    uint32_t *x = &s[(i + 2) % 3], *y = &s[(i + 1) % 3];
    *x ^= *y;
    *x -= rotate(*y, last[i]);
  }
  return s[2];
}

/* H5Fget_file_image of HDF5 1.10 erases the mark "open for writing" from the superblock, but leaves
 * the checksum that was made with it: such an image cannot be opened. */
static fh_status reseal(unsigned char *image, ptrdiff_t size)
{
  uint32_t words[WORDS], checksum;
  FH_CHECK(size >= SUPERBLOCK && image[VERSION_AT] == 2 && image[FLAGS_AT] == 0, FH_ERR_LIBRARY,
           "HDF5 made a superblock of version %d, version 2 is expected", image[VERSION_AT]);
  for (int i = 0; i < WORDS; i++) {
    const unsigned char *b = image + 4 * i;
    words[i] = b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
  }
  checksum = lookup3(words);
  for (int i = 0; i < 4; i++) image[CHECKSUM_AT + i] = (unsigned char)(checksum >> (8 * i));
  return FH_OK;
}

static fh_status fill(hid_t file, unsigned char *image, ptrdiff_t size)
{
  FH_TRY_H5(H5Fget_file_image(file, image, (size_t)size));
  FH_TRY(reseal(image, size));
  return FH_OK;
}

fh_status fh_h5_image(hid_t file, void **image, ptrdiff_t *size)
{
  unsigned char *bytes = NULL;
  *image = NULL;
  FH_TRY_H5(H5Fflush(file, H5F_SCOPE_GLOBAL));
  FH_TRY_H5(*size = H5Fget_file_image(file, NULL, 0));
  FH_NEW(bytes, *size);
  const fh_status st = fill(file, bytes, *size);
  if (st == FH_OK)
    *image = bytes;
  else
    fh_free(bytes);
  return st;
}
