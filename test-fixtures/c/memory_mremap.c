/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

enum { PAGES = 256 };

static unsigned char *remap(unsigned char *old, size_t old_pages, size_t new_pages, int flags) {
    unsigned char *result = mremap(old, old_pages * PAGE, new_pages * PAGE, flags);
    CHECK(result != MAP_FAILED, "mremap of %zu to %zu pages: errno %d", old_pages, new_pages, errno);
    return result;
}

/* Room of PAGES behind the mapping, so that it can grow in place. */
static unsigned char *map_with_room(void) {
    unsigned char *memory = map_memory(2 * PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    MUST(munmap(memory + PAGES * PAGE, PAGES * PAGE));
    fill_pattern(memory, PAGES * PAGE, 1);
    return memory;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "mremap grows with zeros, shrinks, moves, and joins what was one");
    unsigned char *grown = map_with_room(), *shrunk = map_with_room(), *moved = map_with_room();
    unsigned char *pieces = map_with_room(), *left = map_with_room();

    ready_and_wait();

    CHECK(remap(grown, PAGES, PAGES + 8, 0) == grown, "growth in place moved");
    check_pattern(grown, PAGES * PAGE, 1, "grown mapping");
    check_zero(grown + PAGES * PAGE, 8 * PAGE, "growth in place");

    CHECK(remap(shrunk, PAGES, 16, 0) == shrunk, "shrinking moved");
    CHECK_EQ(try_access(shrunk + 16 * PAGE, ACCESS_READ), SIGSEGV);
    CHECK(remap(shrunk, 16, PAGES, 0) == shrunk, "growing again moved");
    check_pattern(shrunk, 16 * PAGE, 1, "kept part");
    check_zero(shrunk + 16 * PAGE, (PAGES - 16) * PAGE, "part shrunk away and grown again");

    unsigned char *target = map_memory(4 * PAGES * PAGE, PROT_NONE, 0);
    unsigned char *there = mremap(moved, PAGES * PAGE, 2 * PAGES * PAGE,
                                  MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "fixed mremap: errno %d", errno);
    check_pattern(there, PAGES * PAGE, 1, "moved mapping");
    check_zero(there + PAGES * PAGE, PAGES * PAGE, "moved mapping's growth");
    CHECK_EQ(try_access(moved, ACCESS_READ), SIGSEGV);

    MUST(madvise(pieces + 64 * PAGE, 64 * PAGE, MADV_DONTNEED));
    unsigned char *joined = remap(pieces, PAGES, 4 * PAGES, MREMAP_MAYMOVE);
    check_pattern(joined, 64 * PAGE, 1, "first piece");
    check_zero(joined + 64 * PAGE, 64 * PAGE, "discarded piece");
    CHECK_EQ(((uint64_t *)(void *)joined)[128 * PAGE / 8], pattern_word(1, 128 * PAGE / 8));
    check_zero(joined + PAGES * PAGE, 3 * PAGES * PAGE, "growth of pieces");

    unsigned char *copy = mremap(left, PAGES * PAGE, PAGES * PAGE,
                                 MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    CHECK(copy != MAP_FAILED, "mremap with DONTUNMAP: errno %d", errno);
    check_pattern(copy, PAGES * PAGE, 1, "mapping moved with DONTUNMAP");
    check_zero(left, PAGES * PAGE, "what DONTUNMAP leaves");
    pass();
}
