/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>

/* stdio's buffer holds half of the verdict at the capture: it comes out once, after the launch. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "text in stdio's buffer comes out once, in order");
    static char buffer[8192];
    CHECK_EQ(setvbuf(stdout, buffer, _IOFBF, sizeof buffer), 0);
    printf("PA");
    fprintf(stderr, "%s", "");

    ready_and_wait();

    printf("SS\n");
    exit(0);
}
