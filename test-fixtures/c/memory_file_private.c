/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>

enum { PAGES = 16, FILE_BYTES = 15 * 4096 + 1000 };

/* Each process has its own file: a deleted one must not disturb a second copy. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "private file mappings, clean and modified, also of a deleted file");
    char name[64];
    snprintf(name, sizeof name, "private-%d.dat", (int)getpid());
    static unsigned char contents[PAGES * PAGE];
    fill_pattern(contents, sizeof contents, 1);
    int fd = (int)MUST(open(name, O_RDWR | O_CREAT | O_TRUNC, 0600));
    CHECK_EQ(write(fd, contents, FILE_BYTES), FILE_BYTES);
    unsigned char *rw = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    unsigned char *ro = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 8 * PAGE);
    CHECK(rw != MAP_FAILED && ro != MAP_FAILED, "mmap: errno %d", errno);
    close(fd);
    fill_pattern(rw + 2 * PAGE, PAGE, 2);
    rw[FILE_BYTES + 1] = 99; /* behind the end of the file, in its last page */
    if (variant_is("deleted"))
        MUST(unlink(name));

    ready_and_wait();

    for (size_t i = 0; i < PAGES - 1; i++) {
        if (i == 2)
            check_pattern(rw + i * PAGE, PAGE, 2, "modified page");
        else
            CHECK(memcmp(rw + i * PAGE, contents + i * PAGE, PAGE) == 0, "page %zu differs", i);
    }
    CHECK(memcmp(rw + 15 * PAGE, contents + 15 * PAGE, 1000) == 0, "the last page differs");
    CHECK_EQ(rw[FILE_BYTES], 0);
    CHECK_EQ(rw[FILE_BYTES + 1], 99);
    CHECK(memcmp(ro, contents + 8 * PAGE, 4 * PAGE) == 0, "the read-only mapping differs");
    CHECK_EQ(try_access(ro, ACCESS_WRITE), SIGSEGV);
    fill_pattern(rw, 4 * PAGE, 5);
    check_pattern(rw, 4 * PAGE, 5, "pages written afterwards");
    pass();
}
