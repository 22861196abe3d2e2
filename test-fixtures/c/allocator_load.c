/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever malloc the program runs with (glibc's, or one that LD_PRELOAD brings): threads that allocate, resize, hand over
 * and free blocks whose contents are known, in phases of growing and shrinking, and give memory back to the system in
 * between. The line that says go may carry a number of seconds: "load 60".
 */
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"

/* Not linked into the static forms, which have nothing to look up. */
#pragma weak dlsym

enum { THREADS = 4, SLOTS = 3000, SHARED_SLOTS = 256, BATCH = 200, PHASES_AT_LEAST = 6 };

struct block {
    uint64_t *words;
    size_t size; /* bytes, a multiple of 8 */
    uint64_t seed;
};

struct worker {
    struct block blocks[SLOTS];
    uint64_t random;
    uint64_t operations;
};

static struct worker workers[THREADS];
static struct block shared[SHARED_SLOTS];
static pthread_mutex_t shared_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t barrier;
static volatile int ending;

static uint64_t next_random(struct worker *worker) {
    worker->random ^= worker->random << 13;
    worker->random ^= worker->random >> 7;
    worker->random ^= worker->random << 17;
    return worker->random;
}

/* Most are small, some are megabytes: all of an allocator's ways. */
static size_t some_size(struct worker *worker) {
    uint64_t random = next_random(worker);
    unsigned shift = 4 + (unsigned)(random % 13);
    if (random >> 32 & 1 && (random >> 33) % 32 == 0)
        shift = 17 + (unsigned)(random >> 40) % 5;
    return ((1ul << shift) + (random >> 20) % (1ul << shift)) & ~7ul;
}

static void check_block(const struct block *block, size_t size) {
    check_pattern(block->words, size, block->seed, "a block");
}

static void drop(struct block *block) {
    if (!block->words)
        return;
    check_block(block, block->size);
    free(block->words);
    *block = (struct block){0};
}

static void *zeroed(size_t size) {
    uint64_t *words = calloc(size / 8, 8);
    for (size_t i = 0; words && i < size / 8; i++)
        CHECK_EQ(words[i], 0);
    return words;
}

static void make(struct worker *worker, struct block *block) {
    size_t size = some_size(worker);
    uint64_t way = next_random(worker) % 4;
    drop(block);
    block->words = way == 0 ? zeroed(size) : way == 1 ? aligned_alloc(4096, (size + 4095) & ~4095ul) : malloc(size);
    CHECK(block->words, "no memory for %zu bytes", size);
    block->size = size;
    block->seed = next_random(worker);
    fill_pattern(block->words, size, block->seed);
}

static void resize(struct worker *worker, struct block *block) {
    size_t size = some_size(worker);
    uint64_t *words = realloc(block->words, size);
    CHECK(words, "no memory for %zu bytes", size);
    block->words = words;
    check_block(block, size < block->size ? size : block->size);
    block->size = size;
    fill_pattern(words, size, block->seed);
}

/* Blocks are freed by other threads than made them. */
static void hand_over(struct worker *worker, struct block *block) {
    size_t place = next_random(worker) % SHARED_SLOTS;
    MUST0(pthread_mutex_lock(&shared_lock));
    struct block taken = shared[place];
    shared[place] = *block;
    MUST0(pthread_mutex_unlock(&shared_lock));
    *block = taken;
}

static void operate(struct worker *worker, unsigned fullness) {
    struct block *block = &worker->blocks[next_random(worker) % SLOTS];
    uint64_t what = next_random(worker) % 100;
    worker->operations++;
    if (what >= fullness)
        drop(block);
    else if (what % 10 == 0)
        hand_over(worker, block);
    else if (what % 10 < 4 && block->words)
        resize(worker, block);
    else
        make(worker, block);
}

static void check_all(struct worker *worker) {
    for (size_t i = 0; i < SLOTS; i++)
        if (worker->blocks[i].words)
            check_block(&worker->blocks[i], worker->blocks[i].size);
}

static void *look_up(const char *name) {
    return dlsym ? dlsym(RTLD_DEFAULT, name) : NULL;
}

/* Every allocator has another word for it. */
static void give_back(void) {
    int (*control)(const char *, void *, size_t *, void *, size_t) =
        (int (*)(const char *, void *, size_t *, void *, size_t))(uintptr_t)look_up("mallctl");
    void (*release)(void) = (void (*)(void))(uintptr_t)look_up("MallocExtension_ReleaseFreeMemory");
    if (control)
        control("arena.4096.purge", NULL, NULL, NULL, 0);
    else if (release)
        release();
#ifdef __GLIBC__
    else
        malloc_trim(0);
#endif
}

/* One phase: many operations at one fullness, all threads in step. */
static void phase(struct worker *worker, unsigned fullness) {
    for (int i = 0; i < SLOTS * 2; i++)
        operate(worker, fullness);
    if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD)
        give_back();
    pthread_barrier_wait(&barrier);
    check_all(worker);
}

static void *work(void *argument) {
    struct worker *worker = argument;
    for (int i = 0;; i++) {
        phase(worker, i % 2 ? 5 : 80);
        /* The threads must agree on the last phase: one that saw `ending` by itself would leave the rest at a barrier. */
        if (pthread_barrier_wait(&barrier) == PTHREAD_BARRIER_SERIAL_THREAD && ending && i >= PHASES_AT_LEAST - 1)
            ending = 2;
        pthread_barrier_wait(&barrier);
        if (ending == 2)
            break;
    }
    return NULL;
}

static int64_t seconds_told(void) {
    char line[64] = "";
    ssize_t count = MUST(read(STDIN_FILENO, line, sizeof line - 1));
    int seconds = 0;
    line[count] = '\0';
    return sscanf(line, "load %d", &seconds) == 1 ? seconds : 0;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "an allocator keeps its blocks' contents under load, and zeroed memory is zero");
    MUST0(pthread_barrier_init(&barrier, NULL, THREADS));
    for (size_t i = 0; i < THREADS; i++) {
        workers[i].random = 88172645463325252ul + i * 7919;
        for (int k = 0; k < SLOTS * 2; k++)
            operate(&workers[i], 80);
    }

    say_ready();
    int64_t end = seconds_told() * NS_PER_S + now_ns(CLOCK_MONOTONIC);

    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        threads[i] = start_thread(work, &workers[i]);
    while (now_ns(CLOCK_MONOTONIC) < end)
        nanosleep(&(struct timespec){0, 100 * NS_PER_MS}, NULL);
    ending = 1;
    for (size_t i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    pass();
}
