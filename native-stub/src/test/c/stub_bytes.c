// SPDX-License-Identifier: Apache-2.0
/* The stub's memcpy and its like, under other names so that the test keeps its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define memcpy stub_memcpy
#define memmove stub_memmove
#define memset stub_memset
#define memcmp stub_memcmp
#include "restore/bytes.c"
#undef memcpy
#undef memmove
#undef memset
#undef memcmp

static int failures;

static void expect(int good, const char *what, size_t size)
{
    if (good)
        return;
    failures++;
    fprintf(stderr, "failed: %s of %zu bytes\n", what, size);
}

int main(void)
{
    uint8_t ours[64], theirs[64];

    for (size_t size = 0; size <= 40; size++) {
        for (size_t from = 0; from <= 20; from += 5) {
            for (uint8_t i = 0; i < 64; i++)
                ours[i] = theirs[i] = i;
            stub_memmove(ours + 10, ours + from, size);
            memmove(theirs + 10, theirs + from, size);
            expect(memcmp(ours, theirs, 64) == 0, "memmove", size);
            stub_memset(ours + from, 0xee, size);
            memset(theirs + from, 0xee, size);
            expect(memcmp(ours, theirs, 64) == 0, "memset", size);
        }
        memcpy(theirs, ours, 64);
        expect(stub_memcmp(ours, theirs, size) == 0, "memcmp of equal", size);
        if (size > 0) {
            theirs[size - 1] = (uint8_t)(ours[size - 1] + 1U);
            expect((stub_memcmp(ours, theirs, size) < 0) == (memcmp(ours, theirs, size) < 0), "memcmp", size);
            expect(stub_memcmp(ours, theirs, size - 1) == 0, "memcmp before a difference", size);
        }
    }
    return failures != 0;
}
