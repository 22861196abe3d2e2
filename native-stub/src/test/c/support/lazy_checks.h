/* SPDX-License-Identifier: Apache-2.0 */
/* What tests of lazy memory look at: two pieces of the arena, their contents, and calls on them. */
#ifndef UNDUMP_TEST_LAZY_CHECKS_H
#define UNDUMP_TEST_LAZY_CHECKS_H

#include "src/test/c/support/lazy_arena.h"

#include <sys/wait.h>

#include "src/test/c/support/expect.h"

#define LARGE_FIRST 12 /* 20 pages of the image */
#define LARGE_PAGES 20
#define LARGE (ARENA_LAZY + LARGE_FIRST * PAGE)
#define SMALL (ARENA_LAZY + 33 * PAGE) /* in the middle of 4 pages of the image */

static inline bool is_original(uint64_t address, uint64_t pages)
{
    for (uint64_t page = 0; page < pages; page++) {
        uint64_t number = (address - ARENA_LAZY) / PAGE + page;

        for (uint64_t i = 0; i < PAGE / 8; i++) {
            if (arena_word(address, page)[i] != (number << 32 | i << 8 | 0x11))
                return false;
        }
    }
    return true;
}

static inline bool is_zeros(uint64_t address, uint64_t pages)
{
    for (uint64_t i = 0; i < pages * PAGE / 8; i++) {
        if (((volatile uint64_t *)address)[i] != 0)
            return false;
    }
    return true;
}

static inline int64_t advise_memory(uint64_t address, uint64_t pages, uint32_t advice)
{
    return arena_call(NR_madvise, address, pages * PAGE, advice, 0, 0);
}

static inline int status_of(pid_t child)
{
    int status = -1;

    waitpid(child, &status, 0);
    return status;
}

#endif
