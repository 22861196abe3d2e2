/* SPDX-License-Identifier: Apache-2.0 */
/* Expectations of a test: all are tried, main() returns failures != 0. */
#ifndef UNDUMP_TEST_EXPECT_H
#define UNDUMP_TEST_EXPECT_H

#include <stdbool.h>
#include <stdio.h>

static int failures;

static inline void expect(bool good, const char *what)
{
    if (good)
        return;
    failures++;
    fprintf(stderr, "failed: %s\n", what);
}

#endif
