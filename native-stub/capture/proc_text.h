/* SPDX-License-Identifier: Apache-2.0 */
/* Parsers of /proc texts. They see only strings, so they are tested without a process. */
#ifndef UNDUMP_CAPTURE_PROC_TEXT_H
#define UNDUMP_CAPTURE_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The text behind "name" at the start of a line, blanks skipped; NULL when there is no such line. Name includes the
 * colon. The text ends at the end of its line, not at a zero byte. */
const char *text_field(const char *text, const char *name);

/* A number behind a field name in the given base; fallback when the field is missing. */
uint64_t text_number(const char *text, const char *name, int base, uint64_t fallback);

/* The last number of a line such as NSpid, which lists one per nested namespace. */
uint64_t text_last_number(const char *text, const char *name, uint64_t fallback);

/* Copies a line's text without its end, at most size - 1 bytes, and ends it with zero. */
void text_line(const char *start, char *copy, size_t size);

/* /proc/PID/stat. The command name may hold blanks and brackets, so fields count from the last bracket.
 * Returns field number (3 is the state's; numbers as in proc(5)), or 0 when it is missing. */
uint64_t stat_field(const char *stat, unsigned number);
char stat_state(const char *stat);

/* Milliseconds with a fraction, as in /proc/PID/sched "se.exec_start : 1151129.913937", in nanoseconds; 0 when missing. */
uint64_t sched_nanoseconds(const char *text, const char *name);
uint64_t sched_count(const char *text, const char *name);

/* One line of /proc/PID/maps, or the first line of an entry in smaps. */
struct map_line {
    uint64_t start, end, offset, inode;
    uint32_t dev_major, dev_minor;
    char access[5];      /* "rwxp" */
    const char *name;    /* points into the line; length 0 when there is none */
    size_t name_length;
};
bool parse_map_line(const char *line, struct map_line *ret);

/* Turns \012 back into a newline, the one character that maps escapes (fs/proc/task_mmu.c, show_map_vma). A name that
 * really holds those four characters cannot be told apart. Returns the new length. */
size_t unescape_path(char *path, size_t length);

/* Removes a trailing " (deleted)". Returns whether it was there. */
bool strip_deleted(const char *path, size_t *length);

/* VmFlags of smaps as CKPT_VMA_* bits, and the ones that stand for things that cannot be captured. */
struct vm_flags {
    uint32_t flags;        /* CKPT_VMA_* */
    bool huge_pages;       /* ht */
    bool io;               /* io or pf: a device */
    bool userfault;        /* um uw ui */
    bool shadow_stack;     /* ss */
};
void parse_vm_flags(const char *text, struct vm_flags *ret);

#endif
