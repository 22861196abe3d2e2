/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_CRC32C_H
#define UNDUMP_CAPTURE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C of RFC 3720, in pieces: start with 0, pass each result to the next piece; the last one is the checksum. */
uint32_t crc32c(uint32_t crc, const void *bytes, size_t size);

/* The same without the processor's instruction; for machines that lack it and for tests. */
uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t size);

/* The same as crc32c() of size zero bytes, however many, in no time. */
uint32_t crc32c_zeros(uint32_t crc, uint64_t size);

#endif
