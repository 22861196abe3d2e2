/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>
#include <sys/resource.h>

static volatile int go;
static volatile int *volatile nowhere = (volatile int *)8;

/* Death by a signal after PASS, from main or from another thread: the parent sees that signal. */
static void die(void) {
    say("PASS\n");
    if (variant_is("term"))
        raise(SIGTERM);
    if (variant_is("kill"))
        kill(getpid(), SIGKILL);
    if (variant_is("segv"))
        *nowhere = 1;
    abort();
}

static void *body(void *unused) {
    await_flag(&go);
    die();
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "death by a signal is seen by the parent, core file off");
    struct rlimit none = {0, 0};
    MUST(setrlimit(RLIMIT_CORE, &none));
    bool by_thread = argc > 2 && strcmp(argv[2], "thread") == 0;
    if (by_thread)
        start_thread(body, NULL);
    ready_and_wait();
    if (!by_thread)
        die();
    raise_flag(&go);
    for (;;)
        pause();
}
