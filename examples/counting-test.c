/* SPDX-License-Identifier: Apache-2.0 */
/*
 * counting-test: takes a number, prints it and the nine that follow, one a second.
 *
 * Shows that what a program was told before the capture stays with it: the launched executable is not asked
 * again, it counts on from where it was.
 *
 *   compile   make -C examples
 *   run       examples/target/bin/counting-test 41           or without a number, to be asked for one
 *   capture   bin/ckpt examples/target/bin/counting-test 41  in one terminal, and after a few numbers
 *             kill -USR2 PID                                 in another, with the PID of the first line
 *   undump    bin/undump --out fast-count myckpt.dat
 *   launch    ./fast-count                                   counts on; run it as often as you like
 *
 * argv: [number [milliseconds between numbers, default 1000]]
 * Exit status: 0 when the ten numbers were written in order, 1 when not, 2 on usage.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { NUMBERS = 10 };

static int parse_number(const char *text, long *ret_number)
{
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || end == text || (*end != '\0' && *end != '\n') || value > LONG_MAX - NUMBERS)
        return -EINVAL;
    *ret_number = value;
    return 0;
}

static int ask_number(long *ret_number)
{
    char line[64];
    printf("Count from which number? ");
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        return -EINVAL;
    return parse_number(line, ret_number);
}

static void pause_milliseconds(long milliseconds)
{
    struct timespec left = { milliseconds / 1000, milliseconds % 1000 * 1000000L };
    while (nanosleep(&left, &left) != 0 && errno == EINTR)
        continue;
}

int main(int argc, char **argv)
{
    long first = 0;
    long milliseconds = 1000;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 3 || (argc == 3 && (parse_number(argv[2], &milliseconds) != 0 || milliseconds < 0)) ||
        (argc > 1 ? parse_number(argv[1], &first) : ask_number(&first)) != 0) {
        fprintf(stderr, "usage: counting-test [NUMBER [MILLISECONDS]]\n");
        return 2;
    }
    printf("counting-test: pid %ld\n", (long)getpid());
    long sum = 0;
    for (long number = first; number < first + NUMBERS; number++) {
        if (printf("%ld\n", number) > 0)
            sum += number - first;
        pause_milliseconds(milliseconds);
    }
    if (sum != NUMBERS * (NUMBERS - 1) / 2 || fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "counting-test: a number is missing\n");
        return 1;
    }
    return 0;
}
