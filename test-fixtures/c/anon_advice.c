/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel answers to an advice about fresh memory it must answer about captured memory, too. */
#include "areas.h"

#include <sys/uio.h>
#include <sys/syscall.h>

#ifndef SYS_process_madvise
#define SYS_process_madvise 440
#endif

enum after { KEEPS, DISCARDS };

/* AREA_STACK comes last: with it the program has a second thread. */
static int kind_count;
static struct area *kinds[AREA_KINDS], *guarded;

static const struct {
    int advice;
    const char *name;
    enum after after;
} advices[] = {
    {MADV_NORMAL, "NORMAL", KEEPS},
    {MADV_RANDOM, "RANDOM", KEEPS},
    {MADV_SEQUENTIAL, "SEQUENTIAL", KEEPS},
    {MADV_WILLNEED, "WILLNEED", KEEPS},
    {MADV_REMOVE, "REMOVE", KEEPS},
    {MADV_DONTDUMP, "DONTDUMP", KEEPS},
    {MADV_DODUMP, "DODUMP", KEEPS},
    {MADV_DONTFORK, "DONTFORK", KEEPS},
    {MADV_DOFORK, "DOFORK", KEEPS},
    {MADV_WIPEONFORK, "WIPEONFORK", KEEPS},
    {MADV_KEEPONFORK, "KEEPONFORK", KEEPS},
    {MADV_HUGEPAGE, "HUGEPAGE", KEEPS},
    {MADV_NOHUGEPAGE, "NOHUGEPAGE", KEEPS},
    {MADV_MERGEABLE, "MERGEABLE", KEEPS},
    {MADV_UNMERGEABLE, "UNMERGEABLE", KEEPS},
    {MADV_COLD, "COLD", KEEPS},
    {MADV_PAGEOUT, "PAGEOUT", KEEPS},
    {MADV_POPULATE_READ, "POPULATE_READ", KEEPS},
    {MADV_POPULATE_WRITE, "POPULATE_WRITE", KEEPS},
    {MADV_DONTNEED_LOCKED, "DONTNEED_LOCKED", DISCARDS},
    {MADV_HWPOISON + 1000, "unknown", KEEPS},
};

static int error_of(int result) {
    return result == 0 ? 0 : errno;
}

/* ROUND 0 the whole area, 1 a part, 2 pages that were discarded before. */
static void advise_alike(struct area *area, struct area *twin, size_t index, int round) {
    size_t first = round == 1 ? 77 : round == 2 ? 200 : 0, count = round == 0 ? area->pages : 60;
    if (round == 2) {
        area_discard(area, first + 10, 20);
        area_discard(twin, first + 10, 20);
    }
    int found = error_of(call_madvise(area_page(area, first), count * PAGE, advices[index].advice));
    int expected = error_of(call_madvise(area_page(twin, first), count * PAGE, advices[index].advice));
    CHECK(found == expected, "MADV_%s of %s (round %d): errno %d instead of %d", advices[index].name, area->name,
          round, found, expected);
    if (advices[index].after == DISCARDS && found == 0) {
        area_expect(area, first, count, PAGE_ZERO);
        area_expect(twin, first, count, PAGE_ZERO);
    }
    area_check(area);
    area_check(twin);
}

static void suite(void) {
    for (int kind = 0; kind < kind_count; kind++) {
        if (kind == AREA_HOLES)
            continue; /* below: a twin must have the same mappings */
        struct area *area = kinds[kind], *twin = make_twin(area);
        for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
            for (int round = 0; round < 3; round++)
                advise_alike(area, twin, i, round);
    }
}

/* MADV_COLLAPSE makes huge pages of what is there, and nothing of what is not. */
static void collapse(void) {
    struct area *area = kinds[AREA_HOLES];
    int result = error_of(call_madvise(area->start, area->pages * PAGE, MADV_COLLAPSE));
    CHECK(result == 0 || result == EINVAL || result == EAGAIN || result == ENOMEM || result == EBUSY,
          "MADV_COLLAPSE: errno %d", result);
    area_check(area);
    area_discard(area, 3, 300);
    area_check(area);
    area_write(area, 10, 100);
    MUST(call_madvise(area->start, area->pages * PAGE, MADV_HUGEPAGE));
    call_madvise(area->start, area->pages * PAGE, MADV_COLLAPSE);
    area_check(area);
}

