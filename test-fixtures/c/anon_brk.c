/* SPDX-License-Identifier: Apache-2.0 */
#include "areas.h"

#include <sys/syscall.h>

/* The break by system call alone: libc's own use of it would disturb, and musl's sbrk does nothing. */
static uintptr_t set_break(uintptr_t wanted) {
    return (uintptr_t)syscall(SYS_brk, wanted);
}

static struct area *heap;
static uintptr_t end;

static void move_to(uintptr_t wanted) {
    CHECK(set_break(wanted) == wanted, "brk(0x%lx) gave 0x%lx", (unsigned long)wanted, (unsigned long)set_break(0));
}

static void suite(void) {
    CHECK_EQ(set_break(0), end);
    area_check(heap);
    uintptr_t keep = (uintptr_t)area_page(heap, 200);
    move_to(keep);
    CHECK_EQ(try_access((void *)keep, ACCESS_READ), SIGSEGV);
    move_to(end);
    area_expect(heap, 200, heap->pages - 200, PAGE_ZERO);
    area_check(heap);
    area_write(heap, 150, 150);
    move_to(end + 300 * PAGE);
    check_zero((void *)end, 300 * PAGE, "growth of the break");
    fill_pattern((void *)end, 300 * PAGE, 3);
    area_check(heap);
    area_discard(heap, 180, 40);
    area_check(heap);
    move_to(end - 5 * PAGE + 100); /* inside a page */
    move_to(end + 10 * PAGE);
    area_expect(heap, heap->pages - 4, 4, PAGE_ZERO);
    area_check(heap);
    check_zero((void *)end, 10 * PAGE, "growth after shrinking");
    for (size_t pages = heap->pages; pages > 20; pages -= 23) {
        move_to((uintptr_t)area_page(heap, pages));
        area_check_part(heap, 0, pages);
    }
    move_to(end);
    size_t low = heap->pages - (heap->pages - 20) / 23 * 23;
    area_expect(heap, low, heap->pages - low, PAGE_SKIPPED);
    area_check(heap);
    move_to((uintptr_t)area_page(heap, 10));
    move_to(end);
    area_expect(heap, 10, heap->pages - 10, PAGE_ZERO);
    area_check(heap);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "the break goes down and up, and what comes back is zero");
    set_break((set_break(0) + PAGE - 1) & ~(PAGE - 1));
    heap = make_area(AREA_BREAK, AREA_PAGES);
    end = (uintptr_t)area_page(heap, AREA_PAGES);
    if (set_break(0) != end)
        move_to(end);

    ready_and_wait();

    if (place_is("fork")) { /* the child's break is its own */
        in_child(suite);
        area_check(heap);
        CHECK_EQ(set_break(0), end);
    }
    suite();
    pass();
}
