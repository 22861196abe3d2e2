/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spin-probe: a program whose launched image tells of its first own instructions.
 *
 * It prints READY and then spins until its process id is another than at its start. That is never so, until a
 * capture of it is launched: then it is so at once. It writes a byte, for measurements up to there, and ends. So
 * fork + exec + wait of the image is the time to the first own instruction, plus the end of the process.
 *
 * With "stay" it does not end. SIGUSR1 then makes it read a word of every page of its heap and write another byte.
 *
 * argv: [MiB of heap with every page written [sleeping threads besides the spinning one [stay]]]
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024, PAGE_WORDS = 4096 / sizeof(uint64_t) };

struct heap {
    uint64_t *words;
    size_t count;
};

static void *sleep_for_ever(void *argument)
{
    pthread_barrier_wait(argument);
    for (;;)
        pause();
    return NULL;
}

static int write_heap(struct heap *heap)
{
    heap->words = mmap(NULL, heap->count * sizeof *heap->words, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (heap->words == MAP_FAILED)
        return 1;
    uint64_t word = 88172645463325252u; /* no two pages alike, none zero */
    for (size_t i = 0; i < heap->count; i++) {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        heap->words[i] = word;
    }
    return 0;
}

static int start_threads(long threads)
{
    static pthread_barrier_t barrier;
    pthread_attr_t attributes;
    pthread_barrier_init(&barrier, NULL, (unsigned)threads + 1);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    for (long i = 0; i < threads; i++) {
        pthread_t thread;
        if (pthread_create(&thread, &attributes, sleep_for_ever, &barrier) != 0)
            return 1;
    }
    pthread_barrier_wait(&barrier);
    return 0;
}

static void read_heap_when_asked(const struct heap *heap, const sigset_t *questions)
{
    for (;;) {
        int number;
        if (sigwait(questions, &number) != 0)
            continue;
        uint64_t sum = 0;
        for (size_t i = 0; i < heap->count; i += PAGE_WORDS)
            sum += heap->words[i];
        syscall(SYS_write, 1, sum == 1 ? "?" : "r", 1);
    }
}

int main(int argc, char **argv)
{
    struct heap heap = { .count = argc > 1 ? (size_t)atol(argv[1]) << 17 : 0 };
    long threads = argc > 2 ? atol(argv[2]) : 0;
    int stay = argc > 3 && strcmp(argv[3], "stay") == 0;
    sigset_t questions;
    sigemptyset(&questions);
    sigaddset(&questions, SIGUSR1);
    sigprocmask(SIG_BLOCK, &questions, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if ((heap.count > 0 && write_heap(&heap) != 0) || (threads > 0 && start_threads(threads) != 0)) {
        perror("spin-probe");
        return 1;
    }
    long pid = syscall(SYS_getpid);
    printf("READY\n");
    fflush(stdout);
    while (syscall(SYS_getpid) == pid)
        continue;
    syscall(SYS_write, 1, "i", 1);
    if (stay)
        read_heap_when_asked(&heap, &questions);
    syscall(SYS_exit_group, 0);
    return 1;
}
