/* SPDX-License-Identifier: Apache-2.0 */
#include "crc32c.h"

#include <string.h>

#define POLYNOMIAL 0x82f63b78u /* 0x1edc6f41 reflected, RFC 3720 appendix B.4 */

uint32_t crc32c_by_table(uint32_t crc, const void *bytes, size_t size)
{
    /* Four bits a step: the table is small enough to be written at each call, so it needs no shared state. */
    uint32_t table[16];
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 4; bit++)
            value = value & 1 ? value >> 1 ^ POLYNOMIAL : value >> 1;
        table[i] = value;
    }
    const uint8_t *byte = bytes;
    crc = ~crc;
    while (size--) {
        crc ^= *byte++;
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

#ifdef __x86_64__
__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(uint32_t crc, const void *bytes, size_t size)
{
    const uint8_t *byte = bytes;
    uint64_t state = ~crc;
    for (; size >= 8; size -= 8, byte += 8) {
        uint64_t word;
        memcpy(&word, byte, 8);
        state = __builtin_ia32_crc32di(state, word);
    }
    for (; size; size--)
        state = __builtin_ia32_crc32qi((uint32_t)state, *byte++);
    return ~(uint32_t)state;
}
#endif

uint32_t crc32c(uint32_t crc, const void *bytes, size_t size)
{
#ifdef __x86_64__
    if (__builtin_cpu_supports("sse4.2"))
        return crc32c_by_instruction(crc, bytes, size);
#endif
    return crc32c_by_table(crc, bytes, size);
}
