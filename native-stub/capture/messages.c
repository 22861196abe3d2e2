/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "messages.h"

#include <stdio.h>
#include <string.h>

static void print_size(char *text, size_t size, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    unsigned unit = 0;
    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(text, size, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* As one word of a shell's command line. */
static void print_word(const char *word)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._-+=@%:,";
    if (strspn(word, plain) == strlen(word)) {
        fputs(word, stderr);
        return;
    }
    fputc('\'', stderr);
    for (const char *at = word; *at; at++)
        *at == '\'' ? fputs("'\\''", stderr) : fputc(*at, stderr);
    fputc('\'', stderr);
}

void print_success(const struct capture_outcome *outcome, bool verbose)
{
    char size[32];
    print_size(size, sizeof(size), outcome->bytes);
    fprintf(stderr, "ckpt: wrote %s (%s, %u thread%s, frozen %.1f ms); go on with: undump --out fast-app ",
            outcome->path, size, outcome->threads, outcome->threads == 1 ? "" : "s", (double)outcome->frozen_ns / 1e6);
    print_word(outcome->path);
    fputc('\n', stderr);
    if (!verbose)
        return;
    if (outcome->snapshot_ns)
        fprintf(stderr, "ckpt: the program stood for %.1f ms, its snapshot was read for %.1f ms while it ran\n",
                (double)outcome->frozen_ns / 1e6, (double)outcome->snapshot_ns / 1e6);
    fputs("ckpt: milliseconds per step:", stderr);
    for (uint32_t i = 0; i < outcome->step_count; i++)
        fprintf(stderr, "%s %s %.2f", i ? "," : "", outcome->steps[i].name, (double)outcome->steps[i].took_ns / 1e6);
    fputs("\n", stderr);
}

void print_failure(const struct report *report, bool goes_on)
{
    if (report->count > 1)
        fprintf(stderr, "ckpt: the program cannot be captured for %zu reasons:\n", report->count);
    for (size_t i = 0; i < report->count && i < REPORT_LINES; i++)
        fprintf(stderr, "ckpt: %s%s\n", report->lines[i] ? report->lines[i] : "out of memory",
                goes_on && report->count == 1 && !report->program_ended ? " (the program goes on)" : "");
}
