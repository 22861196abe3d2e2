/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

/* A JVM or Go reserves like this and commits pieces later; `sparse` is writable at once. */
enum { PIECES = 16 };

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "huge reservations with a few committed pages stay huge and cheap");
    size_t size = variant_is("1t") ? 1024 * GIB : 64 * GIB;
    int protection = variant_is("sparse") ? PROT_READ | PROT_WRITE : PROT_NONE;
    unsigned char *base = map_memory(size, protection, MAP_NORESERVE);
    size_t stride = size / PIECES;
    for (size_t i = 0; i < PIECES; i++) {
        unsigned char *piece = base + i * stride + i * PAGE;
        if (protection == PROT_NONE)
            MUST(mprotect(piece, 4 * PAGE, PROT_READ | PROT_WRITE));
        fill_pattern(piece + PAGE, PAGE, i);
    }

    ready_and_wait();

    for (size_t i = 0; i < PIECES; i++) {
        unsigned char *piece = base + i * stride + i * PAGE;
        check_zero(piece, PAGE, "page before");
        check_pattern(piece + PAGE, PAGE, i, "committed page");
        check_zero(piece + 2 * PAGE, 2 * PAGE, "pages after");
        unsigned char *outside = piece + stride / 2;
        CHECK_EQ(try_access(outside, ACCESS_READ), protection == PROT_NONE ? SIGSEGV : 0);
        MUST(mprotect(outside, 2 * PAGE, PROT_READ | PROT_WRITE));
        check_zero(outside, 2 * PAGE, "newly committed");
        fill_pattern(outside, 2 * PAGE, i + 100);
    }
    unsigned char *taken = mmap(base + stride - 8 * PAGE, PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(taken == MAP_FAILED && errno == EEXIST, "part of the reservation is free");
    MUST(munmap(base, size));
    pass();
}
