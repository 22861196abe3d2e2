// SPDX-License-Identifier: Apache-2.0
/* The plan's mapped files and memory operations. See plan_check.c. */
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan_check.h"

#define MEMORY_FLAGS \
    ((uint32_t)(ABI_MAP_GROWSDOWN | ABI_MAP_LOCKED | ABI_MAP_NORESERVE | ABI_MAP_POPULATE | ABI_MAP_STACK))

bool memory_op_maps(uint32_t kind)
{
    return kind == IMAGE_MEMORY_ANONYMOUS || kind == IMAGE_MEMORY_SHARED || kind == IMAGE_MEMORY_IMAGE ||
           kind == IMAGE_MEMORY_FILE || kind == IMAGE_MEMORY_OBJECT_MAP || kind == IMAGE_MEMORY_DROPPABLE ||
           kind == IMAGE_MEMORY_LAZY || kind == IMAGE_MEMORY_DESCRIPTOR_MAP || kind == IMAGE_MEMORY_SEGMENT;
}

static bool one_way_of_mapping(uint32_t flags)
{
    uint32_t way = flags & (uint32_t)(ABI_MAP_SHARED | ABI_MAP_PRIVATE);

    return way == ABI_MAP_SHARED || way == ABI_MAP_PRIVATE;
}

static bool memory_op_has_address(uint32_t kind)
{
    return kind != IMAGE_MEMORY_OBJECT && kind != IMAGE_MEMORY_PREFETCH;
}

/* What the kind's offset and argument must keep to. */
static const char *memory_op_problem(struct plan_checker *checker, const struct image_memory_op *op)
{
    bool offset_wraps = op->length > INT64_MAX || op->offset > INT64_MAX - op->length;

    switch (op->kind) {
    case IMAGE_MEMORY_READ:
    case IMAGE_MEMORY_PREFETCH:
        return check_image_bytes(checker, op->offset, op->length) ? NULL : "image offset";
    case IMAGE_MEMORY_IMAGE:
        return op->offset % STUB_PAGE == 0 && !offset_wraps ? NULL : "image offset";
    case IMAGE_MEMORY_LAZY:
        return check_lazy_op(checker, op);
    case IMAGE_MEMORY_FILE:
        if (op->argument >= checker->plan->mapped_files.count)
            return "file index";
        return op->offset % STUB_PAGE == 0 && !offset_wraps ? NULL : "file offset";
    case IMAGE_MEMORY_OBJECT:
        checker->object_size = op->length;
        return NULL;
    case IMAGE_MEMORY_OBJECT_MAP:
        return op->offset % STUB_PAGE == 0 && op->offset <= checker->object_size &&
                       op->length <= checker->object_size - op->offset
                   ? NULL
                   : "object offset";
    case IMAGE_MEMORY_DESCRIPTOR_MAP:
        if (!check_memory_file(checker, (int32_t)op->argument))
            return "descriptor";
        if (!one_way_of_mapping(op->flags))
            return "flags";
        return op->offset % STUB_PAGE == 0 && !offset_wraps ? NULL : "file offset";
    case IMAGE_MEMORY_SEGMENT:
        if (!check_segment(checker, op->argument))
            return "segment";
        return op->offset % STUB_PAGE == 0 && !offset_wraps ? NULL : "offset";
    case IMAGE_MEMORY_NAME:
        return check_string(checker, op->offset) ? NULL : "name";
    case IMAGE_MEMORY_POLICY:
        return NULL;
    default:
        return op->kind >= IMAGE_MEMORY_ANONYMOUS && op->kind <= IMAGE_MEMORY_DROPPABLE ? NULL : "kind";
    }
}

static uint32_t memory_flags(uint32_t kind)
{
    if (kind == IMAGE_MEMORY_SEGMENT)
        return IMAGE_SEGMENT_READ_ONLY;
    return kind == IMAGE_MEMORY_DESCRIPTOR_MAP ? MEMORY_FLAGS | (uint32_t)(ABI_MAP_SHARED | ABI_MAP_PRIVATE) : MEMORY_FLAGS;
}

static int check_mapped_files(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_table(checker, "mapped file", plan->mapped_files, sizeof(struct image_mapped_file));

    if (error < 0)
        return error;
    for_each_record(file, image_mapped_file, plan, plan->mapped_files) {
        if (!check_string(checker, file->path))
            return check_fault(checker, "mapped file", index, "path");
        if (file->instead < 0 ? !check_memory_file(checker, file->instead) : file->instead > IMAGE_INSTEAD_BYTES)
            return check_fault(checker, "mapped file", index, "descriptor");
        index++;
    }
    return 0;
}

int check_memory_ops(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_mapped_files(checker);

    if (error == 0)
        error = check_table(checker, "memory operation", plan->memory_ops, sizeof(struct image_memory_op));
    if (error < 0)
        return error;
    for_each_record(op, image_memory_op, plan, plan->memory_ops) {
        const char *problem = memory_op_problem(checker, op);

        if (problem == NULL && memory_op_has_address(op->kind) && !check_pages(checker, op->address, op->length))
            problem = "address";
        if (problem == NULL && !memory_op_has_address(op->kind) &&
            (op->length == 0 || op->length % STUB_PAGE != 0 || op->length > INT64_MAX))
            problem = "length";
        if (problem == NULL && (op->protection & ~(uint32_t)(ABI_PROT_READ | ABI_PROT_WRITE | ABI_PROT_EXEC)) != 0)
            problem = "protection";
        if (problem == NULL && (op->flags & ~memory_flags(op->kind)) != 0)
            problem = "flags";
        if (problem != NULL)
            return check_fault(checker, "memory operation", index, problem);
        index++;
    }
    return 0;
}
