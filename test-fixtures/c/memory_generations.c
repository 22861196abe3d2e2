/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>
#include <sys/mman.h>

/*
 * Threads write one generation after the other over their pages, in private memory, in memory that fork does not copy
 * and in shared memory, and before each write find what they wrote the last time. A copy that is not of one instant
 * holds a page from before or after it, which the thread meets in its next round.
 */
enum { THREADS = 4, PAGES = 2048, WORDS = PAGE / sizeof(uint64_t), SIDE_PAGES = 64, MORE_ROUNDS = 2 };

struct writer {
    uint64_t *private, *uncopied, *shared;
    volatile uint64_t generation;
    unsigned number;
};

static volatile uint64_t last_generation = UINT64_MAX;

static uint64_t stamp(const struct writer *writer, uint64_t generation, size_t page) {
    return generation << 32 | writer->number << 24 | page;
}

/* The first word, one that differs from round to round, and the last. */
static void visit(const struct writer *writer, uint64_t *memory, uint64_t generation, size_t page, const char *what) {
    uint64_t *words = memory + page * WORDS, found = words[0];
    uint64_t before = generation == 1 ? 0 : stamp(writer, generation - 1, page);
    CHECK(found == before, "%s, thread %u page %zu: %llx instead of %llx", what, writer->number, page,
          (unsigned long long)found, (unsigned long long)before);
    CHECK(words[WORDS - 1] == found, "%s, thread %u page %zu: its end is %llx, not %llx", what, writer->number, page,
          (unsigned long long)words[WORDS - 1], (unsigned long long)found);
    words[WORDS - 1] = words[0] = stamp(writer, generation, page);
    words[1 + generation % (WORDS - 2)]++;
}

static void *write_generations(void *argument) {
    struct writer *writer = argument;
    for (uint64_t generation = 1; generation <= last_generation; generation++) {
        writer->generation = generation;
        for (size_t page = 0; page < PAGES; page++) {
            visit(writer, writer->private, generation, page, "private memory");
            if (page % (PAGES / SIDE_PAGES) == 0) {
                visit(writer, writer->uncopied, generation, page / (PAGES / SIDE_PAGES), "memory without copy");
                visit(writer, writer->shared, generation, page / (PAGES / SIDE_PAGES), "shared memory");
            }
        }
    }
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "memory that is written all the time comes back as of one instant");
    static struct writer writers[THREADS];
    pthread_t threads[THREADS];
    bool uncopied = !variant_is("copied");
    for (unsigned i = 0; i < THREADS; i++) {
        struct writer *writer = &writers[i];
        writer->number = i;
        writer->private = map_memory(PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
        writer->uncopied = map_memory(SIDE_PAGES * PAGE, PROT_READ | PROT_WRITE, 0);
        if (uncopied)
            MUST(madvise(writer->uncopied, SIDE_PAGES * PAGE, MADV_DONTFORK));
        writer->shared = mmap(NULL, SIDE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        CHECK(writer->shared != MAP_FAILED, "shared memory");
        threads[i] = start_thread(write_generations, writer);
    }
    for (unsigned i = 0; i < THREADS; i++)
        while (writers[i].generation < 3)
            sched_yield();
    ready_and_wait();
    uint64_t highest = 0;
    for (unsigned i = 0; i < THREADS; i++)
        highest = writers[i].generation > highest ? writers[i].generation : highest;
    last_generation = highest + MORE_ROUNDS;
    for (unsigned i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    pass();
}
