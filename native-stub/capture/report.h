/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the engine has to say. The engine never prints: it leaves lines here and returns -errno; the program
 * prints them. Each line says what was being done, to what, what was found, and what to try.
 */
#ifndef UNDUMP_CAPTURE_REPORT_H
#define UNDUMP_CAPTURE_REPORT_H

#include <stdbool.h>
#include <stddef.h>

#define REPORT_LINES 32

struct report {
    size_t count;    /* lines that were said; those beyond REPORT_LINES are counted only */
    char *lines[REPORT_LINES];
    bool program_ended; /* the program is gone: nothing can be said about how it goes on */
};

/* Adds a line and returns error, a negative errno, so that callers can write `return refuse(...)`. */
int refuse(struct report *report, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Takes back all lines but the first count. */
void report_take_back(struct report *report, size_t count);

void report_clear(struct report *report);

#endif
