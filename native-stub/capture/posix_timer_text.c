/* SPDX-License-Identifier: Apache-2.0 */
/* fs/proc/base.c, show_timer: four lines for each timer. Pure, so it is tested without a process. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "posix_timers.h"

static bool parse_notify(const char *word, const char *target, uint32_t *ret)
{
    static const char *const names[] = {"signal", "none", "thread"};
    bool of_thread = strcmp(target, "tid") == 0;
    for (uint32_t kind = 0; kind < sizeof(names) / sizeof(names[0]); kind++) {
        if (strcmp(word, names[kind]) != 0)
            continue;
        *ret = kind | (of_thread ? SIGEV_THREAD_ID : 0u);
        return of_thread || strcmp(target, "pid") == 0;
    }
    return false;
}

bool parse_timer_entry(const char **text, struct timer_entry *ret, bool *ret_bad)
{
    struct timer_entry entry = {0};
    char notify[16], target[8];
    unsigned long long value;
    int length = 0;
    *ret_bad = false;
    if (!**text)
        return false;
    if (sscanf(*text, "ID: %d signal: %u/%llx notify: %15[a-z]/%7[a-z].%d ClockID: %d%n", &entry.id, &entry.signal, &value,
               notify, target, &entry.target, &entry.clock, &length) != 7 ||
        (*text)[length] != '\n' || entry.id < 0 || !parse_notify(notify, target, &entry.notify)) {
        *ret_bad = true;
        return false;
    }
    entry.value = value;
    *text += length + 1;
    *ret = entry;
    return true;
}
