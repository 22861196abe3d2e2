// SPDX-License-Identifier: Apache-2.0
/*
 * memcpy, memmove, memset and memcmp: the compiler calls them for struct copies, also with -ffreestanding, and
 * demands them of every program (GCC manual, "Standards"). String instructions, since a loop in C would be turned
 * into a call of the very function that it implements.
 */
#include "restore/bytes.h"

typedef uint64_t __attribute__((aligned(1), may_alias)) unaligned_word;

void *memcpy(void *to, const void *from, size_t size)
{
    void *start = to;

    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
    return start;
}

void *memmove(void *to, const void *from, size_t size)
{
    uint8_t *target = to;
    const uint8_t *source = from;

    if (target - source < 0 || (size_t)(target - source) >= size)
        return memcpy(to, from, size);
    target += size - 1; /* overlapping, so backwards: the ABI wants the direction flag clear again */
    source += size - 1;
    __asm__ volatile("std; rep movsb; cld" : "+D"(target), "+S"(source), "+c"(size) : : "memory");
    return to;
}

void *memset(void *to, int value, size_t size)
{
    void *start = to;

    __asm__ volatile("rep stosb" : "+D"(to), "+c"(size) : "a"(value) : "memory");
    return start;
}

int memcmp(const void *a, const void *b, size_t size)
{
    const uint8_t *left = a;
    const uint8_t *right = b;
    size_t i = 0;

    /* The order matters to nobody before the first difference, so whole words while they are equal. */
    while (size - i >= sizeof(uint64_t) &&
           *(const volatile unaligned_word *)(left + i) == *(const volatile unaligned_word *)(right + i))
        i += sizeof(uint64_t);
    for (; i < size; i++) {
        if (left[i] != right[i])
            return left[i] < right[i] ? -1 : 1;
    }
    return 0;
}
