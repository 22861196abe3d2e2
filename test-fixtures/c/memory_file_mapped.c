/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "keeper.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

/*
 * Files that are mapped shared: what is written through a mapping is in the file, and what others write to the file is in the
 * mapping. One that has lost its name is the program's own, with all its views and descriptors.
 */
enum { PAGES = 6, SIZE = PAGES * 4096 + 300 };

static char name[64];
static int fd = -1;
static unsigned char *view, *other, *reader;

static unsigned char *map(int from, int protection, size_t pages, off_t page) {
    unsigned char *at = mmap(NULL, pages * PAGE, protection, MAP_SHARED, from, page * (off_t)PAGE);
    CHECK(at != MAP_FAILED, "mmap: errno %d", errno);
    return at;
}

static void make(const char *where) {
    snprintf(name, sizeof name, "%s-%d", where, (int)getpid());
    fd = (int)MUST(open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    MUST(ftruncate(fd, SIZE));
    view = map(fd, PROT_READ | PROT_WRITE, PAGES + 2, 0); /* one page more than the file has */
    other = map(fd, PROT_READ, 2, 3);
    fill_pattern(view, PAGES * PAGE, 1);
    memcpy(view + PAGES * PAGE, "the end", 8);
}

static void check_contents(void) {
    check_pattern(view, PAGES * PAGE, 1, "the mapping");
    CHECK_EQ(strcmp((char *)view + PAGES * PAGE, "the end"), 0);
    CHECK_EQ(try_access(view + (PAGES + 1) * PAGE, ACCESS_READ), SIGBUS);
    CHECK(memcmp(other, view + 3 * PAGE, 2 * PAGE) == 0, "the other mapping differs");
}

static unsigned char byte_at(int from, off_t offset) {
    unsigned char byte;
    CHECK_EQ(pread(from, &byte, 1, offset), 1);
    return byte;
}

/* Each way of changing a byte is seen in all others; the byte is what it was in the end. */
static void check_shared(int from) {
    off_t offset = 3 * (off_t)PAGE + 5;
    unsigned char before = view[offset], byte = (unsigned char)(before + 1);
    view[offset] = byte;
    CHECK_EQ(byte_at(from, offset), byte);
    CHECK_EQ(other[5], byte);
    CHECK_EQ(pwrite(from, &before, 1, offset), 1);
    CHECK_EQ(view[offset], before);
    CHECK_EQ(other[5], before);
    CHECK_EQ(try_access(other, ACCESS_WRITE), SIGSEGV);
    MUST(mprotect(other, PAGE, PROT_READ | PROT_WRITE)); /* the descriptor could write */
    other[5] = byte;
    CHECK_EQ(view[offset], byte);
    other[5] = before;
    MUST(mprotect(other, PAGE, PROT_READ));
}

/* ---- with a name ---- */

static void remove_name(void) {
    unlink(name);
}

static void set_open(void) {
    make("mapped");
}

static void check_open(void) {
    check_contents();
    check_shared(fd);
    int again = (int)MUST(open(name, O_RDWR));
    check_shared(again);
}

static void set_closed(void) {
    make("mapped");
    MUST(close(fd));
}

static void check_closed(void) {
    check_contents();
    fd = open(name, O_RDWR);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0 || status.st_size < SIZE) {
        say("without the file\n");
        return;
    }
    if (byte_at(fd, 0) == view[0]) {
        check_shared(fd);
        say("the file is shared\n");
    }
}

static void set_shm(void) {
    make("/dev/shm/undump-mapped");
    start_keeper(remove_name);
    MUST(close(fd));
}

/* ---- read only: a file that is there shows what others write to it ---- */

static void set_read_only(void) {
    make("mapped");
    int only = (int)MUST(open(name, O_RDONLY | O_CLOEXEC));
    reader = map(only, PROT_READ, PAGES, 0);
    MUST(munmap(view, (PAGES + 2) * PAGE));
    MUST(munmap(other, 2 * PAGE));
    MUST(close(only));
    MUST(close(fd));
}

static void check_read_only(void) {
    check_pattern(reader, PAGES * PAGE, 1, "the mapping");
    CHECK_EQ(mprotect(reader, PAGE, PROT_READ | PROT_WRITE), -1);
    int writer = (int)MUST(open(name, O_RDWR));
    unsigned char before = reader[9], byte = (unsigned char)~before;
    CHECK_EQ(pwrite(writer, &byte, 1, 9), 1);
    CHECK_EQ(reader[9], byte);
    CHECK_EQ(pwrite(writer, &before, 1, 9), 1);
}

