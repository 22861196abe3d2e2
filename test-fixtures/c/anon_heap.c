/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Allocators rely on zeros where they discarded, shrank or unmapped: freed heaps of every arena, then calloc, which
 * does not clear what it takes for fresh; and a block that is reallocated again and again.
 */
#include "areas.h"

#include <malloc.h>
#include <stdlib.h>

enum { ARENAS = 3, BLOCKS = 180, ROUNDS = 6, STEPS = 40 };

static volatile int ready[ARENAS], go[ARENAS];

static size_t size_of(size_t index) {
    return 8 * (1000 + pattern_word(index, 5) % 12000); /* 8 to 104 KB: never a mapping of its own */
}

struct block {
    uint64_t *words;
    size_t size;
    uint64_t seed;
};

static void fill_block(struct block *block, uint64_t seed) {
    block->seed = seed;
    fill_pattern(block->words, block->size, seed);
}

static void check_block(const struct block *block) {
    check_pattern(block->words, block->size, block->seed, "a block");
}

static void take(struct block *block, size_t index, bool zeroed) {
    block->size = size_of(index);
    block->words = zeroed ? calloc(1, block->size) : malloc(block->size);
    CHECK(block->words, "no memory");
    if (zeroed)
        check_zero(block->words, block->size, "a block of calloc");
    fill_block(block, index);
}

static void give(struct block *block) {
    check_block(block);
    free(block->words);
    block->words = NULL;
}

/* The top of the heap goes down in steps and comes up again, with calloc. */
static void shrink_and_use(struct block *blocks, uint64_t seed) {
    for (int round = 0; round < ROUNDS; round++) {
        size_t keep = pattern_word(seed, (size_t)round) % (BLOCKS - 20);
        for (size_t i = BLOCKS; i > keep; i--)
            give(&blocks[i - 1]);
#ifdef __GLIBC__
        if (round % 2)
            malloc_trim(0);
#endif
        for (size_t i = keep; i < BLOCKS; i++)
            take(&blocks[i], i + (size_t)round, true);
    }
    for (size_t i = 0; i < BLOCKS; i += 2) /* holes, in all of which calloc must not trust */
        give(&blocks[i]);
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    for (size_t i = 0; i < BLOCKS; i += 2)
        take(&blocks[i], i * 3, true);
    for (size_t i = 0; i < BLOCKS; i++)
        give(&blocks[i]);
}

static void take_all(struct block *blocks) {
    for (size_t i = 0; i < BLOCKS; i++)
        take(&blocks[i], i, false);
}

static void *use_arena(void *argument) {
    size_t self = (size_t)((volatile int *)argument - ready);
    struct block blocks[BLOCKS];
    take_all(blocks);
    raise_flag(&ready[self]);
    await_flag(&go[self]);
    shrink_and_use(blocks, self);
    take_all(blocks);
    shrink_and_use(blocks, self + 50);
    return NULL;
}

/* A large block, a mapping of its own, grows and shrinks through realloc. */
static void reallocate(struct block *block) {
    for (int step = 0; step < STEPS; step++) {
        size_t old = block->size;
        block->size = 8 * (64 * 1024 + pattern_word(77, (size_t)step) % (1024 * 1024));
        block->words = realloc(block->words, block->size);
        CHECK(block->words, "no memory");
        check_pattern(block->words, old < block->size ? old : block->size, block->seed, "a block after realloc");
        fill_block(block, (uint64_t)step);
    }
    give(block);
    for (int i = 0; i < 10; i++) {
        size_t size = MIB + (size_t)i * 100000;
        void *zeros = calloc(1, size);
        check_zero(zeros, size, "a large block of calloc");
        memset(zeros, 1, size);
        free(zeros);
    }
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "heaps shrink, are trimmed and grow again, and calloc gives zeros");
    static struct block blocks[BLOCKS], large = {.size = 4 * MIB};
    pthread_t threads[ARENAS];
    for (size_t i = 0; i < ARENAS; i++) {
        threads[i] = start_thread(use_arena, (void *)&ready[i]);
        await_flag(&ready[i]);
    }
    take_all(blocks);
    large.words = malloc(large.size);
    fill_block(&large, 9);

    ready_and_wait();

    for (int i = 0; i < ARENAS; i++)
        raise_flag(&go[i]);
    shrink_and_use(blocks, 100);
    take_all(blocks);
    shrink_and_use(blocks, 101);
    reallocate(&large);
    for (int i = 0; i < ARENAS; i++)
        join_thread(threads[i]);
    pass();
}
