/* SPDX-License-Identifier: Apache-2.0 */
/* A program that serves the faults of its own memory: anonymous memory can be registered, and only what is absent faults. */
#include "areas.h"

#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#ifndef UFFDIO_MOVE /* Linux 6.8 */
struct uffdio_move {
    __u64 dst, src, len, mode;
    __s64 move;
};
#define UFFDIO_MOVE _IOWR(UFFDIO, 0x05, struct uffdio_move)
#define UFFD_FEATURE_MOVE (1 << 16)
#endif

static int descriptor;
static struct area *missing, *present, *protected, *source;
static volatile int served, released;
static volatile bool serve;

static void server_fails(const char *what) {
    fail("userfaultfd server: %s: errno %d", what, errno);
}

/* Gives pages the pattern 60 + page, and takes the protection of pages away that are written. */
static void *serve_faults(void *unused) {
    static uint64_t page_text[PAGE / 8];
    for (;;) {
        struct uffd_msg message;
        if (read(descriptor, &message, sizeof message) != sizeof message)
            server_fails("read");
        CHECK(message.event == UFFD_EVENT_PAGEFAULT, "event %d", message.event);
        uintptr_t page = message.arg.pagefault.address & ~(PAGE - 1);
        if (message.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP) {
            struct uffdio_writeprotect range = {.range = {page, PAGE}, .mode = 0};
            __atomic_add_fetch(&released, 1, __ATOMIC_SEQ_CST);
            if (ioctl(descriptor, UFFDIO_WRITEPROTECT, &range) < 0)
                server_fails("UFFDIO_WRITEPROTECT");
            continue;
        }
        CHECK(serve, "a fault at 0x%lx, which is there", (unsigned long)page);
        __atomic_add_fetch(&served, 1, __ATOMIC_SEQ_CST);
        fill_pattern(page_text, PAGE, 60 + page);
        struct uffdio_copy copy = {.dst = page, .src = (uintptr_t)page_text, .len = PAGE};
        if (ioctl(descriptor, UFFDIO_COPY, &copy) < 0 && errno != EEXIST)
            server_fails("UFFDIO_COPY");
    }
    return unused;
}

static void open_descriptor(uint64_t features) {
    descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (descriptor < 0)
        skip("userfaultfd is not to be had: errno %d", errno);
    struct uffdio_api api = {.api = UFFD_API, .features = features};
    if (ioctl(descriptor, UFFDIO_API, &api) < 0)
        skip("this kernel has no userfaultfd of that kind: errno %d", errno);
}

static void register_area(const struct area *area, size_t first, size_t count, uint64_t mode) {
    struct uffdio_register range = {.range = {(uintptr_t)area_page(area, first), count * PAGE}, .mode = mode};
    CHECK(ioctl(descriptor, UFFDIO_REGISTER, &range) == 0, "UFFDIO_REGISTER mode %d: errno %d", (int)mode, errno);
}

static void unregister_area(const struct area *area, size_t first, size_t count) {
    struct uffdio_range range = {(uintptr_t)area_page(area, first), count * PAGE};
    MUST(ioctl(descriptor, UFFDIO_UNREGISTER, &range));
}

static void register_missing(void) {
    area_discard(missing, 100, 64);
    register_area(missing, 90, 200, UFFDIO_REGISTER_MODE_MISSING);
}

static void register_all(void) {
    register_missing();
    register_area(present, 0, present->pages, UFFDIO_REGISTER_MODE_MISSING);
    register_area(protected, 0, protected->pages, UFFDIO_REGISTER_MODE_WP);
}

