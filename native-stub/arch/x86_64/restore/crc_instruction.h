/* SPDX-License-Identifier: Apache-2.0 */
/* crc32 of SSE4.2: input a checksum and the next 8 or 1 bytes, output the new checksum; general registers only. */
#ifndef UNDUMP_STUB_CRC_INSTRUCTION_H
#define UNDUMP_STUB_CRC_INSTRUCTION_H

#include <stdint.h>

static inline uint32_t crc_instruction_8(uint32_t crc, const uint8_t bytes[8])
{
    uint64_t wide = crc;

    __asm__("crc32q %1, %0" : "+r"(wide) : "m"(*(const uint8_t(*)[8])bytes));
    return (uint32_t)wide;
}

static inline uint32_t crc_instruction_1(uint32_t crc, uint8_t byte)
{
    __asm__("crc32b %1, %0" : "+r"(crc) : "rm"(byte));
    return crc;
}

#endif
