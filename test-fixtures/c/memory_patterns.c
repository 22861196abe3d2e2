/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { PAGES = 4096 };

/* Page kinds in turn: pattern, never touched, written with zeros, one byte set at its end. */
static void check_page(unsigned char *page, size_t index) {
    switch (index % 4) {
    case 0:
        check_pattern(page, PAGE, index, "pattern page");
        break;
    case 3:
        check_zero(page, PAGE - 8, "page with one byte");
        CHECK_EQ(page[PAGE - 1], index & 0xff ? index & 0xff : 1);
        break;
    default:
        check_zero(page, PAGE, "zero page");
    }
}

int main(int argc, char **argv) {
    static char bss[64 * 1024], data[64 * 1024] = {1};
    fixture_begin(argc, argv, "private anonymous memory, bss, data and heap keep every byte");
    unsigned char *memory = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
    for (size_t i = 0; i < PAGES; i++) {
        if (i % 4 == 0)
            fill_pattern(memory + i * PAGE, PAGE, i);
        if (i % 4 == 2)
            memset(memory + i * PAGE, 0, PAGE);
        if (i % 4 == 3)
            memory[i * PAGE + PAGE - 1] = (unsigned char)(i & 0xff ? i & 0xff : 1);
    }
    fill_pattern(bss, sizeof bss / 2, 7);
    fill_pattern(data, sizeof data, 8);
    void *heap_small = malloc(1000), *heap_large = malloc(3 * MIB);
    fill_pattern(heap_small, 1000, 9);
    fill_pattern(heap_large, 3 * MIB, 10);

    ready_and_wait();

    for (size_t i = 0; i < PAGES; i++)
        check_page(memory + i * PAGE, i);
    check_pattern(bss, sizeof bss / 2, 7, "bss");
    check_zero(bss + sizeof bss / 2, sizeof bss / 2, "untouched bss");
    check_pattern(data, sizeof data, 8, "data");
    check_pattern(heap_small, 1000, 9, "small heap block");
    check_pattern(heap_large, 3 * MIB, 10, "large heap block");
    fill_pattern(memory, PAGES * PAGE, 11);
    check_pattern(memory, PAGES * PAGE, 11, "memory written afterwards");
    free(heap_small);
    free(heap_large);
    pass();
}
