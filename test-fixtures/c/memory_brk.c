/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/syscall.h>

/* The raw call: libc's malloc must not move the break in between. */
static uintptr_t move_break(uintptr_t to) {
    return (uintptr_t)syscall(SYS_brk, to);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "brk keeps its place, grows with zeros and shrinks afterwards");
    uintptr_t start = (move_break(0) + PAGE - 1) & ~(PAGE - 1);
    uintptr_t end = start + MIB;
    CHECK_EQ(move_break(end), end);
    fill_pattern((void *)start, MIB, 1);

    ready_and_wait();

    CHECK_EQ(move_break(0), end);
    check_pattern((void *)start, MIB, 1, "heap");
    CHECK_EQ(move_break(end + 4 * MIB), end + 4 * MIB);
    check_zero((void *)end, 4 * MIB, "grown heap");
    fill_pattern((void *)end, 4 * MIB, 2);
    check_pattern((void *)start, MIB, 1, "heap after growth");
    CHECK_EQ(move_break(start + MIB / 2), start + MIB / 2);
    CHECK_EQ(try_access((void *)end, ACCESS_READ), SIGSEGV);
    check_pattern((void *)start, MIB / 2, 1, "heap after shrinking");
    CHECK_EQ(move_break(end), end);
    check_zero((void *)(start + MIB / 2), MIB / 2, "heap shrunk and grown again");
    pass();
}
