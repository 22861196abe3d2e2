// SPDX-License-Identifier: Apache-2.0
/*
 * Is the plan one that can be carried out? Everything that the stub later takes from the plan as an address, an
 * offset, a count or an index is checked here, before the first unmap; nothing is changed.
 *
 * Rule for changes: no arithmetic on a number of the plan may wrap around; compare by subtraction from the known bound.
 */
#include "restore/plan_check.h"

#include "restore/abi.h"
#include "restore/crc32c.h"

#define PLAN_BYTES_LIMIT UINT64_C(0x17000000) /* plan and blocks end before IMAGE_DONE_BITS, stub in front */
#define THREADS_LIMIT UINT64_C(0x30000)       /* 200,000: their first stacks fit the slot, see threads.c */
#define VDSO_BYTES_LIMIT UINT64_C(0x100000)

int check_fault(struct plan_checker *checker, const char *where, uint64_t index, const char *what)
{
    *checker->fault = (struct plan_fault){.what = what, .where = where, .index = index};
    return -ABI_EINVAL;
}

int check_table(struct plan_checker *checker, const char *where, struct image_table table, uint64_t record_size)
{
    uint64_t size = checker->plan->plan_size;

    if (table.offset > size)
        return check_fault(checker, where, 0, "table offset");
    if (table.count == 0)
        return 0;
    if (table.offset % 8 != 0 || table.offset < sizeof(struct image_plan))
        return check_fault(checker, where, 0, "table offset");
    if (table.count > (size - table.offset) / record_size)
        return check_fault(checker, where, 0, "table count");
    return 0;
}

bool check_string(const struct plan_checker *checker, uint64_t offset)
{
    if (offset < sizeof(struct image_plan))
        return false;
    for (uint64_t i = offset; i < checker->plan->plan_size; i++) {
        if (*plan_string(checker->plan, i) == '\0')
            return true;
    }
    return false;
}

bool check_bytes(const struct plan_checker *checker, uint64_t address, uint64_t length)
{
    return length != 0 && address < IMAGE_ADDRESS_LIMIT && length <= IMAGE_ADDRESS_LIMIT - address &&
           !ranges_overlap(address, length, checker->around->slot, IMAGE_SLOT_SIZE);
}

bool check_pages(const struct plan_checker *checker, uint64_t address, uint64_t length)
{
    return address % STUB_PAGE == 0 && length % STUB_PAGE == 0 && check_bytes(checker, address, length);
}

bool check_image_bytes(const struct plan_checker *checker, uint64_t offset, uint64_t length)
{
    uint64_t size = checker->around->image_size;

    return offset <= size && length <= size - offset;
}

int plan_check_head(const struct image_plan *plan, const struct plan_surroundings *around, struct plan_fault *ret_fault)
{
    struct plan_checker checker = {.plan = plan, .around = around, .fault = ret_fault};
    const char *where = "plan";

    if (around->plan_bytes < sizeof(*plan))
        return check_fault(&checker, where, 0, "size");
    if (plan->magic != IMAGE_MAGIC_U64)
        return check_fault(&checker, where, 0, "magic number");
    if (plan->version != IMAGE_VERSION)
        return check_fault(&checker, where, 0, plan->version < IMAGE_VERSION ? "too old version" : "too new version");
    if (plan->plan_size % STUB_PAGE != 0 || plan->plan_size < sizeof(*plan) || plan->plan_size > PLAN_BYTES_LIMIT ||
        plan->plan_size > around->plan_bytes)
        return check_fault(&checker, where, 0, "plan_size");
    if (plan->blocks_size % STUB_PAGE != 0 || plan->blocks_size > PLAN_BYTES_LIMIT - plan->plan_size ||
        plan->blocks_size > around->plan_bytes - plan->plan_size)
        return check_fault(&checker, where, 0, "blocks_size");
    if (plan->slot != around->slot || plan->slot > IMAGE_SLOT_LIMIT - IMAGE_SLOT_SIZE)
        return check_fault(&checker, where, 0, "slot");
    return 0;
}

bool plan_sums_match(const struct image_plan *plan, bool hardware_crc)
{
    const uint64_t before = offsetof(struct image_plan, plan_crc);
    const uint64_t behind = before + sizeof(plan->plan_crc);
    const uint32_t zero = 0;
    uint32_t crc = stub_crc_add(STUB_CRC_INITIAL, plan, before, hardware_crc);

    crc = stub_crc_add(crc, &zero, sizeof(zero), hardware_crc);
    crc = stub_crc_add(crc, plan_at(plan, behind), plan->plan_size - behind, hardware_crc);
    if (~crc != plan->plan_crc)
        return false;
    crc = stub_crc_add(STUB_CRC_INITIAL, plan_at(plan, plan->plan_size), plan->blocks_size, hardware_crc);
    return ~crc == plan->blocks_crc;
}

