/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hello-test: ten greetings, one a second, then goodbye.
 *
 * Shows the smallest useful capture: stop a program in the middle of a loop and let a new executable greet on.
 * The program knows nothing about checkpoints; it sleeps in the kernel when the capture meets it.
 *
 *   compile   make -C examples
 *   run       examples/target/bin/hello-test
 *   capture   bin/ckpt examples/target/bin/hello-test        in one terminal, and after a few greetings
 *             kill -USR2 PID                                 in another, with the PID of the first line
 *   undump    bin/undump --out fast-hello myckpt.dat
 *   launch    ./fast-hello                                   greets on where the first one stopped
 *
 * argv: [milliseconds between greetings, default 1000]
 * Exit status: 0 when all ten greetings were written, 1 when output failed, 2 on usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { GREETINGS = 10 };

static int parse_milliseconds(const char *text, long *ret_milliseconds)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 0)
        return -EINVAL;
    *ret_milliseconds = value;
    return 0;
}

static void pause_milliseconds(long milliseconds)
{
    struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

int main(int argc, char **argv)
{
    long milliseconds = 1000;
    if (argc > 2 || (argc == 2 && parse_milliseconds(argv[1], &milliseconds) != 0)) {
        fprintf(stderr, "usage: hello-test [MILLISECONDS]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("hello-test: pid %ld\n", (long)getpid());
    int said = 0;
    for (int number = 1; number <= GREETINGS; number++) {
        if (printf("Hello, world, for the %d. time\n", number) > 0)
            said++;
        pause_milliseconds(milliseconds);
    }
    printf("Goodbye\n");
    if (said != GREETINGS || fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "hello-test: wrote %d of %d greetings\n", said, GREETINGS);
        return 1;
    }
    return 0;
}
