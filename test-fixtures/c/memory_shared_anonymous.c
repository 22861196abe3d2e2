/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { PAGES = 32 };

static unsigned char *memory;

static void check_all(uint64_t seed) {
    for (size_t i = 0; i < PAGES; i++)
        check_pattern(memory + i * PAGE, PAGE, seed + i, "shared page");
}

/* A child that writes is what tells shared memory from private. */
static void child_writes_parent_sees(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        for (size_t i = 0; i < PAGES; i++)
            fill_pattern(memory + i * PAGE, PAGE, 500 + i);
        _exit(7);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 7 << 8);
    check_all(500);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "shared anonymous memory: contents, split protections, fork sharing");
    memory = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (size_t i = 0; i < PAGES; i++)
        fill_pattern(memory + i * PAGE, PAGE, 100 + i);
    if (variant_is("split")) {
        MUST(mprotect(memory + 4 * PAGE, 4 * PAGE, PROT_READ));
        MUST(mprotect(memory + 16 * PAGE, 4 * PAGE, PROT_NONE));
    }

    ready_and_wait();

    if (variant_is("split")) {
        CHECK_EQ(try_access(memory + 4 * PAGE, ACCESS_WRITE), SIGSEGV);
        CHECK_EQ(try_access(memory + 16 * PAGE, ACCESS_READ), SIGSEGV);
        CHECK_EQ(try_access(memory + 20 * PAGE, ACCESS_READ), 0);
        MUST(mprotect(memory, PAGES * PAGE, PROT_READ | PROT_WRITE));
    }
    check_all(100);
    child_writes_parent_sees();
    MUST(madvise(memory, PAGES * PAGE, MADV_DONTNEED));
    check_all(500);
    if (variant_is("split"))
        pass();
    unsigned char *twice = mremap(memory, 0, PAGES * PAGE, MREMAP_MAYMOVE);
    CHECK(twice != MAP_FAILED, "a second view of shared memory: errno %d", errno);
    fill_pattern(twice, PAGE, 900);
    check_pattern(memory, PAGE, 900, "page written through the second view");
    pass();
}
