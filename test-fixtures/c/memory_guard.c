/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#define MADV_GUARD_REMOVE 103
#endif

enum { PAGES = 16 };

static void expect_guard(unsigned char *page) {
    CHECK_EQ(try_access(page, ACCESS_READ), SIGSEGV);
    CHECK_EQ(try_access(page + PAGE - 1, ACCESS_WRITE), SIGSEGV);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "guard pages, by mprotect or MADV_GUARD_INSTALL, still guard");
    bool invisible = variant_is("madvise");
    unsigned char *memory = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    fill_pattern(memory, PAGES * PAGE, 1);
    for (size_t i = 3; i < PAGES; i += 4) {
        if (!invisible)
            MUST(mprotect(memory + i * PAGE, PAGE, PROT_NONE));
        else if (madvise(memory + i * PAGE, PAGE, MADV_GUARD_INSTALL) < 0)
            skip("this kernel has no MADV_GUARD_INSTALL");
    }

    ready_and_wait();

    for (size_t i = 0; i < PAGES; i++) {
        unsigned char *page = memory + i * PAGE;
        if (i % 4 == 3) {
            expect_guard(page);
            continue;
        }
        for (size_t word = 0; word < PAGE / 8; word++)
            CHECK_EQ(((uint64_t *)(void *)page)[word], pattern_word(1, i * PAGE / 8 + word));
        fill_pattern(page, PAGE, i + 50);
        check_pattern(page, PAGE, i + 50, "page beside a guard");
    }
    if (invisible) {
        MUST(madvise(memory + 3 * PAGE, PAGE, MADV_GUARD_REMOVE));
        check_zero(memory + 3 * PAGE, PAGE, "page whose guard was removed");
        MUST(madvise(memory + 4 * PAGE, PAGE, MADV_GUARD_INSTALL));
        expect_guard(memory + 4 * PAGE);
    } else {
        MUST(mprotect(memory + 3 * PAGE, PAGE, PROT_READ));
        CHECK_EQ(*(uint64_t *)(void *)(memory + 3 * PAGE), pattern_word(1, 3 * PAGE / 8));
    }
    pass();
}
