/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "inflight.h"

/* Cancelled in a blocking call, asynchronously while computing, and not at all while disabled. */
static volatile int cleaned, spinning, go;

static void clean(void *amount) {
    __atomic_add_fetch(&cleaned, (int)(uintptr_t)amount, __ATOMIC_SEQ_CST);
}

static void block_in_pause(struct inflight *self) {
    pthread_cleanup_push(clean, (void *)1);
    inflight_result(self, pause());
    pthread_cleanup_pop(0);
}

static void block_in_read(struct inflight *self) {
    char byte;
    pthread_cleanup_push(clean, (void *)10);
    inflight_result(self, read(*(int *)self->argument, &byte, 1));
    pthread_cleanup_pop(0);
}

static void *compute(void *unused) {
    int old;
    pthread_cleanup_push(clean, (void *)100);
    MUST0(pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, &old));
    spinning = 1;
    for (;;)
        ;
    pthread_cleanup_pop(0);
    return unused;
}

static void *disabled(void *unused) {
    int old;
    MUST0(pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &old));
    await_flag(&go);
    return unused;
}

static void expect_cancelled(pthread_t thread, const char *which) {
    void *value;
    MUST0(pthread_cancel(thread));
    MUST0(pthread_join(thread, &value));
    CHECK(value == PTHREAD_CANCELED, "the thread in %s was not cancelled", which);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "pthread_cancel of threads in pause, in read and in a loop");
    int ends[2];
    MUST(pipe(ends));
    struct inflight pausing = {.body = block_in_pause, .nr = -1};
    struct inflight reading = {.body = block_in_read, .nr = -1, .argument = &ends[0]};
    inflight_start(&pausing);
    inflight_start(&reading);
    pthread_t computing = start_thread(compute, NULL), refusing = start_thread(disabled, NULL);
    while (!spinning)
        ;

    ready_and_wait();

    expect_cancelled(pausing.thread, "pause");
    CHECK_EQ(cleaned, 1);
    expect_cancelled(reading.thread, "read");
    CHECK_EQ(cleaned, 11);
    expect_cancelled(computing, "a loop");
    CHECK_EQ(cleaned, 111);
    void *value;
    MUST0(pthread_cancel(refusing));
    raise_flag(&go);
    MUST0(pthread_join(refusing, &value));
    CHECK(value == NULL, "a thread with cancellation disabled was cancelled");
    pass();
}
