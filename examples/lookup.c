/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A command that is slow to get ready: it sorts the primes below ten million by the sum of their digits, then answers questions.
 *
 *     lookup --make FILE     gets ready, writes a checkpoint to FILE, and ends
 *     lookup SUM...          how many primes have that digit sum, and the largest of them
 *
 * The image that undump makes of FILE takes the second form's arguments and is ready at once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "undump.h"

#define LIMIT 10000000
#define SUMS 64

static unsigned char composite[LIMIT];
static unsigned counts[SUMS], largest[SUMS];

static unsigned digit_sum(unsigned number)
{
    unsigned sum = 0;
    for (; number; number /= 10)
        sum += number % 10;
    return sum;
}

static void get_ready(void)
{
    for (unsigned prime = 2; prime < LIMIT; prime++) {
        if (composite[prime])
            continue;
        for (unsigned long multiple = (unsigned long)prime * prime; multiple < LIMIT; multiple += prime)
            composite[multiple] = 1;
        counts[digit_sum(prime)]++;
        largest[digit_sum(prime)] = prime;
    }
}

static int answer(int argc, char *const *argv)
{
    for (int i = 1; i < argc; i++) {
        char *end;
        unsigned long sum = strtoul(argv[i], &end, 10);
        if (*end || end == argv[i] || sum >= SUMS) {
            fprintf(stderr, "lookup: %s is no sum from 0 to %d\n", argv[i], SUMS - 1);
            return 2;
        }
        printf("%lu: %u primes, the largest %u\n", sum, counts[sum], largest[sum]);
    }
    return 0;
}

static int make(const char *file)
{
    struct undump_options options = UNDUMP_OPTIONS_INIT;
    options.checkpoint = file;
    options.flags = UNDUMP_END;
    if (undump_checkpoint(&options) == 1)
        return answer(undump_launched()->argc, undump_launched()->argv);
    fprintf(stderr, "lookup: %s\n", undump_error()); /* it would have ended */
    return 1;
}

int main(int argc, char **argv)
{
    get_ready();
    if (argc == 3 && strcmp(argv[1], "--make") == 0)
        return make(argv[2]);
    return answer(argc, argv);
}
