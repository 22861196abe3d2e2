/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32C (RFC 3720, B.4) of plan and thread blocks. Named for the stub, as the capture engine has its own. */
#ifndef UNDUMP_STUB_CRC32C_H
#define UNDUMP_STUB_CRC32C_H

#include <stdbool.h>
#include <stdint.h>

#define STUB_CRC_INITIAL UINT32_C(0xffffffff)

/* Adds size bytes to a checksum that began as STUB_CRC_INITIAL and is inverted at the end.
 * hardware: the processor has SSE4.2, whose crc32 instruction works in general registers. */
uint32_t stub_crc_add(uint32_t crc, const void *bytes, uint64_t size, bool hardware);

#endif
