// SPDX-License-Identifier: Apache-2.0
/* The plan's steps for what leads out of the program, and what the kernel shows of it. See plan_check.c. */
#include "restore/abi.h"
#include "restore/plan_check.h"
#include "restore/text.h"

#define DESCRIPTORS 0x40000000
#define LAST_SIGNAL 64

static const char *owner_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    if (op->values[0] > IMAGE_OWNER_NOBODY)
        return "owner";
    if (op->values[0] == IMAGE_OWNER_THREAD && op->values[1] >= checker->plan->threads.count)
        return "thread";
    return op->values[2] <= LAST_SIGNAL ? NULL : "signal";
}

const char *check_outside_op(const struct plan_checker *checker, const struct image_file_op *op)
{
    switch (op->kind) {
    case IMAGE_FILE_INHERIT:
        return op->values[0] <= IMAGE_INHERIT_PIPE ? NULL : "wish";
    case IMAGE_FILE_FIFO:
        if (!check_string(checker, op->path))
            return "path";
        return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
    case IMAGE_FILE_PIPE_OPEN:
        return op->values[0] < DESCRIPTORS ? NULL : "other descriptor";
    case IMAGE_FILE_OWNER:
        return owner_problem(checker, op);
    default:
        return NULL;
    }
}

int check_environment(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    const char *where = "change of the environment";
    uint64_t index = 0;
    int error = check_table(checker, where, plan->environment, sizeof(struct image_environment_change));

    if (error < 0)
        return error;
    for_each_record(change, image_environment_change, plan, plan->environment) {
        if (!check_string(checker, change->text))
            return check_fault(checker, where, index, "text");
        if (change->name_length == 0 || change->name_length > text_length(plan_string(plan, change->text)))
            return check_fault(checker, where, index, "name");
        index++;
    }
    return 0;
}
