/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel reads and writes memory that the program has not touched since READY. */
#include "areas.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/random.h>
#include <sys/uio.h>

enum { PART = 16 };

static struct area *source, *target, *readonly, *discarded, *gifted, *direct;

static void through_pipe(void) {
    int ends[2];
    MUST(pipe(ends));
    for (size_t page = 0; page < 400; page += PART) {
        CHECK_EQ(write(ends[1], area_page(source, page), PART * PAGE), PART * PAGE);
        CHECK_EQ(read(ends[0], area_page(target, page), PART * PAGE), PART * PAGE);
    }
    CHECK_EQ(write(ends[1], area_page(discarded, 0), PART * PAGE), PART * PAGE);
    area_discard(discarded, 0, 100);
    CHECK_EQ(read(ends[0], area_page(discarded, 40), PART * PAGE), PART * PAGE);
    CHECK_EQ(write(ends[1], area_page(discarded, 60), PART * PAGE), PART * PAGE);
    CHECK_EQ(read(ends[0], area_page(target, 400), PART * PAGE), PART * PAGE);
    check_zero(area_page(target, 400), PART * PAGE, "what was written from discarded pages");
    for (size_t page = 0; page < 400; page++)
        CHECK(memcmp(area_page(source, page), area_page(target, page), PAGE) == 0, "page %zu came back otherwise", page);
    struct area *twin = make_twin(discarded);
    CHECK(memcmp(area_page(discarded, 40), area_page(twin, 0), PART * PAGE) == 0, "discarded pages were not read into");
    area_expect(target, 0, target->pages, PAGE_SKIPPED);
    area_expect(discarded, 40, PART, PAGE_SKIPPED);
    area_check(discarded);
    CHECK_EQ(write(ends[1], "12345678", 8), 8);
    CHECK_EQ(read(ends[0], area_page(readonly, 7), 8), -1);
    CHECK_EQ(errno, EFAULT);
    area_check(readonly);
    close(ends[0]);
    close(ends[1]);
}

/* Pages that lie in a pipe keep what they were when they were given, unless the program writes into them. */
static void through_vmsplice(void) {
    int ends[2];
    static unsigned char buffer[PART * PAGE];
    MUST(pipe(ends));
    struct iovec vector = {area_page(gifted, 100), PART * PAGE};
    CHECK_EQ(vmsplice(ends[1], &vector, 1, 0), PART * PAGE);
    area_discard(gifted, 90, 40); /* the pipe holds the pages */
    for (size_t done = 0; done < sizeof buffer;)
        done += (size_t)MUST(read(ends[0], buffer + done, sizeof buffer - done));
    area_check(gifted);
    struct area *twin = make_twin(gifted);
    CHECK(memcmp(buffer, area_page(twin, 100), sizeof buffer) == 0, "the pipe lost the pages that were discarded");
    close(ends[0]);
    close(ends[1]);
}

static void through_kernel_copies(void) {
    static unsigned char buffer[PART * PAGE];
    struct iovec here = {buffer, sizeof buffer}, there = {area_page(source, 200), sizeof buffer};
    CHECK_EQ(process_vm_readv(getpid(), &here, 1, &there, 1, 0), sizeof buffer);
    CHECK(memcmp(buffer, area_page(source, 200), sizeof buffer) == 0, "process_vm_readv read something else");
    struct iovec goal = {area_page(source, 300), sizeof buffer};
    CHECK_EQ(process_vm_writev(getpid(), &here, 1, &goal, 1, 0), sizeof buffer);
    CHECK(memcmp(buffer, area_page(source, 300), sizeof buffer) == 0, "process_vm_writev wrote something else");
    area_expect(source, 300, PART, PAGE_SKIPPED);
    int memory = open("/proc/self/mem", O_RDWR);
    if (memory >= 0) {
        CHECK_EQ(pread(memory, buffer, sizeof buffer, (off_t)(uintptr_t)area_page(source, 20)), sizeof buffer);
        CHECK(memcmp(buffer, area_page(source, 20), sizeof buffer) == 0, "/proc/self/mem reads something else");
        CHECK_EQ(pwrite(memory, buffer, PAGE, (off_t)(uintptr_t)area_page(readonly, 50)), PAGE); /* as a debugger does */
        CHECK(memcmp(buffer, area_page(readonly, 50), PAGE) == 0, "/proc/self/mem writes elsewhere");
        area_expect(readonly, 50, 1, PAGE_SKIPPED);
        close(memory);
    }
    CHECK_EQ(getrandom(area_page(source, 400), 256, 0), 256);
    area_expect(source, 400, 1, PAGE_SKIPPED);
    int pair[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    struct iovec sent = {area_page(source, 40), 4 * PAGE}, received = {area_page(source, 420), 4 * PAGE};
    CHECK_EQ(writev(pair[0], &sent, 1), 4 * PAGE);
    CHECK_EQ(readv(pair[1], &received, 1), 4 * PAGE);
    CHECK(memcmp(area_page(source, 40), area_page(source, 420), 4 * PAGE) == 0, "a socket pair changed the bytes");
    area_expect(source, 420, 4, PAGE_SKIPPED);
    area_check(source);
}

/* From and to the disk, without the page cache in between. */
static void through_disk(void) {
    int file = open(".", O_TMPFILE | O_RDWR | O_DIRECT, 0600);
    if (file < 0)
        return; /* tmpfs before 6.6, or a read-only place */
    ssize_t written = pwrite(file, area_page(direct, 0), 64 * PAGE, 0);
    if (written >= 0) {
        CHECK_EQ(written, 64 * PAGE);
        CHECK_EQ(pread(file, area_page(direct, 200), 64 * PAGE, 0), 64 * PAGE);
        CHECK(memcmp(area_page(direct, 0), area_page(direct, 200), 64 * PAGE) == 0, "O_DIRECT changed the bytes");
        area_discard(direct, 300, 64);
        CHECK_EQ(pread(file, area_page(direct, 310), 32 * PAGE, 0), 32 * PAGE);
        CHECK(memcmp(area_page(direct, 0), area_page(direct, 310), 32 * PAGE) == 0, "O_DIRECT into discarded pages");
        area_expect(direct, 200, 64, PAGE_SKIPPED);
        area_expect(direct, 310, 32, PAGE_SKIPPED);
    }
    area_check(direct);
    close(file);
}

static void suite(void) {
    through_pipe();
    through_vmsplice();
    through_kernel_copies();
    through_disk();
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "system calls read and write memory that was not touched since READY");
    struct area **own[] = {&source, &target, &discarded, &gifted, &direct};
    for (size_t i = 0; i < 5; i++)
        *own[i] = make_area(AREA_MMAP, AREA_PAGES);
    readonly = make_area(AREA_READONLY, AREA_PAGES);

    ready_and_wait();

    in_place(suite);
    pass();
}
