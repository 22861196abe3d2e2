/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "partner.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>

/*
 * A memfd and what is mapped of it: every view shows the one file, and the file is whole, also where nothing is mapped.
 * Bytes written through one view appear in all others and in the file.
 */
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8
#endif
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x10
#endif
#define SEAL_EXEC 0x20

enum { PAGES = 16, SIZE = PAGES * 4096 + 100, BEYOND = 40, SHIFT = 4 };

static int fd = -1;

static unsigned char *map_view(int from, size_t pages, int protection, int flags, off_t page) {
    unsigned char *view = mmap(NULL, pages * PAGE, protection, flags, from, page * (off_t)PAGE);
    CHECK(view != MAP_FAILED, "mmap of the memfd: errno %d", errno);
    return view;
}

static void make_file(unsigned flags, off_t size) {
    fd = (int)MUST(memfd_create("some memory", flags));
    MUST(ftruncate(fd, size));
}

static void write_page(off_t page, uint64_t seed) {
    unsigned char bytes[PAGE];
    fill_pattern(bytes, PAGE, seed);
    CHECK_EQ(pwrite(fd, bytes, PAGE, page * (off_t)PAGE), PAGE);
}

static void check_page(int from, off_t page, uint64_t seed) {
    unsigned char bytes[PAGE];
    CHECK_EQ(pread(from, bytes, PAGE, page * (off_t)PAGE), PAGE);
    check_pattern(bytes, PAGE, seed, "page of the file");
}

static off_t size_of(int file) {
    struct stat status;
    MUST(fstat(file, &status));
    return status.st_size;
}

/* ---- two views at different places, one that only reads, and a file that is larger than they are ---- */

static void views(void) {
    make_file(MFD_CLOEXEC, BEYOND * PAGE + 77);
    unsigned char *low = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    unsigned char *shifted = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, SHIFT);
    unsigned char *reader = map_view(fd, PAGES, PROT_READ, MAP_SHARED, SHIFT);
    unsigned char *closed = map_view(fd, 2, PROT_NONE, MAP_SHARED, SHIFT);
    for (size_t i = 0; i < PAGES; i += 2)
        fill_pattern(low + i * PAGE, PAGE, i);
    write_page(BEYOND - 1, 99);
    MUST(lseek(fd, 1234, SEEK_SET));

    ready_and_wait();

    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 1234);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(size_of(fd), BEYOND * PAGE + 77);
    check_page(fd, BEYOND - 1, 99);
    for (size_t i = 0; i < PAGES; i += 2)
        check_pattern(low + i * PAGE, PAGE, i, "page of the first view");
    CHECK_EQ(lseek(fd, (PAGES + 4) * PAGE, SEEK_DATA), (BEYOND - 1) * PAGE);
    check_pattern(shifted, PAGE, SHIFT, "page of the second view");
    fill_pattern(shifted + PAGE, PAGE, 500);
    check_pattern(low + (SHIFT + 1) * PAGE, PAGE, 500, "page that the second view wrote");
    check_pattern(reader + PAGE, PAGE, 500, "page that the reader sees");
    check_page(fd, SHIFT + 1, 500);
    CHECK_EQ(try_access(reader, ACCESS_WRITE), SIGSEGV);
    CHECK_EQ(try_access(closed, ACCESS_READ), SIGSEGV);
    MUST(mprotect(reader, PAGE, PROT_READ | PROT_WRITE));
    fill_pattern(reader, PAGE, 501);
    check_page(fd, SHIFT, 501);
    MUST(mprotect(closed, PAGE, PROT_READ));
    check_pattern(closed, PAGE, 501, "page that could not be read before");
    MUST(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGES * PAGE));
    check_zero(low, PAGES * PAGE, "punched memory");
    check_zero(closed, PAGE, "punched memory");
}

/* ---- private views: what was written is their own, the rest follows the file ---- */

