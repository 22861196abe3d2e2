// SPDX-License-Identifier: Apache-2.0
/*
 * The launch's environment with the changes that the image asks for, as /proc/self/environ shows it. The program's own copy, in
 * its memory, is that of the capture. The strings come to stand at the end of the slot, where the launch's stack, which may hold
 * the others, does not reach.
 */
#include "restore/stub.h"

static bool is_of(const char *text, const char *name, uint64_t length)
{
    return memcmp(text, name, length) == 0 && (text[length] == '=' || text[length] == '\0');
}

static bool is_changed(const struct image_plan *plan, const char *text, uint64_t length)
{
    for_each_record(change, image_environment_change, plan, plan->environment) {
        if (length >= change->name_length && is_of(text, plan_string(plan, change->text), change->name_length))
            return true;
    }
    return false;
}

/* Copies the strings to `to`, or only counts them when that is NULL. Returns their bytes. */
static uint64_t put_strings(const struct stub_state *state, char *to)
{
    const struct image_plan *plan = state->plan;
    const struct stub_launch *launch = &state->launch;
    uint64_t bytes = 0, length;

    for (uint64_t at = launch->env_start; at < launch->env_end; at += length) {
        length = text_length((const char *)at) + 1;
        if (is_changed(plan, (const char *)at, length - 1) || fallback_is_depth((const char *)at))
            continue;
        if (to != NULL)
            memcpy(to + bytes, (const char *)at, length);
        bytes += length;
    }
    for_each_record(change, image_environment_change, plan, plan->environment) {
        const char *text = plan_string(plan, change->text);

        length = text_length(text) + 1;
        if (text[change->name_length] == '\0')
            continue;
        if (to != NULL)
            memcpy(to + bytes, text, length);
        bytes += length;
    }
    return bytes;
}

void environment_change(struct stub_state *state)
{
    struct stub_launch *launch = &state->launch;
    uint64_t bytes, room;
    int64_t place;

    if (state->plan->environment.count == 0 && !launch->is_fallback)
        return;
    bytes = put_strings(state, NULL);
    room = (bytes + STUB_PAGE) & ~(STUB_PAGE - 1);
    place = sys_mmap(state->slot + IMAGE_SLOT_SIZE - room, room, ABI_PROT_READ | ABI_PROT_WRITE,
                     ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS | ABI_MAP_FIXED_NOREPLACE, STUB_NO_FD, 0);
    if (is_error(place)) {
        stub_warn(state, "changing the environment that /proc shows: %e; it stays that of this launch", place);
        return;
    }
    put_strings(state, (char *)place);
    launch->env_start = (uint64_t)place;
    launch->env_end = (uint64_t)place + bytes;
}
