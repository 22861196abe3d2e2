/* SPDX-License-Identifier: Apache-2.0 */
/*
 * observe: runs an image once for `undump tune` and tells which bytes of the image its beginning has used.
 *
 *   observe [-t MILLISECONDS] [-c] [-q] -o REPORT IMAGE NAME [ARGUMENT…]
 *
 *   -t  end the program after so long (default 1000), by SIGTERM and, a moment later, SIGKILL
 *   -c  drop the image from the page cache first
 *   -q  only take the time to the first byte on stdout or stderr, or to the end: its input is empty, its output is dropped
 *   NAME is the program's argv[0]
 *
 * Without -q the program has observe's own standard files. It is traced by its main thread alone, which costs it one stop at
 * its end: there its address space is still whole, and the page tables tell what was used.
 *
 * The report has one item in each line, names and decimal numbers:
 *   ended exited STATUS | ended killed SIGNAL | ended stopped (by observe)
 *   nanoseconds N          from exec to that, or with -q to the first byte
 *   output 0|1             with -q: there was a first byte
 *   cached-before BYTES    of the image in the page cache when the program began
 *   replaced 0|1           1: the program has become another one, so there were no page tables to look at
 *   written OFFSET BYTES   of the image: pages that the program has copies of its own of, because it wrote to them
 *   mapped OFFSET BYTES    pages that it can read without a fault; faults map neighbours that are in the page cache, too
 *   failed TEXT            what went wrong, doing what; nothing else counts then
 *
 * Exit status: 0 with a report; else 1. It prints nothing: standard error is the program's.
 */
#ifndef UNDUMP_OBSERVE_H
#define UNDUMP_OBSERVE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define OBSERVE_PAGE UINT64_C(4096)

struct observation {
    const char *image; /* path */
    char **arguments;  /* argv of the program */
    uint64_t limit_ns;
    bool cold;
    bool quiet;
    FILE *report;
    int image_fd;
};

/* Reports "failed DOING WHAT: …" with the reason that errno holds. Returns 1. */
int observe_failed(const struct observation *observation, const char *doing, const char *what);

/* trial.c: runs the program under ptrace, reports how it ended and what it used. Returns the exit status. */
int observe_trial(const struct observation *observation);

/* timing.c: runs it without ptrace, reports the time. Returns the exit status. */
int observe_time(const struct observation *observation);

/* page_cache.c */
void page_cache_drop(int fd);

/* Bytes of the image that are in the page cache, or 0 where that is not told. */
uint64_t page_cache_bytes(int fd);

/* page_tables.c. Reports what of the image a live process has in its page tables. Returns 0 or -errno. */
int page_tables_look(pid_t pid, const struct observation *observation);

/* runs.c: consecutive pages become one line. */
struct run {
    FILE *report;
    const char *name;
    uint64_t start, end; /* bytes; empty when equal */
};
void run_add(struct run *run, uint64_t offset);
void run_end(struct run *run);

uint64_t observe_now_ns(void);

#endif
