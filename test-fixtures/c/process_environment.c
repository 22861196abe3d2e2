/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

extern char **environ;

/* An image taken asynchronously resumes: its arguments and environment in memory are the old. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "argv and environ in memory are those of the capture");
    MUST(setenv("FIXTURE_SET", "before the capture", 1));
    char *first = argv[0], **arguments = argv, **environment = environ;
    char name[256];
    strncpy(name, argv[0], sizeof name - 1);
    name[sizeof name - 1] = 0;
    CHECK(argc == 4, "three arguments expected");

    ready_and_wait();

    CHECK(argv == arguments && argv[0] == first && environ == environment, "pointers changed");
    CHECK(strncmp(argv[0], name, sizeof name - 1) == 0, "argv[0] is %s", argv[0]);
    CHECK(strcmp(argv[1], "one") == 0 && strcmp(argv[2], "-") == 0, "arguments changed");
    CHECK(strcmp(argv[3], "t\xc3\xa9st") == 0 && argv[4] == NULL, "arguments changed");
    const char *value = getenv("FIXTURE_SET");
    CHECK(value && strcmp(value, "before the capture") == 0, "a variable changed");
    MUST(setenv("FIXTURE_SET", "afterwards", 1));
    CHECK(strcmp(getenv("FIXTURE_SET"), "afterwards") == 0, "setenv does not work");
    pass();
}