static int check_requirements(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_table(checker, "processor feature", plan->cpu_features, sizeof(struct image_cpu_feature));

    if (error < 0)
        return error;
    for_each_record(feature, image_cpu_feature, plan, plan->cpu_features) {
        if (feature->reg > 3 || !check_string(checker, feature->name))
            return check_fault(checker, "processor feature", index, "record");
        index++;
    }
    error = check_table(checker, "xstate component", plan->xstate_components, sizeof(struct image_xstate_component));
    if (error < 0)
        return error;
    index = 0;
    for_each_record(component, image_xstate_component, plan, plan->xstate_components) {
        uint64_t room = plan->thread_block_size - IMAGE_BLOCK_XSTATE;

        if (component->number > 62 || component->offset > room || component->size > room - component->offset)
            return check_fault(checker, "xstate component", index, "place");
        index++;
    }
    return 0;
}

static int check_signals(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_table(checker, "signal action", plan->actions, sizeof(struct image_signal_action));

    if (error < 0)
        return error;
    for_each_record(action, image_signal_action, plan, plan->actions) {
        if (action->signal < 1 || action->signal > 64 || action->signal == ABI_SIGKILL || action->signal == ABI_SIGSTOP)
            return check_fault(checker, "signal action", index, "signal");
        index++;
    }
    return 0;
}

/* In the program's memory, or a register in some thread's frame. */
static bool good_patch_address(const struct plan_checker *checker, uint64_t address, uint64_t width)
{
    const struct image_plan *plan = checker->plan;
    uint64_t blocks = (uint64_t)(uintptr_t)plan + plan->plan_size;

    if (address >= blocks && address - blocks < plan->blocks_size && width <= plan->blocks_size - (address - blocks))
        return (address - blocks) % plan->thread_block_size >= offsetof(struct image_thread_block, frame);
    return check_bytes(checker, address, width);
}

static int check_tid_patches(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_table(checker, "thread id patch", plan->tid_patches, sizeof(struct image_tid_patch));

    if (error < 0)
        return error;
    for_each_record(patch, image_tid_patch, plan, plan->tid_patches) {
        if ((patch->width != 4 && patch->width != 8) || (patch->thread >= plan->threads.count && patch->thread != IMAGE_GROUP_ID))
            return check_fault(checker, "thread id patch", index, "record");
        if (!good_patch_address(checker, patch->address, patch->width))
            return check_fault(checker, "thread id patch", index, "address");
        index++;
    }
    return 0;
}

static int check_vdso(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_table(checker, "vdso function", plan->vdso_symbols, sizeof(struct image_vdso_symbol));
    struct image_table copy = {.offset = plan->vdso_copy, .count = plan->vdso_size};

    if (error < 0 || plan->vdso_address == 0)
        return error;
    if (plan->vdso_size > VDSO_BYTES_LIMIT || plan->vdso_size % STUB_PAGE != 0 ||
        !check_pages(checker, plan->vdso_address, plan->vdso_size))
        return check_fault(checker, "vdso", 0, "address");
    error = check_table(checker, "vdso", copy, 1);
    if (error < 0)
        return error;
    for_each_record(symbol, image_vdso_symbol, plan, plan->vdso_symbols) {
        if (!check_string(checker, symbol->name))
            return check_fault(checker, "vdso function", index, "name");
        if (symbol->offset > plan->vdso_size || symbol->room > plan->vdso_size - symbol->offset)
            return check_fault(checker, "vdso function", index, "place");
        index++;
    }
    return 0;
}

int plan_check(const struct image_plan *plan, const struct plan_surroundings *around, struct plan_fault *ret_fault)
{
    struct plan_checker checker = {.plan = plan, .around = around, .fault = ret_fault};
    int error;

    if (plan->threads.count == 0 || plan->threads.count > THREADS_LIMIT)
        return check_fault(&checker, "plan", 0, "thread count");
    if (plan->thread_block_size % STUB_PAGE != 0 || plan->thread_block_size <= IMAGE_BLOCK_XSTATE)
        return check_fault(&checker, "plan", 0, "thread_block_size");
    if (plan->working_directory != 0 && !check_string(&checker, plan->working_directory))
        return check_fault(&checker, "plan", 0, "working_directory");
    if (plan->launch_record != 0 && (plan->launch_record % 8 != 0 ||
        !check_bytes(&checker, plan->launch_record, sizeof(struct image_launch_record))))
        return check_fault(&checker, "plan", 0, "launch_record");
    error = check_table(&checker, "auxiliary vector", plan->auxv, 2 * sizeof(uint64_t));
    if (error == 0)
        error = check_requirements(&checker);
    if (error == 0)
        error = check_signals(&checker);
    if (error == 0)
        error = check_lazy_ranges(&checker);
    if (error == 0)
        error = check_file_ops(&checker); /* makes what memory operations refer to */
    if (error == 0)
        error = check_memory_ops(&checker);
    if (error == 0)
        error = check_posix_timers(&checker);
    if (error == 0)
        error = check_environment(&checker);
    if (error == 0)
        error = check_inputs(&checker);
    if (error == 0)
        error = check_threads(&checker);
    if (error == 0)
        error = check_tid_patches(&checker);
    if (error == 0)
        error = check_vdso(&checker);
    return error;
}