static void private_views(void) {
    make_file(MFD_CLOEXEC, PAGES * PAGE);
    for (off_t i = 0; i < PAGES; i++)
        write_page(i, (uint64_t)i);
    unsigned char *own = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    unsigned char *closed = map_view(fd, 2, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    fill_pattern(own + PAGE, PAGE, 100);
    memset(own + 2 * PAGE, 0, PAGE);
    fill_pattern(closed, PAGE, 200);
    MUST(mprotect(closed, 2 * PAGE, PROT_READ));

    ready_and_wait();

    CHECK_EQ(try_access(closed, ACCESS_WRITE), SIGSEGV);
    check_pattern(closed, PAGE, 200, "private page that was closed");
    check_pattern(closed + PAGE, PAGE, 1, "page that was not written");
    check_pattern(own, PAGE, 0, "page that was not written");
    check_pattern(own + PAGE, PAGE, 100, "private page");
    check_zero(own + 2 * PAGE, PAGE, "private page of zeros");
    check_page(fd, 1, 1);
    check_page(fd, 2, 2);
    write_page(5, 300);
    check_pattern(own + 5 * PAGE, PAGE, 300, "page that was written to the file");
    fill_pattern(own + 6 * PAGE, PAGE, 301);
    check_page(fd, 6, 6);
    MUST(madvise(own, PAGES * PAGE, MADV_DONTNEED));
    check_pattern(own + PAGE, PAGE, 1, "page that was given back");
    check_pattern(own + 2 * PAGE, PAGE, 2, "page that was given back");
}

/* ---- nobody has it open any more ---- */

static void closed_file(void) {
    make_file(MFD_CLOEXEC, PAGES * PAGE);
    unsigned char *first = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    unsigned char *second = map_view(fd, PAGES - SHIFT, PROT_READ | PROT_WRITE, MAP_SHARED, SHIFT);
    unsigned char *own = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    MUST(close(fd));
    for (size_t i = 0; i < PAGES; i += 3)
        fill_pattern(first + i * PAGE, PAGE, i);
    fill_pattern(own + PAGE, PAGE, 700);

    ready_and_wait();

    CHECK_EQ(open("/dev/null", O_RDONLY), fd);
    for (size_t i = 0; i < PAGES; i += 3)
        check_pattern(first + i * PAGE, PAGE, i, "page of the first view");
    check_zero(first + PAGE, PAGE, "page that was never written");
    check_pattern(second + 2 * PAGE, PAGE, 6, "page of the second view");
    fill_pattern(second, PAGE, 800);
    check_pattern(first + SHIFT * PAGE, PAGE, 800, "page that the second view wrote");
    check_pattern(own + SHIFT * PAGE, PAGE, 800, "page that the private view has not written");
    check_pattern(own + PAGE, PAGE, 700, "private page");
    CHECK_EQ(try_access(map_memory(PAGE, PROT_READ, MAP_PRIVATE), ACCESS_READ), 0);
}

/* ---- several descriptions of one file ---- */

static int open_again(int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return (int)MUST(open(path, flags));
}

static void second_openings(void) {
    make_file(MFD_CLOEXEC, PAGES * PAGE);
    int twin = (int)MUST(dup(fd)), reader = open_again(O_RDONLY), appender = open_again(O_WRONLY | O_APPEND | O_CLOEXEC);
    unsigned char *view = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    unsigned char *watcher = map_view(reader, PAGES, PROT_READ, MAP_SHARED, 0);
    fill_pattern(view + PAGE, PAGE, 1);
    MUST(lseek(fd, 100, SEEK_SET));
    MUST(lseek(reader, PAGE, SEEK_SET));

    ready_and_wait();

    char byte = 'x';
    CHECK_EQ(lseek(twin, 0, SEEK_CUR), 100);
    CHECK_EQ(lseek(reader, 0, SEEK_CUR), PAGE);
    CHECK_EQ(fcntl(twin, F_GETFD), 0);
    CHECK_EQ(fcntl(appender, F_GETFD), FD_CLOEXEC);
    CHECK_EQ(fcntl(reader, F_GETFL) & O_ACCMODE, O_RDONLY);
    CHECK_EQ(fcntl(appender, F_GETFL) & (O_ACCMODE | O_APPEND), O_WRONLY | O_APPEND);
    CHECK(write(reader, &byte, 1) < 0 && errno == EBADF, "the reader can write: errno %d", errno);
    check_page(reader, 1, 1);
    CHECK_EQ(write(appender, &byte, 1), 1);
    CHECK_EQ(size_of(fd), PAGES * PAGE + 1);
    MUST(lseek(twin, 7, SEEK_SET));
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 7);
    fill_pattern(view, PAGE, 2);
    check_pattern(watcher, PAGE, 2, "page that the watcher sees");
    CHECK(mprotect(watcher, PAGE, PROT_READ | PROT_WRITE) < 0 && errno == EACCES, "the watcher may write: errno %d", errno);
}

