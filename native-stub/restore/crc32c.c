// SPDX-License-Identifier: Apache-2.0
#include "restore/crc32c.h"

#include "restore/crc_instruction.h"

/* Castagnoli polynomial, reflected. */
#define CRC_POLYNOMIAL UINT32_C(0x82f63b78)

/* Bit by bit: small, and only processors from before SSE4.2 (2008) come here. */
static uint32_t add_byte(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = (crc >> 1) ^ (CRC_POLYNOMIAL & (0U - (crc & 1)));
    return crc;
}

uint32_t stub_crc_add(uint32_t crc, const void *bytes, uint64_t size, bool hardware)
{
    const uint8_t *next = bytes;

    if (hardware) {
        for (; size >= 8; size -= 8, next += 8)
            crc = crc_instruction_8(crc, next);
        for (; size > 0; size--, next++)
            crc = crc_instruction_1(crc, *next);
        return crc;
    }
    for (; size > 0; size--, next++)
        crc = add_byte(crc, *next);
    return crc;
}
