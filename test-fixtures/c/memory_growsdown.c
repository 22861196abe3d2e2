/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

/* The frame pages of a MAP_GROWSDOWN mapping appear on touch, one after the other. */
int main(int argc, char **argv) {
    enum { GROWN_PAGES = 64 };
    fixture_begin(argc, argv, "a MAP_GROWSDOWN mapping goes on growing");
    size_t room = 16 * MIB;
    unsigned char *area = map_memory(room, PROT_NONE, MAP_NORESERVE);
    MUST(munmap(area, room));
    unsigned char *bottom = area + room - 4 * PAGE;
    unsigned char *got = mmap(bottom, 4 * PAGE, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN | MAP_FIXED, -1, 0);
    CHECK(got == bottom, "mmap: %p instead of %p", (void *)got, (void *)bottom);
    fill_pattern(bottom, 4 * PAGE, 1);
    for (int i = 1; i <= 8; i++)
        fill_pattern(bottom - (size_t)i * PAGE, PAGE, (uint64_t)i + 1);

    ready_and_wait();

    check_pattern(bottom, 4 * PAGE, 1, "mapped part");
    for (size_t i = 1; i <= 8; i++)
        check_pattern(bottom - i * PAGE, PAGE, i + 1, "part grown before");
    for (size_t i = 9; i <= GROWN_PAGES; i++) {
        check_zero(bottom - i * PAGE, PAGE, "part grown afterwards");
        fill_pattern(bottom - i * PAGE, PAGE, i + 1);
    }
    pass();
}