/* ---- without a name ---- */

static void set_deleted(void) {
    make("mapped");
    int second = (int)MUST(open(name, O_RDWR | O_CLOEXEC));
    MUST(unlink(name));
    CHECK_EQ(lseek(second, 11, SEEK_SET), 11);
    fd = (int)MUST(dup2(second, fd));
}

static void check_deleted(void) {
    check_contents();
    check_shared(fd);
    CHECK_EQ(lseek(fd, 0, SEEK_CUR), 11);
    struct stat status;
    MUST(fstat(fd, &status));
    CHECK_EQ(status.st_nlink, 0);
    CHECK_EQ(status.st_size, SIZE);
}

/* Only mapped: nobody but root can tell where the file ended, so the page behind is not looked at. */
static void set_deleted_closed(void) {
    make("mapped");
    MUST(unlink(name));
    MUST(close(fd));
}

static void check_deleted_closed(void) {
    check_contents();
    view[3 * PAGE + 5] ^= 1;
    CHECK_EQ(other[5], view[3 * PAGE + 5]);
}

static void set_shm_unlinked(void) {
    make("/dev/shm/undump-unlinked");
    MUST(unlink(name));
}

static void check_shm_unlinked(void) {
    check_contents();
    check_shared(fd);
}

/* Read through a mapping, written through a descriptor. */
static void set_deleted_written(void) {
    make("mapped");
    MUST(munmap(view, (PAGES + 2) * PAGE));
    int only = (int)MUST(open(name, O_RDONLY | O_CLOEXEC));
    reader = map(only, PROT_READ, PAGES, 0);
    MUST(munmap(other, 2 * PAGE));
    MUST(close(only));
    MUST(unlink(name));
}

static void check_deleted_written(void) {
    check_pattern(reader, PAGES * PAGE, 1, "the mapping");
    CHECK_EQ(pwrite(fd, "x", 1, 2 * PAGE), 1);
    CHECK_EQ(reader[2 * PAGE], 'x');
    CHECK_EQ(mprotect(reader, PAGE, PROT_READ | PROT_WRITE), -1);
}

/* The name is gone, another one is not. */
static void set_linked(void) {
    make("mapped");
    char link_name[80];
    MUST(mkdir("elsewhere", 0700));
    snprintf(link_name, sizeof link_name, "elsewhere/%s", name);
    MUST(link(name, link_name));
    MUST(unlink(name));
}

/* Another name in the same folder is found. */
static void set_renamed(void) {
    char old_name[64];
    make("mapped");
    strcpy(old_name, name);
    strcat(name, "-link");
    MUST(link(old_name, name));
    MUST(unlink(old_name));
    MUST(close(fd));
}

static const struct variant {
    const char *name, *description;
    void (*set)(void), (*check)(void);
} VARIANTS[] = {
    {"open", "a file that is open and mapped shared", set_open, check_open},
    {"closed", "a file that is mapped shared", set_closed, check_closed},
    {"shm", "POSIX shared memory with a name", set_shm, check_closed},
    {"read-only", "a file that is mapped shared to be read", set_read_only, check_read_only},
    {"deleted", "a deleted file that is open and mapped shared", set_deleted, check_deleted},
    {"deleted-closed", "a deleted file that is mapped shared", set_deleted_closed, check_deleted_closed},
    {"shm-unlinked", "POSIX shared memory without a name", set_shm_unlinked, check_shm_unlinked},
    {"deleted-written", "a deleted file that is read through a mapping and written through a descriptor", set_deleted_written,
     check_deleted_written},
    {"linked", "a file that is mapped by a name that is gone", set_linked, check_contents},
    {"renamed", "a file that is mapped by a name that is gone, beside another one", set_renamed, check_closed},
};

int main(int argc, char **argv) {
    const struct variant *variant = &VARIANTS[0];
    while (argc > 1 && strcmp(variant->name, argv[1]) != 0)
        variant++;
    fixture_begin(argc, argv, variant->description);
    variant->set();
    ready_and_wait();
    variant->check();
    pass();
}
