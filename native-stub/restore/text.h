/* SPDX-License-Identifier: Apache-2.0 */
/* One line of text in a fixed buffer: how the stub says what went wrong. Pure: also compiled into host tests. */
#ifndef UNDUMP_STUB_TEXT_H
#define UNDUMP_STUB_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#define STUB_LINE_BYTES 1024

struct stub_line {
    uint32_t length;            /* bytes used, at most STUB_LINE_BYTES */
    char bytes[STUB_LINE_BYTES]; /* not terminated; what does not fit is cut, a full line ends with "..." */
};

/*
 * Appends to a line.
 * %s string, %d int64_t, %u uint64_t, %x uint64_t as 0x..., %c character, %e errno number as "words (NAME)", %% percent.
 * All numbers are passed as 64 bit, so that one conversion fits all.
 */
void line_append(struct stub_line *line, const char *format, ...);
void line_append_list(struct stub_line *line, const char *format, va_list arguments);

/* Ends the line with a newline, also when it is full. */
void line_finish(struct stub_line *line);

bool text_equal(const char *a, const char *b);

static inline uint64_t text_length(const char *text)
{
    uint64_t length = 0;

    while (text[length] != '\0')
        length++;
    return length;
}

/* Leading decimal number of *text; advances *text behind it. */
uint32_t text_number(const char **text);

#endif
