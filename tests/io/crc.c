/* CRC-32C: the published check value, and instruction = table for every length and alignment. */
#include "io/crc.h"
#include "scratch.h"

int main(int argc, char **argv)
{
  MPI_Init(&argc, &argv);
  unsigned char bytes[300];
  EXPECT(fh_crc32c(0, "123456789", 9) == 0xE3069283u, "not the check value of CRC-32C");
  EXPECT(fh_crc32c_table(0, "123456789", 9) == 0xE3069283u, "not the check value of CRC-32C");
  for (int i = 0; i < 300; i++) bytes[i] = (unsigned char)(i * i * 31 + i / 3);
  for (size_t first = 0; first < 9; first++)
    for (size_t n = 0; n + first < 300; n++) {
      const uint32_t whole = fh_crc32c_table(0, bytes + first, n);
      const uint32_t parts =
          fh_crc32c(fh_crc32c(0, bytes + first, n / 3), bytes + first + n / 3, n - n / 3);
      EXPECT(fh_crc32c(0, bytes + first, n) == whole, "first %zu, length %zu", first, n);
      EXPECT(parts == whole, "in two parts: first %zu, length %zu", first, n);
    }
  printf("crc32c: check value, instruction equals table\n");
  MPI_Finalize();
  return 0;
}
