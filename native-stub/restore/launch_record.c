// SPDX-License-Identifier: Apache-2.0
/* Tells a program that asked for its checkpoint (undump.h) that it is a launch, and of what. */
#include "restore/stub.h"

void launch_record_fill(struct stub_state *state)
{
    const struct stub_launch *launch = &state->launch;
    struct image_launch_record *record = (struct image_launch_record *)state->plan->launch_record;

    if (record == NULL)
        return;
    if (launch->strings_lost) /* a command with other arguments than its own */
        stub_fail(state, "keeping the arguments and environment of this launch: there is no room for them; give it fewer");
    /* The kernel has a place that is not below this root begin with "(unreachable)". */
    if (is_error(sys_getcwd(record->directory, sizeof(record->directory))) || record->directory[0] != '/')
        record->directory[0] = '\0';
    if (sys_getrandom(record->nonce, sizeof(record->nonce)) != (int64_t)sizeof(record->nonce))
        stub_fail(state, "getting random bytes for what has to be another in each launch");
    record->arg_start = launch->arg_start;
    record->arg_end = launch->arg_end;
    record->env_start = launch->env_start;
    record->env_end = launch->env_end;
    record->generation++;
    record->state = IMAGE_LAUNCH_LAUNCHED;
}
