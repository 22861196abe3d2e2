/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

enum { VMAS = 5000 };

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "5000 mappings with alternating protections");
    unsigned char *memory = map_memory(VMAS * 2 * PAGE, PROT_READ | PROT_WRITE, 0);
    for (size_t i = 0; i < VMAS; i++) {
        if (i % 3)
            *(uint64_t *)(void *)(memory + i * 2 * PAGE) = pattern_word(1, i);
        if (i % 2)
            MUST(mprotect(memory + i * 2 * PAGE, 2 * PAGE, PROT_READ));
    }

    ready_and_wait();

    for (size_t i = 0; i < VMAS; i++) {
        uint64_t *page = (uint64_t *)(void *)(memory + i * 2 * PAGE);
        CHECK_EQ(*page, i % 3 ? pattern_word(1, i) : 0);
        CHECK_EQ(page[PAGE / 8], 0);
        if (i % 2 == 0)
            *page = ~pattern_word(1, i);
        else if (i % 25 == 1)
            CHECK_EQ(try_access(page, ACCESS_WRITE), SIGSEGV);
    }
    for (size_t i = 0; i < VMAS; i += 2)
        CHECK_EQ(*(uint64_t *)(void *)(memory + i * 2 * PAGE), ~pattern_word(1, i));
    MUST(munmap(memory, VMAS * 2 * PAGE));
    pass();
}
