// SPDX-License-Identifier: Apache-2.0
/* The plan's lazy ranges and the mappings in them. See plan_check.c. */
#include "restore/abi.h"
#include "restore/lazy_ranges.h"
#include "restore/plan_check.h"

#define RANGES_LIMIT UINT64_C(0x100000) /* the record with its stacks ends before IMAGE_PARK_VDSO */
_Static_assert(RANGES_LIMIT * sizeof(struct image_lazy_range) + UINT64_C(0x1000000) <= IMAGE_PARK_VDSO - IMAGE_RESIDENT,
               "room for the record");

static const char *range_problem(const struct plan_checker *checker, const struct image_lazy_range *range,
                                 const struct image_lazy_range *before)
{
    const uint64_t bits = IMAGE_DONE_BITS_LIMIT * 8;
    uint64_t first_free = before == NULL ? 0 : before->address + before->length;
    uint64_t first_bit = before == NULL ? 0 : before->first_page + before->length / STUB_PAGE;

    if (!check_pages(checker, range->address, range->length) || range->address < first_free)
        return "address";
    if (range->first_page < first_bit || range->first_page > bits || range->length / STUB_PAGE > bits - range->first_page)
        return "first page";
    return (range->flags & ~(ABI_MAP_NORESERVE | IMAGE_LAZY_DONTFORK)) == 0 ? NULL : "flags";
}

int check_lazy_ranges(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    const struct image_lazy_range *before = NULL;
    uint64_t index = 0;
    int error = check_table(checker, "lazy range", plan->lazy_ranges, sizeof(struct image_lazy_range));

    if (error == 0 && plan->lazy_ranges.count > RANGES_LIMIT)
        error = check_fault(checker, "lazy range", 0, "table count");
    if (error == 0 && plan->coverage != 0 && !check_string(checker, plan->coverage))
        error = check_fault(checker, "plan", 0, "coverage");
    if (error < 0)
        return error;
    for_each_record(range, image_lazy_range, plan, plan->lazy_ranges) {
        const char *problem = range_problem(checker, range, before);

        if (problem != NULL)
            return check_fault(checker, "lazy range", index, problem);
        before = range;
        index++;
    }
    return 0;
}

const char *check_lazy_op(const struct plan_checker *checker, const struct image_memory_op *op)
{
    const struct image_plan *plan = checker->plan;
    const struct image_lazy_range *ranges = plan_at(plan, plan->lazy_ranges.offset);
    const struct image_lazy_range *range = lazy_range_from(ranges, plan->lazy_ranges.count, op->address);

    if (op->offset % STUB_PAGE != 0 || op->offset / STUB_PAGE > UINT32_MAX || !check_image_bytes(checker, op->offset, op->length))
        return "image offset";
    if (range == NULL || op->address != range->address || op->length != range->length)
        return "lazy range";
    return NULL;
}
