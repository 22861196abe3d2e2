// SPDX-License-Identifier: Apache-2.0
/*
 * Resource limits, in two turns: soft limits go up before the work begins, so that it is not stopped by them, and all
 * get their exact values when it is done. A hard limit can only be lowered, so the launch's bounds what is possible.
 */
#include "restore/stub.h"

static bool limit_wanted(const struct image_plan *plan, uint32_t resource, struct abi_rlimit *ret_limit)
{
    ret_limit->soft = plan->rlimits[2 * resource];
    ret_limit->hard = plan->rlimits[2 * resource + 1];
    return (plan->set_rlimits >> resource & 1) != 0;
}

void limits_raise(struct stub_state *state)
{
    struct abi_rlimit wanted;

    for (uint32_t resource = 0; resource < STUB_LIMITS; resource++) {
        struct abi_rlimit *now = &state->limits[resource];

        if (!limit_wanted(state->plan, resource, &wanted) || is_error(sys_prlimit(resource, NULL, now)) ||
            wanted.soft <= now->soft)
            continue;
        now->soft = wanted.soft < now->hard ? wanted.soft : now->hard;
        sys_prlimit(resource, now, NULL);
    }
}

/* A limit that stays as the launch has it is a detail lost. */
void limits_set(struct stub_state *state)
{
    struct abi_rlimit wanted;

    for (uint32_t resource = 0; resource < STUB_LIMITS; resource++) {
        const struct abi_rlimit *now = &state->limits[resource];

        if (!limit_wanted(state->plan, resource, &wanted))
            continue;
        if (wanted.hard > now->hard)
            wanted.hard = now->hard;
        if (wanted.soft > wanted.hard)
            wanted.soft = wanted.hard;
        if (wanted.soft != now->soft || wanted.hard != now->hard)
            sys_prlimit(resource, &wanted, NULL);
    }
}
