/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ilock: each thread locks and unlocks a mutex of its own, as fast as it can.
 *
 * Shows that running under ckpt costs nothing before a capture: lock and unlock stay in user mode, and nothing is
 * wrapped around them. Also a capture target whose threads are all running, with some of the mutexes held.
 *
 *   compile   make -C examples
 *   run       examples/target/bin/ilock 4 50000000
 *   compare   bin/ckpt examples/target/bin/ilock 4 50000000  prints the same speed
 *   capture   kill -USR2 PID                                 in another terminal, with the PID of the first line
 *   undump    bin/undump --out fast-ilock myckpt.dat
 *   launch    ./fast-ilock                                   does the remaining operations; the sums still agree
 *
 * argv: [threads, default 4 [lock/unlock pairs of each thread, default 10000000]]
 * Exit status: 0 when every counter is right, 1 when not, 2 on usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 10000, CACHE_LINE = 64, PROGRESS_LINES = 10 };

struct worker {
    _Alignas(CACHE_LINE) pthread_mutex_t mutex;
    pthread_t thread;
    long number;
    long operations;
    long counter; /* guarded by mutex */
};

static void *lock_and_unlock(void *argument)
{
    struct worker *self = argument;
    long every = self->operations / PROGRESS_LINES + 1;
    for (long i = 1; i <= self->operations; i++) {
        pthread_mutex_lock(&self->mutex);
        self->counter++;
        pthread_mutex_unlock(&self->mutex);
        if (self->number == 0 && i % every == 0)
            printf("thread 0: %ld of %ld\n", i, self->operations);
    }
    return NULL;
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int run_workers(struct worker *workers, long threads, long operations)
{
    for (long number = 0; number < threads; number++) {
        pthread_mutex_init(&workers[number].mutex, NULL);
        workers[number].number = number;
        workers[number].operations = operations;
        int error = pthread_create(&workers[number].thread, NULL, lock_and_unlock, &workers[number]);
        if (error != 0)
            return -error; /* the process ends with its threads and its memory */
    }
    for (long number = 0; number < threads; number++)
        pthread_join(workers[number].thread, NULL);
    return 0;
}

static int parse_count(const char *text, long most, long *ret_count)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 1 || value > most)
        return -EINVAL;
    *ret_count = value;
    return 0;
}

int main(int argc, char **argv)
{
    long threads = 4;
    long operations = 10000000;
    if (argc > 3 || (argc > 1 && parse_count(argv[1], MAX_THREADS, &threads) != 0) ||
        (argc > 2 && parse_count(argv[2], 100000000000, &operations) != 0)) {
        fprintf(stderr, "usage: ilock [THREADS [OPERATIONS]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ilock: pid %ld, %ld threads, %ld operations each\n", (long)getpid(), threads, operations);
    struct worker *workers = aligned_alloc(CACHE_LINE, (size_t)threads * sizeof *workers);
    if (workers == NULL) {
        fprintf(stderr, "ilock: no memory for %ld threads\n", threads);
        return 1;
    }
    memset(workers, 0, (size_t)threads * sizeof *workers);
    double start = seconds_now();
    int error = run_workers(workers, threads, operations);
    double seconds = seconds_now() - start;
    if (error != 0) {
        fprintf(stderr, "ilock: cannot start %ld threads: %s\n", threads, strerror(-error));
        return 1;
    }
    long sum = 0;
    for (long number = 0; number < threads; number++)
        sum += workers[number].counter;
    free(workers);
    int right = sum == threads * operations;
    printf("%ld operations in %.3f s, %.1f million a second\n", sum, seconds, (double)sum / seconds / 1e6);
    printf("sum %ld, expected %ld: %s\n", sum, threads * operations, right ? "right" : "WRONG");
    return right && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
