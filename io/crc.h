/**
 * crc - CRC-32C (Castagnoli), the checksum of everything that Fredholm writes
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/** The checksum of bytes that follow those whose checksum is crc (0 for the first ones). */
uint32_t fh_crc32c(uint32_t crc, const void *bytes, size_t size);
/** The same, always by the table: the definition that the test compares with. */
uint32_t fh_crc32c_table(uint32_t crc, const void *bytes, size_t size);
