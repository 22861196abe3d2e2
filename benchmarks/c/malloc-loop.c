/* SPDX-License-Identifier: Apache-2.0 */
/*
 * malloc-loop: allocates and frees blocks of many sizes, a thousand of them alive at a time.
 *
 * argv: allocations
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALIVE = 1024, LARGEST = 16384 };

int main(int argc, char **argv)
{
    static unsigned char *blocks[ALIVE];
    long allocations = argc > 1 ? atol(argv[1]) : 10000000;
    uint32_t random = 1;
    for (long i = 0; i < allocations; i++) {
        random = random * 1664525u + 1013904223u;
        unsigned slot = random >> 22;
        size_t size = (random >> 4) % LARGEST + 1;
        free(blocks[slot]);
        blocks[slot] = malloc(size);
        if (blocks[slot] == NULL)
            return 1;
        blocks[slot][0] = (unsigned char)slot;
        blocks[slot][size - 1] = (unsigned char)slot;
    }
    for (unsigned slot = 0; slot < ALIVE; slot++) {
        if (blocks[slot] != NULL && blocks[slot][0] != (unsigned char)slot)
            return 1;
        free(blocks[slot]);
    }
    return 0;
}
