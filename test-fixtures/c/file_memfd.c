/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

/* A memfd: bytes, holes, offset and duplicates come back, and a private mapping of it. Variant sealed: its seals, too. */
enum { BYTES = 200 * 1000, HOLE = 50 * 1000 * 1000, AT = 4321 };

static unsigned char contents[BYTES], found[BYTES];

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a memfd keeps its bytes, holes and offset, and a private mapping of it");
    fill_pattern(contents, BYTES, 1);
    int fd = (int)MUST(memfd_create("scratch", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    CHECK_EQ(pwrite(fd, contents, BYTES, 0), BYTES);
    CHECK_EQ(pwrite(fd, contents, BYTES, HOLE), BYTES);
    MUST(ftruncate(fd, 2 * HOLE));
    MUST(lseek(fd, AT, SEEK_SET));
    int twin = (int)MUST(dup(fd));
    unsigned char *view = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    CHECK(view != MAP_FAILED, "mmap: errno %d", errno);
    view[PAGE] ^= 0xff;
    if (variant_is("sealed"))
        MUST(fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK));

    ready_and_wait();

    CHECK_EQ(fcntl(fd, F_GET_SEALS), variant_is("sealed") ? F_SEAL_SHRINK : 0);
    if (variant_is("sealed"))
        CHECK(ftruncate(fd, 10) < 0 && errno == EPERM, "the seal does not hold: errno %d", errno);
    CHECK_EQ(lseek(twin, 0, SEEK_CUR), AT);
    CHECK_EQ(fcntl(twin, F_GETFD), 0);
    CHECK_EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
    for (off_t at = 0; at <= HOLE; at += HOLE) {
        CHECK_EQ(pread(fd, found, BYTES, at), BYTES);
        CHECK(memcmp(found, contents, BYTES) == 0, "the bytes at %ld differ", (long)at);
    }
    struct stat status;
    MUST(fstat(fd, &status));
    CHECK_EQ(status.st_size, 2 * HOLE);
    CHECK_EQ(lseek(fd, BYTES + PAGE, SEEK_DATA), HOLE / PAGE * PAGE);
    MUST(lseek(fd, AT, SEEK_SET));
    CHECK(status.st_blocks * 512 < 4 * BYTES, "%lld blocks: a hole was filled", (long long)status.st_blocks);
    CHECK_EQ(pread(fd, found, 1, HOLE - 1), 1);
    CHECK_EQ(found[0], 0);
    CHECK(memcmp(view, contents, PAGE) == 0, "the mapping differs");
    CHECK_EQ(view[PAGE], contents[PAGE] ^ 0xff);
    CHECK_EQ(write(twin, "new", 3), 3);
    CHECK_EQ(pread(fd, found, 3, AT), 3);
    CHECK(memcmp(found, "new", 3) == 0, "dup'ed descriptors see different files");
    pass();
}
