// SPDX-License-Identifier: Apache-2.0
/*
 * Coverage-guided fuzzing of the plan's check. An input is what the loader would have mapped, plan and thread blocks;
 * the check must not read outside of it, whatever it says, and what it accepts must be walkable.
 * Run:  make -C native-stub fuzz   (clang; FUZZ_SECONDS=60)
 */
#include <stdlib.h>
#include <string.h>

#include "src/test/c/support/whole_plan_check.h"

#define SLOT UINT64_C(0x20000000000)
#define IMAGE_SIZE UINT64_C(0x1000000)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Numbers that the fuzzer would have to guess. The frames' fpstate is an address of this run. */
static void help_along(struct image_plan *plan, uint64_t size)
{
    uint64_t pages = size & ~(STUB_PAGE - 1);

    plan->magic = IMAGE_MAGIC_U64;
    plan->version = IMAGE_VERSION;
    plan->slot = SLOT;
    if (pages >= 3 * STUB_PAGE && (plan->plan_size % STUB_PAGE != 0 || plan->plan_size >= size))
        plan->plan_size = STUB_PAGE;
    if (plan->plan_size < size)
        plan->blocks_size = (size - plan->plan_size) & ~(STUB_PAGE - 1);
    if (plan->plan_size == STUB_PAGE && size >= STUB_PAGE + sizeof(struct image_thread_block) + 512) {
        struct image_thread_block *block = (void *)((uint8_t *)plan + STUB_PAGE);

        block->frame.fpstate = (uint64_t)(uintptr_t)block->xstate;
    }
}

/* Reads what the stub will read without further checks. */
static void walk(const struct image_plan *plan)
{
    uint64_t sum = 0;

    for_each_record(op, image_file_op, plan, plan->file_ops) {
        sum += op->path == 0 ? 0 : strlen(plan_string(plan, op->path));
        for (uint64_t i = 0; op->kind >= IMAGE_FILE_SOCKET_OPTION && op->kind <= IMAGE_FILE_SOCKET_CONNECT && i <= op->offset; i++)
            sum += (uint8_t)plan_string(plan, op->path)[i];
    }
    for_each_record(thread, image_thread, plan, plan->threads) {
        struct image_thread_block *block = plan_block(plan, thread);
        struct image_thread_block copy;

        memcpy(&copy, block, sizeof(copy));
        memset(block, 0, plan->thread_block_size);
        memcpy(block, &copy, sizeof(copy));
        for_each_record(pending, image_pending_signal, plan, thread->pending)
            sum += pending->info[127];
    }
    for_each_record(input, image_input, plan, plan->inputs)
        sum += strlen(plan_string(plan, input->path));
    for (uint64_t i = 0; i < plan->fallback_arguments.count; i++)
        sum += strlen(plan_string(plan, ((const uint64_t *)plan_at(plan, plan->fallback_arguments.offset))[i]));
    for_each_record(file, image_mapped_file, plan, plan->mapped_files)
        sum += strlen(plan_string(plan, file->path));
    for_each_record(symbol, image_vdso_symbol, plan, plan->vdso_symbols)
        sum += strlen(plan_string(plan, symbol->name));
    for_each_record(op, image_memory_op, plan, plan->memory_ops) {
        if (op->kind != IMAGE_MEMORY_OBJECT && ranges_overlap(op->address, op->length, SLOT, IMAGE_SLOT_SIZE))
            abort();
    }
    *(volatile uint64_t *)&sum = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct plan_surroundings around = {.plan_bytes = size, .image_size = IMAGE_SIZE, .slot = SLOT};
    struct plan_fault fault;
    struct image_plan *plan;

    if (size < sizeof(*plan))
        return 0;
    plan = malloc(size); /* exactly, so that the sanitizer sees the first byte behind */
    memcpy(plan, bytes, size);
    help_along(plan, size);
    if (plan_check_head(plan, &around, &fault) == 0) {
        plan_sums_match(plan, true);
        if (plan_check(plan, &around, &fault) == 0)
            walk(plan);
    }
    free(plan);
    return 0;
}
