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

/* What a linear step makes of state: each bit that is set adds its column. */
static uint32_t apply(const uint32_t step[32], uint32_t state)
{
    uint32_t result = 0;
    for (int bit = 0; state; state >>= 1, bit++)
        if (state & 1)
            result ^= step[bit];
    return result;
}

uint32_t crc32c_zeros(uint32_t crc, uint64_t size)
{
    uint32_t step[32], twice[32], state = ~crc;
    for (int bit = 0; bit < 32; bit++) { /* one zero byte */
        step[bit] = UINT32_C(1) << bit;
        for (int shift = 0; shift < 8; shift++)
            step[bit] = step[bit] & 1 ? step[bit] >> 1 ^ POLYNOMIAL : step[bit] >> 1;
    }
    for (; size; size >>= 1) {
        if (size & 1)
            state = apply(step, state);
        for (int bit = 0; bit < 32; bit++)
            twice[bit] = apply(step, step[bit]);
        memcpy(step, twice, sizeof(step));
    }
    return ~state;
}
