/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int refuse(struct report *report, int error, const char *format, ...)
{
    if (report->count < REPORT_LINES) {
        va_list arguments;
        va_start(arguments, format);
        if (vasprintf(&report->lines[report->count], format, arguments) < 0)
            report->lines[report->count] = NULL;
        va_end(arguments);
    }
    report->count++;
    return error;
}

void report_take_back(struct report *report, size_t count)
{
    for (size_t i = count; i < REPORT_LINES; i++) {
        free(report->lines[i]);
        report->lines[i] = NULL;
    }
    report->count = count;
}

void report_clear(struct report *report)
{
    report_take_back(report, 0);
    report->program_ended = false;
}
