// SPDX-License-Identifier: Apache-2.0
/* What the threads' rights refer to. See plan_check.c. */
#include "restore/abi.h"
#include "restore/plan_check.h"

static int check_filters(struct plan_checker *checker, struct image_table filters, uint64_t thread)
{
    const char *where = "seccomp filter of thread";
    int error = check_table(checker, where, filters, sizeof(struct image_filter));

    if (error < 0)
        return error;
    if (filters.count != 0 && checker->plan->filtered == 0)
        return check_fault(checker, where, thread, "mark");
    for_each_record(filter, image_filter, checker->plan, filters) {
        error = check_table(checker, where, filter->instructions, sizeof(uint64_t));
        if (error < 0)
            return error;
        if (filter->instructions.count == 0 || filter->instructions.count > IMAGE_FILTER_LIMIT)
            return check_fault(checker, where, thread, "length");
    }
    return 0;
}

int check_rights(struct plan_checker *checker, const struct image_thread *thread, uint64_t index)
{
    const struct image_plan *plan = checker->plan;
    struct image_table record = {.offset = thread->rights, .count = 1};
    const struct image_rights *rights;
    int error;

    if (thread->rights == 0)
        return 0;
    error = check_table(checker, "rights of thread", record, sizeof(*rights));
    if (error < 0)
        return error;
    rights = plan_at(plan, thread->rights);
    error = check_table(checker, "groups of thread", rights->groups, sizeof(uint32_t));
    if (error < 0)
        return error;
    if (rights->groups.count > IMAGE_GROUPS_LIMIT)
        return check_fault(checker, "groups of thread", index, "count");
    return check_filters(checker, rights->filters, index);
}
