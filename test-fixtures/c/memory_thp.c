/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

/* Contents under huge page advice; the advice itself may be lost without harm to correctness. */
int main(int argc, char **argv) {
    enum { SIZE_MIB = 16 };
    fixture_begin(argc, argv, "memory under MADV_HUGEPAGE and MADV_NOHUGEPAGE keeps its contents");
    unsigned char *huge = map_memory(SIZE_MIB * MIB, PROT_READ | PROT_WRITE, 0);
    unsigned char *small = map_memory(SIZE_MIB * MIB, PROT_READ | PROT_WRITE, 0);
    if (madvise(huge, SIZE_MIB * MIB, MADV_HUGEPAGE) < 0)
        skip("this kernel has no transparent huge pages");
    MUST(madvise(small, SIZE_MIB * MIB, MADV_NOHUGEPAGE));
    fill_pattern(huge + MIB, 8 * MIB, 1);
    for (size_t i = 0; i < SIZE_MIB; i++)
        fill_pattern(small + i * MIB, PAGE, i);

    ready_and_wait();

    check_zero(huge, MIB, "front");
    check_pattern(huge + MIB, 8 * MIB, 1, "huge pages");
    check_zero(huge + 9 * MIB, 7 * MIB, "back");
    for (size_t i = 0; i < SIZE_MIB; i++) {
        check_pattern(small + i * MIB, PAGE, i, "small page");
        check_zero(small + i * MIB + PAGE, MIB - PAGE, "between small pages");
    }
    fill_pattern(huge, SIZE_MIB * MIB, 3);
    check_pattern(huge, SIZE_MIB * MIB, 3, "written afterwards");
    pass();
}
