// SPDX-License-Identifier: Apache-2.0
/* What the program has seen of files, and what runs when that is not so any more. See plan_check.c. */
#include "restore/plan_check.h"

#define ARGUMENTS_LIMIT 65536

static bool check_path(const struct plan_checker *checker, uint64_t path)
{
    return check_string(checker, path) && plan_string(checker->plan, path)[0] == '/';
}

static int check_fallback(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    const char *where = "argument of the fallback";
    uint64_t index = 0;
    int error = check_table(checker, where, plan->fallback_arguments, sizeof(uint64_t));
    const uint64_t *arguments = plan_at(plan, plan->fallback_arguments.offset);

    if (error < 0)
        return error;
    if (plan->fallback_arguments.count > ARGUMENTS_LIMIT)
        return check_fault(checker, where, 0, "table count");
    for (; index < plan->fallback_arguments.count; index++) {
        if (!check_string(checker, arguments[index]))
            return check_fault(checker, where, index, "text");
    }
    if (plan->fallback_takes_arguments > 1)
        return check_fault(checker, "fallback", 0, "choice of arguments");
    if (plan->inputs.count == 0 && plan->fallback_path == 0)
        return 0;
    if (!check_path(checker, plan->fallback_path))
        return check_fault(checker, "fallback", 0, "path");
    return plan->fallback_arguments.count > 0 ? 0 : check_fault(checker, "fallback", 0, "number of arguments");
}

int check_inputs(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    const char *where = "input";
    uint64_t index = 0;
    int error = check_table(checker, where, plan->inputs, sizeof(struct image_input));

    if (error < 0)
        return error;
    for_each_record(input, image_input, plan, plan->inputs) {
        if (!check_path(checker, input->path))
            return check_fault(checker, where, index, "path");
        if (input->kind < IMAGE_INPUT_FILE || input->kind > IMAGE_INPUT_MISSING)
            return check_fault(checker, where, index, "kind");
        index++;
    }
    return check_fallback(checker);
}
