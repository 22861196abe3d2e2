// SPDX-License-Identifier: Apache-2.0
/* Memory files and System V objects of the plan, of which some are put aside until memory is made. See plan_check.c. */
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan_check.h"

static uint64_t aside_number(int32_t fd)
{
    return (uint64_t)(IMAGE_ASIDE_FIRST - (int64_t)fd);
}

bool check_memory_file(const struct plan_checker *checker, int32_t fd)
{
    if (fd >= 0)
        return check_fd((uint64_t)fd);
    return aside_number(fd) < IMAGE_ASIDE_LIMIT && (checker->asides[aside_number(fd) / 64] >> aside_number(fd) % 64 & 1) != 0;
}

bool check_segment(const struct plan_checker *checker, uint64_t number)
{
    return number < IMAGE_ASIDE_LIMIT && (checker->segments[number / 64] >> number % 64 & 1) != 0;
}

const char *memory_file_op_problem(struct plan_checker *checker, const struct image_file_op *op)
{
    uint64_t aside = aside_number(op->fd);

    if (op->kind == IMAGE_FILE_MEMFD_DATA) {
        if (!check_memory_file(checker, op->fd))
            return "descriptor";
        if (op->values[0] % STUB_PAGE != 0 || op->values[2] == 0 || op->values[2] % STUB_PAGE != 0 ||
            op->values[0] > INT64_MAX - STUB_PAGE || op->values[2] > INT64_MAX - op->values[0])
            return "file offset";
        return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
    }
    if (op->kind == IMAGE_FILE_MEMFD_OPEN && !check_memory_file(checker, (int32_t)op->values[0]))
        return "other descriptor";
    if (op->fd >= 0 ? !check_fd((uint64_t)op->fd) : aside >= IMAGE_ASIDE_LIMIT || check_memory_file(checker, op->fd) ||
                                                       check_segment(checker, aside))
        return "descriptor";
    if (op->kind == IMAGE_FILE_MEMFD && op->values[3] != 0 && (op->fd >= 0 || op->values[3] > checker->plan->mapped_files.count))
        return "file index";
    if (op->fd < 0)
        checker->asides[aside / 64] |= UINT64_C(1) << aside % 64;
    return NULL;
}

/* How much fits into it is known at launch only. */
const char *segment_op_problem(struct plan_checker *checker, const struct image_file_op *op)
{
    uint64_t aside = aside_number(op->fd);

    if (op->kind == IMAGE_FILE_SEMAPHORE)
        return op->offset <= UINT16_MAX && (int32_t)op->values[1] >= INT16_MIN && (int32_t)op->values[1] <= INT16_MAX
                   ? NULL : "adjustment";
    if (op->kind == IMAGE_FILE_SEGMENT_DATA) {
        if (op->fd >= 0 || !check_segment(checker, aside))
            return "descriptor";
        if (op->values[0] % STUB_PAGE != 0 || op->values[2] % STUB_PAGE != 0)
            return "offset in the segment";
        return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
    }
    if (op->fd >= 0 || aside >= IMAGE_ASIDE_LIMIT || check_segment(checker, aside) || check_memory_file(checker, op->fd))
        return "descriptor";
    if (op->values[1] == 0 || op->values[1] > INT64_MAX || !check_string(checker, op->path))
        return "size or name";
    checker->segments[aside / 64] |= UINT64_C(1) << aside % 64;
    return NULL;
}
