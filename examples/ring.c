/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring: threads take turns in a fixed order over one mutex and one condition variable.
 *
 * Shows that a capture keeps every thread, what it waits in, and the order between them: at any moment all threads
 * but one sleep in the kernel on the same futex, and after a launch the right one must be woken next. Each thread
 * keeps its own count on its own stack, and a digest over the whole sequence of turns proves the order at the end.
 *
 *   compile   make -C examples
 *   run       examples/target/bin/ring 8 50 100
 *   capture   bin/ckpt examples/target/bin/ring 8 50 100     in one terminal, and after a few rounds
 *             kill -USR2 PID                                 in another, with the PID of the first line
 *   undump    bin/undump --out fast-ring myckpt.dat
 *   launch    ./fast-ring                                    goes on with the next round
 *
 * argv: [threads, default 4 [rounds, default 20 [milliseconds a round rests, default 0]]]
 * Exit status: 0 when every turn came in order, 1 when not, 2 on usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_THREADS = 10000, PROGRESS_LINES = 50 };

static const uint64_t fnv_offset = 0xcbf29ce484222325u;
static const uint64_t fnv_prime = 0x100000001b3u;

struct ring {
    pthread_mutex_t mutex;
    pthread_cond_t turn_passed;
    long threads;
    long rounds;
    long rest_milliseconds;
    long turn;       /* turns taken so far, guarded by mutex */
    long mistakes;   /* turns that came to the wrong thread, guarded by mutex */
    uint64_t digest; /* over the thread number of each turn in the order taken, guarded by mutex */
};

struct member {
    struct ring *ring;
    pthread_t thread;
    long number;
};

static void rest(long milliseconds)
{
    struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
    while (milliseconds > 0 && nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

static void end_of_round(const struct ring *ring, long round)
{
    long every = ring->rounds > PROGRESS_LINES ? ring->rounds / PROGRESS_LINES : 1;
    if (round % every == 0 || round == ring->rounds)
        printf("round %ld of %ld\n", round, ring->rounds);
    rest(ring->rest_milliseconds);
}

static void *take_turns(void *argument)
{
    struct member *self = argument;
    struct ring *ring = self->ring;
    for (long round = 0; round < ring->rounds; round++) {
        pthread_mutex_lock(&ring->mutex);
        while (ring->turn % ring->threads != self->number)
            pthread_cond_wait(&ring->turn_passed, &ring->mutex);
        if (ring->turn != round * ring->threads + self->number)
            ring->mistakes++;
        ring->digest = (ring->digest ^ (uint64_t)self->number) * fnv_prime;
        ring->turn++;
        if (self->number == ring->threads - 1)
            end_of_round(ring, round + 1);
        pthread_cond_broadcast(&ring->turn_passed);
        pthread_mutex_unlock(&ring->mutex);
    }
    return NULL;
}

static uint64_t expected_digest(const struct ring *ring)
{
    uint64_t digest = fnv_offset;
    for (long turn = 0; turn < ring->threads * ring->rounds; turn++)
        digest = (digest ^ (uint64_t)(turn % ring->threads)) * fnv_prime;
    return digest;
}

static int run_members(struct ring *ring)
{
    struct member *members = calloc((size_t)ring->threads, sizeof *members);
    if (members == NULL)
        return -ENOMEM;
    for (long number = 0; number < ring->threads; number++) {
        members[number].ring = ring;
        members[number].number = number;
        int error = pthread_create(&members[number].thread, NULL, take_turns, &members[number]);
        if (error != 0)
            return -error; /* the process ends with its threads and its memory */
    }
    for (long number = 0; number < ring->threads; number++)
        pthread_join(members[number].thread, NULL);
    free(members);
    return 0;
}

static int parse_count(const char *text, long least, long most, long *ret_count)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < least || value > most)
        return -EINVAL;
    *ret_count = value;
    return 0;
}

int main(int argc, char **argv)
{
    struct ring ring = { .mutex = PTHREAD_MUTEX_INITIALIZER,
                         .turn_passed = PTHREAD_COND_INITIALIZER,
                         .threads = 4,
                         .rounds = 20,
                         .digest = fnv_offset };
    if (argc > 4 || (argc > 1 && parse_count(argv[1], 1, MAX_THREADS, &ring.threads) != 0) ||
        (argc > 2 && parse_count(argv[2], 1, 1000000000, &ring.rounds) != 0) ||
        (argc > 3 && parse_count(argv[3], 0, 1000000, &ring.rest_milliseconds) != 0)) {
        fprintf(stderr, "usage: ring [THREADS [ROUNDS [MILLISECONDS]]]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("ring: pid %ld, %ld threads, %ld rounds\n", (long)getpid(), ring.threads, ring.rounds);
    int error = run_members(&ring);
    if (error != 0) {
        fprintf(stderr, "ring: cannot start %ld threads: %s\n", ring.threads, strerror(-error));
        return 1;
    }
    uint64_t expected = expected_digest(&ring);
    int in_order = ring.mistakes == 0 && ring.turn == ring.threads * ring.rounds && ring.digest == expected;
    printf("%ld turns %s, digest %016llx, expected %016llx\n", ring.turn, in_order ? "in order" : "OUT OF ORDER",
           (unsigned long long)ring.digest, (unsigned long long)expected);
    return in_order && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
