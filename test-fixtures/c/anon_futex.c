/* SPDX-License-Identifier: Apache-2.0 */
/* Locks and words that threads wait at, in large anonymous memory: before READY, across it, and after. */
#include "areas.h"

#include <linux/futex.h>
#include <sys/syscall.h>

struct shared_block {
    pthread_mutex_t robust, plain;
    pthread_cond_t changed;
    volatile int word, other_word, value, dead;
    volatile int waiting[4];
};

static struct area *area;
static struct shared_block *block;

static long futex(volatile int *word, int operation, int value) {
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

/* Sleeps at the word while it is zero; the flag says whether the key is that of a shared mapping. */
static void *sleep_at_word(void *argument) {
    int wait = *(int *)argument;
    __atomic_add_fetch(&block->waiting[wait == FUTEX_WAIT], 1, __ATOMIC_SEQ_CST);
    while (!__atomic_load_n(&block->word, __ATOMIC_SEQ_CST))
        if (futex(&block->word, wait, 0) < 0)
            CHECK(errno == EAGAIN || errno == EINTR, "futex: errno %d", errno);
    return NULL;
}

static void *die_with_lock(void *unused) {
    MUST0(pthread_mutex_lock(&block->robust));
    return unused;
}

static void *wait_for_value(void *unused) {
    MUST0(pthread_mutex_lock(&block->plain));
    while (block->value == 0)
        MUST0(pthread_cond_wait(&block->changed, &block->plain));
    MUST0(pthread_mutex_unlock(&block->plain));
    return unused;
}

static void make_locks(void) {
    pthread_mutexattr_t attributes;
    MUST0(pthread_mutexattr_init(&attributes));
    MUST0(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST));
    MUST0(pthread_mutex_init(&block->robust, &attributes));
    MUST0(pthread_mutex_init(&block->plain, NULL));
    MUST0(pthread_cond_init(&block->changed, NULL));
}

/* A waiter sleeps at a page that nothing has touched since READY, and is woken through the other key's flags. */
static void wake_at_untouched(size_t page, int wait, int wake) {
    volatile int *word = (volatile int *)(void *)area_page(area, page);
    int before = *word;
    CHECK_EQ(futex(word, wait, before + 1), -1);
    CHECK_EQ(errno, EAGAIN);
    CHECK_EQ(futex(word, wake, 100), 0);
    CHECK_EQ(*word, before);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "futexes, robust mutexes and conditions work in large anonymous memory");
    static int private = FUTEX_WAIT_PRIVATE, shared = FUTEX_WAIT;
    pthread_t threads[5];
    area = make_area(AREA_MMAP, AREA_PAGES);
    block = (struct shared_block *)(void *)area_page(area, 300);
    area_expect(area, 300, 1, PAGE_SKIPPED);
    memset(block, 0, PAGE);
    make_locks();
    threads[0] = start_thread(sleep_at_word, &private);
    threads[1] = start_thread(sleep_at_word, &shared);
    threads[2] = start_thread(wait_for_value, NULL);
    while (!block->waiting[0] || !block->waiting[1])
        sched_yield();
    MUST0(pthread_mutex_lock(&block->robust)); /* held across READY */

    ready_and_wait();

    area_discard(area, 301, 100); /* beside the locks */
    MUST0(pthread_mutex_unlock(&block->robust));
    MUST0(pthread_mutex_lock(&block->plain));
    block->value = 1;
    MUST0(pthread_cond_broadcast(&block->changed));
    MUST0(pthread_mutex_unlock(&block->plain));
    __atomic_store_n(&block->word, 1, __ATOMIC_SEQ_CST);
    futex(&block->word, FUTEX_WAKE_PRIVATE, 100);
    futex(&block->word, FUTEX_WAKE, 100);
    for (int i = 0; i < 3; i++)
        join_thread(threads[i]);

    join_thread(start_thread(die_with_lock, NULL));
    CHECK_EQ(pthread_mutex_lock(&block->robust), EOWNERDEAD);
    MUST0(pthread_mutex_consistent(&block->robust));
    MUST0(pthread_mutex_unlock(&block->robust));
    wake_at_untouched(7, FUTEX_WAIT_PRIVATE, FUTEX_WAKE_PRIVATE);
    wake_at_untouched(50, FUTEX_WAIT, FUTEX_WAKE);

    /* Sleepers at words of discarded, zeroed pages. */
    block->word = 0;
    memset((void *)block->waiting, 0, sizeof block->waiting);
    area_discard(area, 20, 200);
    for (int i = 0; i < 4; i++)
        threads[i] = start_thread(sleep_at_word, i % 2 ? &shared : &private);
    while (block->waiting[0] + block->waiting[1] < 4)
        sched_yield();
    area_discard(area, 310, 50);
    __atomic_store_n(&block->word, 1, __ATOMIC_SEQ_CST);
    futex(&block->word, FUTEX_WAKE_PRIVATE, 100);
    futex(&block->word, FUTEX_WAKE, 100);
    for (int i = 0; i < 4; i++)
        join_thread(threads[i]);
    check_all_areas();
    pass();
}