static void serve_missing(void) {
    area_check_part(missing, 90, 10);
    area_check_part(missing, 170, 120); /* there, never touched since READY */
    CHECK_EQ(served, 0);
    serve = true;
    for (size_t page = 100; page < 164; page++)
        check_pattern(area_page(missing, page), PAGE, 60 + (uintptr_t)area_page(missing, page), "a served page");
    CHECK_EQ(served, 64);
    /* Discarded while it is registered: absent again. */
    MUST(call_madvise(area_page(missing, 98), 10 * PAGE, MADV_DONTNEED));
    for (size_t page = 98; page < 108; page++)
        check_pattern(area_page(missing, page), PAGE, 60 + (uintptr_t)area_page(missing, page), "a page served again");
    CHECK_EQ(served, 74);
    MUST(call_madvise(area_page(missing, 200), 80 * PAGE, MADV_DONTNEED));
    for (size_t page = 200; page < 280; page += 3)
        check_pattern(area_page(missing, page), PAGE, 60 + (uintptr_t)area_page(missing, page), "a page served late");
    serve = false;
    unregister_area(missing, 90, 200);
    area_expect(missing, 98, 66, PAGE_SKIPPED);
    area_expect(missing, 200, 80, PAGE_SKIPPED);
    check_zero(area_page(missing, 201), PAGE, "a page that nobody served");
    area_check(missing);
    served = 0;
}

/* Everything is there, so that nothing faults; with the kernel as reader, too. */
static void find_present(void) {
    int ends[2];
    MUST(pipe(ends));
    CHECK_EQ(write(ends[1], area_page(present, 77), PAGE), PAGE);
    area_check(present);
    area_write(present, 0, present->pages);
    area_check(present);
    CHECK_EQ(served, 0);
    unregister_area(present, 0, present->pages);
    close(ends[0]);
    close(ends[1]);
}

static void catch_writes(void) {
    struct uffdio_writeprotect range = {.range = {(uintptr_t)area_page(protected, 50), 100 * PAGE},
                                        .mode = UFFDIO_WRITEPROTECT_MODE_WP};
    MUST(ioctl(descriptor, UFFDIO_WRITEPROTECT, &range));
    area_check(protected);
    CHECK_EQ(released, 0);
    area_write(protected, 40, 120);
    CHECK_EQ(released, 100);
    area_check(protected);
    unregister_area(protected, 0, protected->pages);
    area_discard(protected, 0, 100);
    area_check(protected);
}

/* Pages move from one area to the other, and leave zeros. */
static void move_pages(void) {
    area_discard(missing, 320, 20);
    struct uffdio_move move = {.dst = (uintptr_t)area_page(missing, 320), .src = (uintptr_t)area_page(source, 50),
                               .len = 10 * PAGE};
    CHECK(ioctl(descriptor, UFFDIO_MOVE, &move) == 0, "UFFDIO_MOVE: errno %d, moved %lld", errno, (long long)move.move);
    unregister_area(missing, 300, 100);
    area_expect(source, 50, 10, PAGE_ZERO);
    area_check(source);
    struct area *twin = make_twin(source);
    CHECK(memcmp(area_page(missing, 320), area_page(twin, 50), 10 * PAGE) == 0, "the pages moved as something else");
    area_expect(missing, 320, 10, PAGE_SKIPPED);
    area_check(missing);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "userfaultfd takes captured memory for anonymous, and only absent pages fault");
    struct area **own[] = {&missing, &present, &protected, &source};
    for (size_t i = 0; i < 4; i++)
        *own[i] = make_area(AREA_MMAP, AREA_PAGES);

    ready_and_wait();

    bool moves = place_is("move");
    open_descriptor(moves ? UFFD_FEATURE_MOVE : UFFD_FEATURE_PAGEFAULT_FLAG_WP);
    if (place_is("threads")) /* they are there before, or only after the registration */
        pthread_detach(start_thread(serve_faults, NULL));
    if (moves)
        register_area(missing, 300, 100, UFFDIO_REGISTER_MODE_MISSING);
    else
        register_all();
    if (!place_is("threads"))
        pthread_detach(start_thread(serve_faults, NULL));
    if (moves) {
        move_pages();
    } else {
        serve_missing();
        find_present();
        catch_writes();
    }
    check_all_areas();
    pass();
}
