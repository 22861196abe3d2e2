/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spin-probe: a program whose launched image ends with its first own instructions.
 *
 * It prints READY and then spins until its process id is another than at its start. That is never so, until a
 * capture of it is launched: then it is so at once, and the program ends. So fork + exec + wait of the image is the
 * time to the first own instruction, plus the end of the process.
 *
 * argv: [MiB of heap with every page written [sleeping threads besides the spinning one]]
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static void *sleep_for_ever(void *argument)
{
    pthread_barrier_wait(argument);
    for (;;)
        pause();
    return NULL;
}

static int touch_heap(size_t bytes)
{
    uint64_t *heap = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (heap == MAP_FAILED)
        return 1;
    uint64_t word = 88172645463325252u; /* no two pages alike, none zero */
    for (size_t i = 0; i < bytes / sizeof *heap; i++) {
        word ^= word << 13;
        word ^= word >> 7;
        word ^= word << 17;
        heap[i] = word;
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

int main(int argc, char **argv)
{
    long mebibytes = argc > 1 ? atol(argv[1]) : 0;
    long threads = argc > 2 ? atol(argv[2]) : 0;
    if ((mebibytes > 0 && touch_heap((size_t)mebibytes << 20) != 0) || (threads > 0 && start_threads(threads) != 0)) {
        perror("spin-probe");
        return 1;
    }
    long pid = syscall(SYS_getpid);
    printf("READY\n");
    fflush(stdout);
    while (syscall(SYS_getpid) == pid)
        continue;
    syscall(SYS_exit_group, 0);
    return 1;
}
