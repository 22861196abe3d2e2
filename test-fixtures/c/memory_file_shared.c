/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <sys/mman.h>

/* Read-only MAP_SHARED, as the JVM maps its modules file and glibc its locale caches. */
int main(int argc, char **argv) {
    enum { PAGES = 8 };
    fixture_begin(argc, argv, "a read-only shared file mapping keeps its contents");
    static unsigned char contents[PAGES * PAGE];
    fill_pattern(contents, sizeof contents, 4);
    int fd = (int)MUST(open("shared.dat", O_RDWR | O_CREAT | O_TRUNC, 0644));
    CHECK_EQ(write(fd, contents, sizeof contents), (ssize_t)sizeof contents);
    close(fd);
    fd = (int)MUST(open("shared.dat", O_RDONLY));
    unsigned char *shared = mmap(NULL, PAGES * PAGE, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(shared != MAP_FAILED, "mmap: errno %d", errno);
    if (!variant_is("open"))
        close(fd);

    ready_and_wait();

    CHECK(memcmp(shared, contents, sizeof contents) == 0, "the mapping differs");
    CHECK_EQ(try_access(shared, ACCESS_WRITE), SIGSEGV);
    if (variant_is("open"))
        CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
    pass();
}
