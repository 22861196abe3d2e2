/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clone-threads: starts threads with bare clone calls and ends: what an image with as many threads is compared with.
 *
 * argv: threads
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 };

static int sleep_for_ever(void *argument)
{
    (void)argument;
    for (;;)
        syscall(SYS_pause); /* not pause(): the threads share one thread control block */
    return 0;
}

int main(int argc, char **argv)
{
    long threads = argc > 1 ? atol(argv[1]) : 1000;
    char *stacks = mmap(NULL, (size_t)threads * STACK_BYTES, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (stacks == MAP_FAILED) {
        perror("clone-threads: mmap");
        return 1;
    }
    for (long i = 1; i <= threads; i++) {
        int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
        if (clone(sleep_for_ever, stacks + i * STACK_BYTES, flags, NULL) < 0) {
            perror("clone-threads: clone");
            return 1;
        }
    }
    syscall(SYS_exit_group, 0);
    return 1;
}