static void only_reader(void) {
    make_file(MFD_CLOEXEC, PAGES * PAGE);
    write_page(3, 3);
    int reader = open_again(O_RDONLY);
    unsigned char *view = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    MUST(close(fd));

    ready_and_wait();

    CHECK_EQ(fcntl(reader, F_GETFL) & O_ACCMODE, O_RDONLY);
    check_page(reader, 3, 3);
    fill_pattern(view, PAGE, 4);
    check_page(reader, 0, 4);
    CHECK_EQ(size_of(reader), PAGES * PAGE);
}

/* ---- open but not mapped any more ---- */

static void unmapped(void) {
    make_file(0, SIZE);
    unsigned char *view = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    fill_pattern(view, PAGES * PAGE, 1);
    MUST(munmap(view, PAGES * PAGE));
    MUST(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));

    ready_and_wait();

    CHECK_EQ(fcntl(fd, F_GETFD), 0);
    CHECK_EQ(fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), O_RDWR | O_APPEND | O_NONBLOCK);
    CHECK_EQ(size_of(fd), SIZE);
    view = map_view(fd, PAGES, PROT_READ, MAP_SHARED, 0);
    check_pattern(view, PAGES * PAGE, 1, "the file");
}

/* ---- a mapping that is longer than the file; bytes behind the end in its last page ---- */

static void end_of_file(void) {
    make_file(MFD_CLOEXEC, 2 * PAGE + 100);
    unsigned char *view = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    fill_pattern(view, 3 * PAGE, 5);

    ready_and_wait();

    CHECK_EQ(size_of(fd), 2 * PAGE + 100);
    check_pattern(view, 3 * PAGE, 5, "the view, beyond the file's end in its last page");
    CHECK_EQ(try_access(view + 3 * PAGE, ACCESS_READ), SIGBUS);
    MUST(ftruncate(fd, PAGES * PAGE));
    CHECK_EQ(try_access(view + 3 * PAGE, ACCESS_WRITE), 0);
    MUST(ftruncate(fd, PAGE));
    CHECK_EQ(try_access(view + PAGE, ACCESS_READ), SIGBUS);
}

/* ---- seals ---- */

static void check_seals(int seals) {
    CHECK_EQ(fcntl(fd, F_GET_SEALS), seals);
}

static void sealed_against_writing(void) {
    make_file(MFD_CLOEXEC | MFD_ALLOW_SEALING, PAGES * PAGE);
    write_page(1, 1);
    int seals = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    MUST(fcntl(fd, F_ADD_SEALS, seals));
    unsigned char *own = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_PRIVATE, 0);
    fill_pattern(own, PAGE, 2);

    ready_and_wait();

    char byte = 'x';
    check_seals(seals);
    CHECK(write(fd, &byte, 1) < 0 && errno == EPERM, "a sealed file was written: errno %d", errno);
    CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED, "a sealed file was mapped to write");
    check_pattern(own, PAGE, 2, "private page");
    check_pattern(own + PAGE, PAGE, 1, "page of the sealed file");
    check_page(fd, 1, 1);
}

