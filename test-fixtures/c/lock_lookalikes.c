/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

/*
 * Data that has the bytes of a held lock, each with the id of a thread of this program where the owner would stand, as a compiler's
 * nodes and rows of small numbers have: it is no lock, and comes back as it was.
 */
enum { THREADS = 4, SPACING = 64, LEAD = 16384, USERS = 3 };

static volatile pid_t tids[THREADS];
static volatile int go;
static uint32_t *data; /* LEAD words that hold nothing, then the lookalikes */

static const uint32_t users[USERS] = {1, 2, 18};

static void *stay(void *argument) {
    volatile pid_t *tid = argument;
    *tid = current_tid();
    await_flag(&go);
    return NULL;
}

/* Six kinds for each thread: recursive and errorcheck mutexes with several numbers of users, and a read-write lock. */
static __attribute__((noinline)) uint32_t expected(size_t word) {
    size_t number = word / SPACING, at = word % SPACING, kind = number % (USERS + 2);
    size_t thread = number / (USERS + 2);
    if (number == 0 || thread >= THREADS) /* what starts an object that is pointed at may be a lock */
        return 0;
    uint32_t tid = (uint32_t)tids[thread];
    if (kind < USERS)
        return at == 0 ? 1 : at == 1 ? 4 : at == 2 ? tid : at == 3 ? users[kind] : at == 4 ? 1 : 0;
    if (kind == USERS)
        return at == 0 ? 1 : at == 2 ? tid : at == 3 ? 1 : at == 4 ? 2 : 0;
    return at == 0 ? 3 : at == 2 || at == 3 ? 1 : at == 6 ? tid : 0;
}

static const size_t words = (size_t)SPACING * (USERS + 2) * THREADS;

static __attribute__((noinline)) void fill(uint32_t *to) {
    for (size_t i = words + SPACING; i-- > 0;)
        to[i] = i < words ? expected(i) : 0;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "data that looks like held locks is left alone");
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        threads[i] = start_thread(stay, (void *)&tids[i]);
    for (int i = 0; i < THREADS; i++)
        while (!tids[i])
            ;
    data = calloc(2 * LEAD + words, sizeof(uint32_t));
    MUST(data != NULL);
    fill(data + LEAD);

    ready_and_wait();

    raise_flag(&go);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    for (size_t i = 0; i < words; i++)
        CHECK(data[LEAD + i] == expected(i), "word %zu is %u instead of %u", i, data[LEAD + i], expected(i));
    pass();
}
