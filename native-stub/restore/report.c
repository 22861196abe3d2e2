// SPDX-License-Identifier: Apache-2.0
#include "restore/stub.h"

static void say(struct stub_state *state, struct stub_line *line)
{
    line_finish(line);
    sys_write(state->report_fd, line->bytes, line->length);
}

/* Threads share the line: the first one speaks, and the process ends with it. */
_Noreturn void stub_fail(struct stub_state *state, const char *format, ...)
{
    va_list arguments;

    if (__atomic_exchange_n(&state->failing, 1, __ATOMIC_ACQUIRE) != 0)
        sys_wait_for_end();
    state->line.length = 0;
    line_append(&state->line, "undump: ");
    va_start(arguments, format);
    line_append_list(&state->line, format, arguments);
    va_end(arguments);
    say(state, &state->line);
    segments_take_back(state);
    sys_exit_group(IMAGE_EXIT_STATUS);
}

/* Callers see to it that only one thread warns at a time. */
void stub_warn(struct stub_state *state, const char *format, ...)
{
    va_list arguments;

    state->warning.length = 0;
    line_append(&state->warning, "undump: ");
    va_start(arguments, format);
    line_append_list(&state->warning, format, arguments);
    va_end(arguments);
    say(state, &state->warning);
}
