/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/prctl.h>

enum { THREADS = 5 };

static const char *names[THREADS] = {"alpha", "fifteen-letters", "with space", "", "e\xc3\xa9)("};
static volatile int go, parked[THREADS];

static void *body(void *argument) {
    uintptr_t index = (uintptr_t)argument;
    char found[16];
    MUST(prctl(PR_SET_NAME, names[index]));
    raise_flag(&parked[index]);
    await_flag(&go);
    MUST(prctl(PR_GET_NAME, found));
    CHECK(strcmp(found, names[index]) == 0, "expected '%s', found '%s'", names[index], found);
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "thread names, the main thread's comm included");
    pthread_t threads[THREADS];
    char found[16];
    MUST(prctl(PR_SET_NAME, "the main one"));
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(body, (void *)i);
        await_flag(&parked[i]);
    }
    ready_and_wait();
    MUST(prctl(PR_GET_NAME, found));
    CHECK(strcmp(found, "the main one") == 0, "comm is '%s'", found);
    raise_flag(&go);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    pass();
}