/* Needs another opening to map: a writable one would forbid the seal. */
static void sealed_with_a_view(void) {
    make_file(MFD_CLOEXEC | MFD_ALLOW_SEALING, PAGES * PAGE);
    write_page(1, 1);
    int reader = open_again(O_RDONLY);
    unsigned char *view = map_view(reader, PAGES, PROT_READ, MAP_SHARED, 0);
    MUST(close(reader));
    MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE));

    ready_and_wait();

    check_seals(F_SEAL_WRITE);
    check_pattern(view + PAGE, PAGE, 1, "page of the sealed file");
    CHECK(mprotect(view, PAGE, PROT_READ | PROT_WRITE) < 0 && errno == EACCES, "the view may write: errno %d", errno);
    MUST(ftruncate(fd, PAGE));
    CHECK_EQ(try_access(view + PAGE, ACCESS_READ), SIGBUS);
    MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
}

static void sealed_for_the_future(void) {
    make_file(MFD_CLOEXEC | MFD_ALLOW_SEALING, PAGES * PAGE);
    unsigned char *view = map_view(fd, PAGES, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
    fill_pattern(view, PAGE, 1);
    if (fcntl(fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0)
        skip("this kernel has no F_SEAL_FUTURE_WRITE");

    ready_and_wait();

    check_seals(F_SEAL_FUTURE_WRITE);
    fill_pattern(view, PAGE, 2);
    check_page(fd, 0, 2);
    CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED, "a sealed file was mapped to write");
}

static void not_sealable(void) {
    make_file(MFD_CLOEXEC, PAGE);

    ready_and_wait();

    check_seals(F_SEAL_SEAL);
    CHECK(fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0 && errno == EPERM, "an unsealable file was sealed: errno %d", errno);
}

static void not_executable(void) {
    fd = memfd_create("some memory", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (fd < 0)
        skip("this kernel has no MFD_NOEXEC_SEAL");
    MUST(fchmod(fd, 0600));
    struct stat status;

    ready_and_wait();

    check_seals(SEAL_EXEC);
    MUST(fstat(fd, &status));
    CHECK_EQ(status.st_mode & 0777, 0600);
    CHECK(fchmod(fd, 0700) < 0 && errno == EPERM, "it was made executable: errno %d", errno);
}

/* Another process has it as well, but nobody can change it: a copy is as good. */
static void sealed_and_shared(void) {
    make_file(MFD_CLOEXEC | MFD_ALLOW_SEALING, PAGES * PAGE);
    write_page(1, 1);
    MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW));
    start_partner(NULL);

    ready_and_wait();

    check_page(fd, 1, 1);
}

/* ---- many small ones, of which only some descriptors are left ---- */

static void many(void) {
    enum { FILES = 200 };
    static unsigned char *maps[FILES];
    for (int i = 0; i < FILES; i++) {
        make_file(MFD_CLOEXEC, PAGE);
        maps[i] = map_view(fd, 1, PROT_READ | PROT_WRITE, MAP_SHARED, 0);
        fill_pattern(maps[i], PAGE, (uint64_t)i);
        if (i % 3)
            MUST(close(fd));
    }

    ready_and_wait();

    for (int i = 0; i < FILES; i++)
        check_pattern(maps[i], PAGE, (uint64_t)i, "page of one of many");
}

static const struct way {
    const char *name;
    void (*run)(void);
} ways[] = {
    {"views", views}, {"private", private_views}, {"closed", closed_file}, {"openings", second_openings},
    {"reader", only_reader}, {"unmapped", unmapped}, {"end", end_of_file}, {"write-sealed", sealed_against_writing},
    {"sealed-view", sealed_with_a_view}, {"future-sealed", sealed_for_the_future}, {"unsealable", not_sealable},
    {"sealed-shared", sealed_and_shared}, {"noexec", not_executable}, {"many", many},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a memfd with all its views, private pages, openings and seals is one file");
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (variant_is(ways[i].name)) {
            ways[i].run();
            pass();
        }
    }
    fail("unknown variant %s", fixture_variant());
}
