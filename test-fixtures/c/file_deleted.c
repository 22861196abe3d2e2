/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* Files deleted while open: bytes, offset and access come back, shared by dup'ed descriptors. */
enum { BYTES = 300 * 1000 };

static unsigned char contents[BYTES], found[BYTES];

static int make_deleted(const char *name, int mode, off_t offset) {
    int fd = (int)MUST(open(name, O_RDWR | O_CREAT | O_EXCL, 0640));
    CHECK_EQ(write(fd, contents, BYTES), BYTES);
    if (mode != O_RDWR) {
        int second = (int)MUST(open(name, mode));
        close(fd);
        fd = second;
    }
    MUST(unlink(name));
    MUST(lseek(fd, offset, SEEK_SET));
    return fd;
}

static void check_bytes(int fd) {
    CHECK_EQ(pread(fd, found, BYTES, 0), BYTES);
    CHECK(memcmp(found, contents, BYTES) == 0, "the bytes of a deleted file differ");
}

/* Two openings of one file, each with an offset of its own. */
static void opened_twice(void) {
    int first = (int)MUST(open("deleted-twice.dat", O_RDWR | O_CREAT | O_EXCL, 0640));
    int second = (int)MUST(open("deleted-twice.dat", O_RDONLY));
    CHECK_EQ(write(first, contents, BYTES), BYTES);
    MUST(unlink("deleted-twice.dat"));
    CHECK_EQ(lseek(second, 100, SEEK_SET), 100);

    ready_and_wait();

    CHECK_EQ(lseek(first, 0, SEEK_CUR), BYTES);
    CHECK_EQ(lseek(second, 0, SEEK_CUR), 100);
    check_bytes(second);
    CHECK_EQ(pwrite(first, "ABC", 3, 100), 3);
    CHECK_EQ(read(second, found, 3), 3);
    CHECK(memcmp(found, "ABC", 3) == 0, "the openings see different files");
    CHECK(write(second, "x", 1) == -1 && errno == EBADF, "a read-only descriptor can be written");
    pass();
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "files deleted while open keep their bytes, offsets and sharing");
    fill_pattern(contents, BYTES, 1);
    if (variant_is("twice"))
        opened_twice();
    int rw = make_deleted("deleted-rw.dat", O_RDWR, 1234);
    int ro = make_deleted("deleted-ro.dat", O_RDONLY, 777);
    int append = make_deleted("deleted-append.dat", O_WRONLY | O_APPEND, 0);
    int empty = (int)MUST(open("deleted-empty.dat", O_RDWR | O_CREAT | O_EXCL, 0600));
    MUST(unlink("deleted-empty.dat"));
    int twin = (int)MUST(dup(rw));
    unsigned char *view = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, ro, 0);
    CHECK(view != MAP_FAILED, "mmap: errno %d", errno);

    ready_and_wait();

    CHECK_EQ(lseek(rw, 0, SEEK_CUR), 1234);
    CHECK_EQ(lseek(ro, 0, SEEK_CUR), 777);
    check_bytes(rw);
    check_bytes(ro);
    CHECK(memcmp(view, contents, PAGE) == 0, "the mapping differs");
    CHECK_EQ(write(rw, "ABC", 3), 3);
    CHECK_EQ(lseek(twin, 0, SEEK_CUR), 1237);
    CHECK_EQ(pread(twin, found, 3, 1234), 3);
    CHECK(memcmp(found, "ABC", 3) == 0, "dup'ed descriptors see different files");
    CHECK(write(ro, "x", 1) == -1 && errno == EBADF, "a read-only descriptor can be written");
    struct stat status;
    CHECK_EQ(write(append, "end", 3), 3);
    MUST(fstat(append, &status));
    CHECK_EQ(status.st_size, BYTES + 3);
    MUST(fstat(empty, &status));
    CHECK_EQ(status.st_size, 0);
    CHECK_EQ(write(empty, "now not", 7), 7);
    CHECK_EQ(access("deleted-rw.dat", F_OK), -1);
    pass();
}
