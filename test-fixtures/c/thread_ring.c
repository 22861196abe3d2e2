/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

/*
 * A stress of everything that threads do: a ring passes a token under one mutex and condition,
 * each thread churns malloc with checked contents, main counts laps before and after.
 */
enum { THREADS = 8, BLOCKS = 64, LAPS_AFTER = 300, LAPS_BEFORE = 50 };

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t turned = PTHREAD_COND_INITIALIZER;
static uint64_t turn, checks[THREADS];
static bool stop;

static void churn(uint64_t **blocks, uint64_t *state, uint64_t seed) {
    size_t index = (*state = pattern_word(*state, 1)) % BLOCKS;
    size_t size = 16 + (*state >> 20) % 3000 / 8 * 8;
    if (blocks[index]) {
        check_pattern(blocks[index] + 1, blocks[index][0], seed + index, "a malloc block");
        free(blocks[index]);
    }
    blocks[index] = malloc(size + 8);
    blocks[index][0] = size;
    fill_pattern(blocks[index] + 1, size, seed + index);
}

static void *member(void *argument) {
    uintptr_t me = (uintptr_t)argument;
    uint64_t *blocks[BLOCKS] = {0}, state = me;
    for (;;) {
        MUST0(pthread_mutex_lock(&mutex));
        while (turn % THREADS != me && !stop)
            MUST0(pthread_cond_wait(&turned, &mutex));
        bool leave = stop;
        if (!leave) {
            checks[me]++;
            turn++;
            MUST0(pthread_cond_broadcast(&turned));
        }
        MUST0(pthread_mutex_unlock(&mutex));
        if (leave)
            break;
        for (int i = 0; i < 20; i++)
            churn(blocks, &state, me * 1000);
    }
    for (int i = 0; i < BLOCKS; i++)
        free(blocks[i]);
    return NULL;
}

static void await_laps(uint64_t laps) {
    MUST0(pthread_mutex_lock(&mutex));
    while (turn < laps * THREADS)
        MUST0(pthread_cond_wait(&turned, &mutex));
    MUST0(pthread_mutex_unlock(&mutex));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a ring of threads with malloc churn, captured while it runs");
    pthread_t threads[THREADS];
    for (uintptr_t i = 0; i < THREADS; i++)
        threads[i] = start_thread(member, (void *)i);
    await_laps(LAPS_BEFORE);

    ready_and_wait();

    MUST0(pthread_mutex_lock(&mutex));
    uint64_t laps = turn / THREADS;
    MUST0(pthread_mutex_unlock(&mutex));
    await_laps(laps + LAPS_AFTER);
    MUST0(pthread_mutex_lock(&mutex));
    stop = true;
    MUST0(pthread_cond_broadcast(&turned));
    MUST0(pthread_mutex_unlock(&mutex));
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    uint64_t total = 0;
    for (uint64_t i = 0; i < THREADS; i++) {
        CHECK_EQ(checks[i], turn / THREADS + (i < turn % THREADS));
        total += checks[i];
    }
    CHECK_EQ(total, turn);
    pass();
}
