/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* The working directory comes back, and relative names with it; `deleted`: it is gone by then. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "the working directory of the capture, relative paths work");
    char place[64], before[PATH_MAX], after[PATH_MAX];
    snprintf(place, sizeof place, "sub-%d/deeper", (int)getpid());
    *strchr(place, '/') = 0;
    MUST(mkdir(place, 0755));
    place[strlen(place)] = '/';
    MUST(mkdir(place, 0755));
    MUST(chdir(place));
    int fd = (int)MUST(open("here.dat", O_RDWR | O_CREAT | O_TRUNC, 0644));
    CHECK_EQ(write(fd, "here", 4), 4);
    MUST(close(fd));
    CHECK(getcwd(before, sizeof before) != NULL, "getcwd: errno %d", errno);

    ready_and_wait();

    CHECK(getcwd(after, sizeof after) != NULL, "getcwd: errno %d", errno);
    CHECK(strcmp(before, after) == 0, "expected %s, found %s", before, after);
    fd = (int)MUST(open("here.dat", O_RDONLY));
    char found[4];
    CHECK_EQ(read(fd, found, 4), 4);
    CHECK(memcmp(found, "here", 4) == 0, "another file is here");
    MUST(access("../deeper/here.dat", R_OK));
    pass();
}
