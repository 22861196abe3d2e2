// SPDX-License-Identifier: Apache-2.0
/* Filters of seccomp, and its strict mode: the last thing that a thread does before it goes on, by a call that its filters
 * allow, for undump has seen to it that rt_sigreturn is one. */
#include "restore/stub.h"

/* Without no_new_privs only CAP_SYS_ADMIN may set filters, seccomp(2). */
void filters_check(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;

    for_each_record(thread, image_thread, plan, plan->threads) {
        const struct image_rights *planned = rights_of(plan, thread);

        if (planned != NULL && planned->filters.count != 0 && planned->no_new_privs == 0 &&
            (state->rights.effective >> ABI_CAP_SYS_ADMIN & 1) == 0)
            stub_fail(state, "the program runs under seccomp filters that only CAP_SYS_ADMIN may set, for it has not set"
                      " no_new_privs; launch it as root");
    }
}

static int64_t set_filter(const struct image_plan *plan, const struct image_filter *filter)
{
    struct abi_filter_program program = {.length = (uint16_t)filter->instructions.count,
                                         .instructions = STUB_ADDRESS(plan_at(plan, filter->instructions.offset))};

    if (filter->by_prctl != 0)
        return sys_prctl(ABI_PR_SET_SECCOMP, ABI_SECCOMP_MODE_FILTER, STUB_ADDRESS(&program), 0, 0);
    return sys_seccomp(ABI_SECCOMP_SET_MODE_FILTER, filter->flags, &program);
}

void filters_set(struct stub_state *state, const struct image_thread *thread)
{
    const struct image_plan *plan = state->plan;
    const struct image_rights *planned = plan->filtered != 0 ? rights_of(plan, thread) : NULL;
    int64_t result = 0;

    if (planned == NULL)
        return;
    for_each_record(filter, image_filter, plan, planned->filters) {
        result = set_filter(plan, filter);
        if (is_error(result))
            stub_fail(state, "setting a seccomp filter of thread %u again: %e", (uint64_t)thread->old_tid, result);
    }
    if (planned->strict != 0)
        result = sys_prctl(ABI_PR_SET_SECCOMP, ABI_SECCOMP_MODE_STRICT, 0, 0, 0);
    if (is_error(result))
        stub_fail(state, "going into seccomp's strict mode in thread %u: %e", (uint64_t)thread->old_tid, result);
}
