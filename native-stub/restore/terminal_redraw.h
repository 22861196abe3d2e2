/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that has drawn on a screen must draw again on that of its launch. Programs do so when the size of the terminal
 * changes, many of them only then: at SIGWINCH with the size as it was they do nothing. So, on a terminal of the same size, the
 * answers to the question for it (TIOCGWINSZ) have one row less for a moment, and at its end comes a second SIGWINCH, after which
 * they are right. Not before the program can have taken the first one, and be waiting again. The terminal itself is left alone.
 * Needs the routing of intercepted calls; without it there is the first SIGWINCH alone.
 */
#ifndef UNDUMP_STUB_TERMINAL_REDRAW_H
#define UNDUMP_STUB_TERMINAL_REDRAW_H

#include <stdbool.h>
#include <stdint.h>

#pragma GCC visibility push(hidden)

enum redraw_stage { REDRAW_DONE, REDRAW_DUE, REDRAW_BUSY, REDRAW_SMALLER };

struct terminal_redraw {
    uint32_t stage; /* enum redraw_stage; BUSY: a thread changes it */
    uint32_t pid;   /* of the program; a child has another */
    int32_t timer;  /* sends the second SIGWINCH */
};

extern struct terminal_redraw terminal_redraw;

static inline bool terminal_redraw_is_due(void)
{
    return __atomic_load_n(&terminal_redraw.stage, __ATOMIC_RELAXED) != REDRAW_DONE;
}

void terminal_redraw_prepare(uint32_t pid);

/* Makes the call ioctl(fd, TIOCGWINSZ, size); returns its result. */
int64_t terminal_redraw_answer(uint64_t fd, uint64_t size);

#pragma GCC visibility pop

#endif
