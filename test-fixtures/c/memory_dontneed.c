/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>
#include <sys/syscall.h>

enum { PAGES = 1024 };

#ifndef MADV_FREE
#define MADV_FREE 8
#endif

/* `raw` goes past libc's madvise(), as Go and hand-written allocators do. */
static int advise(void *memory, size_t size, int advice) {
    if (variant_is("raw"))
        return (int)syscall(SYS_madvise, memory, size, advice);
    return madvise(memory, size, advice);
}

static void check_page(unsigned char *memory, size_t index) {
    for (size_t i = 0; i < PAGE / 8; i++)
        CHECK_EQ(((uint64_t *)(void *)(memory + index * PAGE))[i],
                 pattern_word(3, index * PAGE / 8 + i));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "after MADV_DONTNEED private anonymous memory reads as zeros");
    unsigned char *memory = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    unsigned char *freed = map_memory(64 * PAGE, PROT_READ | PROT_WRITE, 0);
    fill_pattern(memory, PAGES * PAGE, 3);
    fill_pattern(freed, 64 * PAGE, 4);

    ready_and_wait();

    MUST(advise(memory + 10 * PAGE, PAGE, MADV_DONTNEED));
    MUST(advise(memory + 100 * PAGE, 300 * PAGE, MADV_DONTNEED));
    check_zero(memory + 10 * PAGE, PAGE, "one discarded page");
    check_zero(memory + 100 * PAGE, 300 * PAGE, "discarded pages");
    for (size_t i = 0; i < PAGES; i++)
        if (i != 10 && (i < 100 || i >= 400))
            check_page(memory, i);
    fill_pattern(memory + 100 * PAGE, 300 * PAGE, 5);
    check_pattern(memory + 100 * PAGE, 300 * PAGE, 5, "pages used again");
    MUST(advise(memory, PAGES * PAGE, MADV_DONTNEED));
    check_zero(memory, PAGES * PAGE, "all pages discarded");
    MUST(advise(freed, 64 * PAGE, MADV_FREE));
    for (size_t i = 0; i < 64 * PAGE / 8; i++) {
        uint64_t word = ((uint64_t *)(void *)freed)[i];
        CHECK(word == 0 || word == pattern_word(4, i), "MADV_FREE left 0x%llx",
              (unsigned long long)word);
    }
    MUST(advise(memory, PAGES * PAGE, MADV_WIPEONFORK));
    fill_pattern(freed, 64 * PAGE, 6);
    check_pattern(freed, 64 * PAGE, 6, "freed pages used again");
    pass();
}
