/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

static void last_words(void) {
    say("PASS\n");
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "exit status 37 arrives, after the atexit handlers have run");
    CHECK_EQ(atexit(last_words), 0);
    ready_and_wait();
    exit(37);
}