static void guard(void) {
    if (call_madvise(area_page(guarded, 20), 8 * PAGE, MADV_GUARD_INSTALL) < 0) {
        int expected = error_of(call_madvise(make_twin(guarded)->start, 8 * PAGE, MADV_GUARD_INSTALL));
        CHECK(expected != 0, "MADV_GUARD_INSTALL works on fresh memory only");
        return;
    }
    for (size_t page = 20; page < 28; page++)
        CHECK_EQ(try_access(area_page(guarded, page), ACCESS_READ), SIGSEGV);
    area_check_part(guarded, 0, 20);
    area_check_part(guarded, 28, guarded->pages - 28);
    CHECK_EQ(call_madvise(area_page(guarded, 10), 30 * PAGE, MADV_DONTNEED), 0); /* guards survive that */
    area_expect(guarded, 10, 30, PAGE_ZERO);
    CHECK_EQ(try_access(area_page(guarded, 24), ACCESS_WRITE), SIGSEGV);
    MUST(call_madvise(area_page(guarded, 16), 30 * PAGE, MADV_GUARD_REMOVE));
    area_check(guarded);
    area_write(guarded, 0, 60);
    area_check(guarded);
}

static long advise_self(int descriptor, struct iovec *vectors, size_t count, int advice) {
    return syscall(SYS_process_madvise, descriptor, vectors, count, advice, 0);
}

/* A program gives itself advice through its own pidfd; newer kernels take each one that madvise has. */
static void advise_process(void) {
    static const int tried[] = {MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_COLLAPSE, MADV_DONTNEED, MADV_FREE, 9999};
    int descriptor = (int)syscall(434 /* pidfd_open */, getpid(), 0);
    if (descriptor < 0)
        return;
    struct area *both[] = {kinds[AREA_MMAP], make_twin(kinds[AREA_MMAP])};
    area_write(both[0], 0, both[0]->pages);
    for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
        long results[2];
        for (int side = 0; side < 2; side++) {
            struct iovec vectors[] = {{area_page(both[side], 300), 20 * PAGE}, {area_page(both[side], 30), 100 * PAGE},
                                      {area_page(both[side], 290), PAGE}};
            results[side] = advise_self(descriptor, vectors, 3, tried[i]);
            results[side] = results[side] < 0 ? -errno : results[side];
            if (results[side] <= 0 || (tried[i] != MADV_DONTNEED && tried[i] != MADV_FREE))
                continue;
            if (tried[i] == MADV_FREE)
                MUST(advise_self(descriptor, vectors, 3, MADV_DONTNEED));
            area_expect(both[side], 300, 20, PAGE_ZERO);
            area_expect(both[side], 290, 1, PAGE_ZERO);
            area_expect(both[side], 30, 100, PAGE_ZERO);
        }
        if (tried[i] != MADV_COLLAPSE) /* depends on the alignment */
            CHECK(results[0] == results[1], "process_madvise %d: %ld instead of %ld", tried[i], results[0], results[1]);
        area_check(both[0]);
        area_check(both[1]);
        area_write(both[0], 280, 100);
        area_write(both[1], 280, 100);
    }
    /* What one call discards partly is told in bytes. */
    struct iovec broken[] = {{area_page(both[0], 400), 4 * PAGE}, {area_page(both[0], 420) + 1, 4 * PAGE}};
    struct iovec same[] = {{area_page(both[1], 400), 4 * PAGE}, {area_page(both[1], 420) + 1, 4 * PAGE}};
    long found = advise_self(descriptor, broken, 2, MADV_DONTNEED);
    CHECK_EQ(found, advise_self(descriptor, same, 2, MADV_DONTNEED));
    if (found > 0) {
        area_expect(both[0], 400, 4, PAGE_ZERO);
        area_expect(both[1], 400, 4, PAGE_ZERO);
    }
    area_check(both[0]);
    area_check(both[1]);
    close(descriptor);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "every advice about captured memory is answered as for fresh memory, and keeps what it must");
    kind_count = place_is("threads") ? AREA_KINDS : AREA_STACK;
    for (int kind = 0; kind < kind_count; kind++) {
        kinds[kind] = make_area((enum area_kind)kind, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0);
    }
    guarded = make_area(AREA_MMAP, AREA_PAGES);

    ready_and_wait();

    in_place(suite);
    collapse();
    guard();
    if (!place_is("chroot") && !place_is("nofds"))
        advise_process();
    check_all_areas();
    pass();
}
