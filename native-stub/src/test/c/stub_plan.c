// SPDX-License-Identifier: Apache-2.0
/*
 * The plan's check: a good plan passes; every single lie in it is named; random damage is never believed blindly.
 * Plans lie in a buffer of exactly their size, so that the address sanitizer sees each read outside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "src/test/c/support/whole_plan_check.h"
#include "src/test/c/support/expect.h"
#include "src/test/c/support/image_builder.h"

/* Plan and blocks as the loader would map them. */
struct loaded {
    struct image_plan *plan;
    uint64_t bytes;
    struct plan_surroundings around;
};

static void add_memory_files(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_MEMFD, IMAGE_ASIDE_FIRST);

    op->values[0] = 5000;
    op = builder_file(builder, IMAGE_FILE_MEMFD_DATA, IMAGE_ASIDE_FIRST);
    op->values[0] = 0x1000;
    op->values[1] = builder_data(builder, "data", 4);
    op->values[2] = 0x1000;
    builder_file(builder, IMAGE_FILE_MEMFD_OPEN, 7)->values[0] = (uint32_t)IMAGE_ASIDE_FIRST;
    builder_file(builder, IMAGE_FILE_MEMFD_OPEN, IMAGE_ASIDE_FIRST - 1)->values[0] = 7;
}

static void add_segment(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SEGMENT, IMAGE_ASIDE_FIRST - 2);

    op->path = builder_string(builder, "a segment");
    op->values[1] = 5000;
    op->open_flags = IMAGE_SEGMENT_DESTROYED;
    op = builder_file(builder, IMAGE_FILE_SEGMENT_DATA, IMAGE_ASIDE_FIRST - 2);
    op->values[1] = builder_data(builder, "data", 4);
    op->values[2] = 0x1000;
    builder_file(builder, IMAGE_FILE_SEMAPHORE, 0)->values[1] = 1;
}

static void add_sockets(struct builder *builder)
{
    static const char inet[] = "\2\0\x1f\x90\x7f\0\0\1\0\0\0\0\0\0\0\0"; /* 127.0.0.1:8080, with a zero behind it */
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_SOCKET_BIND, 8);

    op->path = builder_bytes(builder, inet, sizeof(inet));
    op->offset = sizeof(inet) - 1;
    op->values[3] = builder_string(builder, "127.0.0.1:8080");
    op = builder_file(builder, IMAGE_FILE_SOCKET_OPTION, 8);
    op->path = builder_bytes(builder, "\1\0\0\0", 5);
    op->offset = 4;
    op->values[2] = builder_string(builder, "SO_REUSEADDR");
    builder_file(builder, IMAGE_FILE_SOCKET_LISTEN, 8)->values[1] = builder_string(builder, "127.0.0.1:8080");
    op = builder_file(builder, IMAGE_FILE_SOCKET_PAIR, 9);
    op->values[0] = 10;
    op->values[2] = 16;
    op = builder_file(builder, IMAGE_FILE_SOCKET_DATA, 10);
    op->values[0] = 1;
    op->values[2] = 16;
    builder_file(builder, IMAGE_FILE_SOCKET_SHUTDOWN, 10)->values[0] = 3;
}

static void add_ops(struct builder *builder)
{
    struct image_file_op *op = builder_file(builder, IMAGE_FILE_OPEN, 3);
    struct image_mapped_file file = {.path = builder_string(builder, "/lib/mapped"), .size = 4096};
    const struct image_lazy_range ranges[2] = {{.address = 0x9000000, .length = 0x2000},
                                               {.address = 0x9002000, .length = 0x1000, .first_page = 2}};
    static const uint8_t pages[0x2000];

    op->path = builder_string(builder, "/some/file");
    builder_file(builder, IMAGE_FILE_DUPLICATE, 4)->values[0] = 3;
    op = builder_file(builder, IMAGE_FILE_PIPE, 5);
    op->values[0] = 6;
    builder_file(builder, IMAGE_FILE_PIPE_DATA, 6)->values[2] = 16;
    add_memory_files(builder);
    add_sockets(builder);
    add_segment(builder);
    builder_memory(builder, IMAGE_MEMORY_ANONYMOUS, 0x10000, 0x4000, 3, 0);
    builder_memory(builder, IMAGE_MEMORY_READ, 0x10000, 0x1000, 0, builder_data(builder, "data", 4));
    builder_memory(builder, IMAGE_MEMORY_OBJECT, 0, 0x2000, 0, 0);
    builder_memory(builder, IMAGE_MEMORY_OBJECT_MAP, 0x7000000, 0x1000, 3, 0x1000);
    builder_memory(builder, IMAGE_MEMORY_FILE, 0x8000000, 0x1000, 1, 0);
    builder_memory(builder, IMAGE_MEMORY_NAME, 0x10000, 0x1000, 0, builder_string(builder, "heap"));
    builder_memory(builder, IMAGE_MEMORY_LAZY, 0x9000000, 0x2000, 3, builder_data(builder, pages, sizeof(pages)));
    builder_memory(builder, IMAGE_MEMORY_DESCRIPTOR_MAP, 0xa000000, 0x1000, 3, 0x1000)->flags = MAP_SHARED;
    builder->memory[7].argument = (uint32_t)IMAGE_ASIDE_FIRST;
    builder_memory(builder, IMAGE_MEMORY_PREFETCH, 0, 0x2000, 0, builder_data(builder, pages, sizeof(pages)));
    builder_memory(builder, IMAGE_MEMORY_SEGMENT, 0xb000000, 0x1000, 0, 0x1000)->argument = 2;
    builder->plan.mapped_files = builder_table(builder, &file, 1, sizeof(file));
    builder->plan.lazy_ranges = builder_table(builder, ranges, 2, sizeof(ranges[0]));
    builder->plan.coverage = builder_string(builder, "all of them");
}

static void add_rest(struct builder *builder)
{
    struct image_cpu_feature feature = {.leaf = 7, .reg = 1, .mask = 32, .name = builder_string(builder, "avx2")};
    struct image_xstate_component component = {.number = 5, .offset = 832, .size = 64};
    struct image_signal_action action = {.signal = 2, .handler = 1};
    struct image_pending_signal pending = {.signal = 10, .timer = 2};
    const struct image_posix_timer timers[2] = {{.id = 3, .clock = 1, .clock_thread = IMAGE_NO_THREAD, .thread = 1},
                                                {.id = 4, .clock = 6, .clock_thread = 1, .thread = IMAGE_NO_THREAD}};
    struct image_environment_change change = {.name_length = 4};
    struct image_vdso_symbol symbol = {.name = builder_string(builder, "__vdso_time"), .offset = 64, .room = 64};
    static const uint8_t vdso[4096];

    builder->plan.cpu_features = builder_table(builder, &feature, 1, sizeof(feature));
    builder->plan.xstate_components = builder_table(builder, &component, 1, sizeof(component));
    builder->plan.actions = builder_table(builder, &action, 1, sizeof(action));
    builder->plan.posix_timers = builder_table(builder, timers, 2, sizeof(timers[0]));
    builder->plan.pending = builder_table(builder, &pending, 1, sizeof(pending));
    builder->threads[1].pending = builder_table(builder, &pending, 1, sizeof(pending));
    builder->plan.vdso_symbols = builder_table(builder, &symbol, 1, sizeof(symbol));
    builder->plan.vdso_copy = builder_bytes(builder, vdso, sizeof(vdso));
    builder->plan.vdso_address = 0x7fff00000000;
    builder->plan.vdso_size = sizeof(vdso);
    builder->plan.working_directory = builder_string(builder, "/");
    change.text = builder_string(builder, "ROLE=me");
    builder->plan.environment = builder_table(builder, &change, 1, sizeof(change));
    builder->plan.tid_patches.count = 1;
    builder->patches[0] = (struct image_tid_patch){.address = 0x10010, .thread = 1, .width = 4};
}

static void add_inputs(struct builder *builder)
{
    const struct image_input input = {.path = builder_string(builder, "/seen"), .kind = IMAGE_INPUT_FILE, .mode = 0100644};
    const uint64_t words[2] = {builder_string(builder, "sh"), builder_string(builder, "")};

    builder->plan.inputs = builder_table(builder, &input, 1, sizeof(input));
    builder->plan.fallback_path = builder_string(builder, "/bin/sh");
    builder->plan.fallback_arguments = builder_table(builder, words, 2, sizeof(words[0]));
    builder->plan.fallback_takes_arguments = 1;
}

/* Of the second thread, under a filter of two instructions. */
static void add_rights(struct builder *builder)
{
    static const uint64_t instructions[2] = {0x7fff000000000006, 0x7fff000000000006};
    static const uint32_t groups[2] = {5, 27};
    struct image_filter filter = {.instructions = builder_table(builder, instructions, 2, sizeof(instructions[0]))};
    struct image_rights rights = {.groups = builder_table(builder, groups, 2, sizeof(groups[0]))};

    rights.filters = builder_table(builder, &filter, 1, sizeof(filter));
    builder->threads[1].rights = builder_table(builder, &rights, 1, sizeof(rights)).offset;
    builder->plan.filtered = 1;
}

static struct loaded load(void)
{
    struct builder *builder = builder_new();
    struct builder_places places;
    struct loaded loaded;

    builder_thread(builder, 0x400000, 0x500000, 0, 0);
    builder_thread(builder, 0x400000, 0x500000, 0, 0);
    add_ops(builder);
    add_rest(builder);
    add_rights(builder);
    add_inputs(builder);
    places = builder_place(builder);
    builder_finish_plan(builder, &places);
    loaded.bytes = places.plan_size + places.blocks_size;
    loaded.plan = aligned_alloc(BUILDER_PAGE, loaded.bytes);
    memcpy(loaded.plan, builder->plan_bytes, places.plan_size);
    memcpy((uint8_t *)loaded.plan + places.plan_size, builder->blocks, places.blocks_size);
    for (int i = 0; i < 2; i++) {
        struct image_thread_block *block = (void *)((uint8_t *)loaded.plan + places.plan_size + i * BUILDER_BLOCK_BYTES);
        block->frame.fpstate = (uint64_t)block->xstate;
    }
    loaded.plan->blocks_crc = builder_crc((uint8_t *)loaded.plan + places.plan_size, places.blocks_size);
    loaded.plan->plan_crc = 0;
    loaded.plan->plan_crc = builder_crc((uint8_t *)loaded.plan, places.plan_size);
    loaded.around = (struct plan_surroundings){.plan_bytes = loaded.bytes, .image_size = places.end, .slot = BUILDER_SLOT};
    builder_free(builder);
    return loaded;
}

static int check_all(const struct loaded *loaded, struct plan_fault *ret_fault)
{
    int error = plan_check_head(loaded->plan, &loaded->around, ret_fault);

    return error < 0 ? error : plan_check(loaded->plan, &loaded->around, ret_fault);
}

#define RECORD(type, table, index) ((struct type *)plan_at(loaded.plan, loaded.plan->table.offset) + (index))

#define RECORD_WORD(table, index) ((uint64_t *)plan_at(loaded.plan, loaded.plan->table.offset) + (index))

/* One lie: set a field, expect the fault's words, put it back. */
#define EXPECT_FAULT(field, value, in, of)                                                              \
    do {                                                                                                \
        struct plan_fault fault = {"", "", 0};                                                          \
        __typeof__(field) saved = field;                                                                \
        field = (value);                                                                                \
        expect(check_all(&loaded, &fault) == -ABI_EINVAL && strcmp(fault.where, in) == 0 &&             \
                   strcmp(fault.what, of) == 0, #field " = " #value);                                   \
        if (strcmp(fault.what, of) != 0 || strcmp(fault.where, in) != 0)                                \
            fprintf(stderr, "  was \"%s\", \"%s\"\n", fault.where, fault.what);                         \
        field = saved;                                                                                  \
    } while (0)

static void a_good_plan_passes(struct loaded loaded)
{
    struct plan_fault fault = {"", "", 0};

    expect(check_all(&loaded, &fault) == 0, "good plan");
    if (fault.what[0] != '\0')
        fprintf(stderr, "  %s %u: %s\n", fault.where, (unsigned)fault.index, fault.what);
    expect(plan_sums_match(loaded.plan, false), "sums");
    ((uint8_t *)loaded.plan)[loaded.bytes - 1] ^= 1;
    expect(!plan_sums_match(loaded.plan, false), "sum of the blocks");
    ((uint8_t *)loaded.plan)[loaded.bytes - 1] ^= 1;
    loaded.plan->umask ^= 1;
    expect(!plan_sums_match(loaded.plan, false), "sum of the plan");
    loaded.plan->umask ^= 1;
}

static void lies_of_the_head_are_named(struct loaded loaded)
{
    struct image_plan *plan = loaded.plan;

    EXPECT_FAULT(plan->magic, 0, "plan", "magic number");
    EXPECT_FAULT(plan->version, 0, "plan", "too old version");
    EXPECT_FAULT(plan->version, IMAGE_VERSION + 1, "plan", "too new version");
    EXPECT_FAULT(plan->plan_size, plan->plan_size + 1, "plan", "plan_size");
    EXPECT_FAULT(plan->plan_size, 0, "plan", "plan_size");
    EXPECT_FAULT(plan->plan_size, UINT64_MAX - 4095, "plan", "plan_size");
    EXPECT_FAULT(plan->plan_size, loaded.bytes + 4096, "plan", "plan_size");
    EXPECT_FAULT(plan->blocks_size, plan->blocks_size + 4096, "plan", "blocks_size");
    EXPECT_FAULT(plan->blocks_size, UINT64_MAX - 4095, "plan", "blocks_size");
    EXPECT_FAULT(plan->slot, 0x10000000000, "plan", "slot");
    EXPECT_FAULT(plan->threads.count, 0, "plan", "thread count");
    EXPECT_FAULT(plan->threads.count, UINT64_MAX, "plan", "thread count");
    EXPECT_FAULT(plan->threads.count, 3, "thread", "block");
    EXPECT_FAULT(plan->thread_block_size, 2048, "plan", "thread_block_size");
    EXPECT_FAULT(plan->thread_block_size, 0, "plan", "thread_block_size");
    EXPECT_FAULT(plan->working_directory, 1, "plan", "working_directory");
    EXPECT_FAULT(plan->working_directory, UINT64_MAX, "plan", "working_directory");
    EXPECT_FAULT(plan->launch_record, 4, "plan", "launch_record");
    EXPECT_FAULT(plan->launch_record, plan->slot + 4096, "plan", "launch_record");
    EXPECT_FAULT(plan->launch_record, IMAGE_ADDRESS_LIMIT - 8, "plan", "launch_record");
    EXPECT_FAULT(plan->launch_record, UINT64_MAX - 7, "plan", "launch_record");
    EXPECT_FAULT(plan->memory_ops.offset, plan->memory_ops.offset + 4, "memory operation", "table offset");
    EXPECT_FAULT(plan->memory_ops.offset, 8, "memory operation", "table offset");
    EXPECT_FAULT(plan->memory_ops.offset, UINT64_MAX - 7, "memory operation", "table offset");
    EXPECT_FAULT(plan->memory_ops.count, UINT64_MAX / 48 + 2, "memory operation", "table count");
    EXPECT_FAULT(plan->file_ops.count, 1000000, "file operation", "table count");
    EXPECT_FAULT(plan->auxv.count, 1000000, "auxiliary vector", "table offset");
    EXPECT_FAULT(plan->vdso_address, BUILDER_SLOT, "vdso", "address");
    EXPECT_FAULT(plan->vdso_size, UINT64_C(1) << 40, "vdso", "address");
    EXPECT_FAULT(plan->vdso_copy, UINT64_MAX - 7, "vdso", "table offset");
}

static void lies_about_rights_are_named(struct loaded loaded)
{
    struct image_thread *thread = RECORD(image_thread, threads, 1);
    struct image_rights *rights = (struct image_rights *)plan_at(loaded.plan, thread->rights);
    struct image_filter *filter = (struct image_filter *)plan_at(loaded.plan, rights->filters.offset);
    const char *of_thread = "rights of thread", *of_groups = "groups of thread", *of_filters = "seccomp filter of thread";

    EXPECT_FAULT(thread->rights, 8, of_thread, "table offset");
    EXPECT_FAULT(thread->rights, thread->rights + 4, of_thread, "table offset");
    EXPECT_FAULT(thread->rights, loaded.plan->plan_size - 8, of_thread, "table count");
    EXPECT_FAULT(thread->rights, UINT64_MAX - 7, of_thread, "table offset");
    EXPECT_FAULT(rights->groups.count, UINT64_MAX / 4 + 1, of_groups, "table count");
    EXPECT_FAULT(rights->groups.offset, 16, of_groups, "table offset");
    EXPECT_FAULT(rights->filters.count, UINT64_MAX / 24 + 1, of_filters, "table count");
    EXPECT_FAULT(filter->instructions.count, 0, of_filters, "length");
    EXPECT_FAULT(filter->instructions.count, UINT64_MAX / 8 + 1, of_filters, "table count");
    EXPECT_FAULT(filter->instructions.offset, 16, of_filters, "table offset");
    EXPECT_FAULT(loaded.plan->filtered, 0, of_filters, "mark"); /* then the plan would not stay */
}

static void lies_about_lazy_memory_are_named(struct loaded loaded)
{
    struct image_lazy_range *ranges = RECORD(image_lazy_range, lazy_ranges, 0);
    struct image_memory_op *op = RECORD(image_memory_op, memory_ops, 6);
    const char *where = "lazy range", *of_op = "memory operation";

    EXPECT_FAULT(loaded.plan->coverage, UINT64_MAX, "plan", "coverage");
    EXPECT_FAULT(loaded.plan->lazy_ranges.count, UINT64_MAX / 32 + 1, where, "table count");
    EXPECT_FAULT(ranges[0].address, 0x9000800, where, "address");
    EXPECT_FAULT(ranges[0].address, BUILDER_SLOT - 4096, where, "address");
    EXPECT_FAULT(ranges[0].length, 0, where, "address");
    EXPECT_FAULT(ranges[0].length, 0x3000, where, "address");     /* overlap */
    EXPECT_FAULT(ranges[1].address, 0x8000000, where, "address"); /* order */
    EXPECT_FAULT(ranges[1].first_page, 1, where, "first page");   /* shared bits */
    EXPECT_FAULT(ranges[1].first_page, IMAGE_DONE_BITS_LIMIT * 8, where, "first page");
    EXPECT_FAULT(ranges[1].first_page, UINT64_MAX, where, "first page");
    EXPECT_FAULT(ranges[0].flags, 0x10, where, "flags");
    EXPECT_FAULT(op->address, 0x9001000, of_op, "lazy range"); /* reaches into the next */
    EXPECT_FAULT(op->address, 0x8fff000, of_op, "lazy range");
    EXPECT_FAULT(op->address, 0x10000, of_op, "lazy range");
    EXPECT_FAULT(op->length, UINT64_MAX - 4095, of_op, "image offset");
    EXPECT_FAULT(op->length, 0, of_op, "lazy range");
    EXPECT_FAULT(op->length, 0x1000, of_op, "lazy range");
    EXPECT_FAULT(op->offset, op->offset + 8, of_op, "image offset");
    EXPECT_FAULT(op->offset, loaded.around.image_size - 4096, of_op, "image offset"); /* SIGBUS behind the end */
    EXPECT_FAULT(op->protection, 8, of_op, "protection");
}

static void lies_about_memory_are_named(struct loaded loaded)
{
    struct image_memory_op *ops = RECORD(image_memory_op, memory_ops, 0);
    const char *where = "memory operation";

    EXPECT_FAULT(ops[0].kind, 0, where, "kind");
    EXPECT_FAULT(ops[0].kind, 1000, where, "kind");
    EXPECT_FAULT(ops[0].address, 1, where, "address");
    EXPECT_FAULT(ops[0].address, BUILDER_SLOT - 4096, where, "address");
    EXPECT_FAULT(ops[0].address, BUILDER_SLOT + IMAGE_SLOT_SIZE - 4096, where, "address");
    EXPECT_FAULT(ops[0].address, IMAGE_ADDRESS_LIMIT - 4096, where, "address");
    EXPECT_FAULT(ops[0].address, UINT64_MAX - 4095, where, "address");
    EXPECT_FAULT(ops[0].length, 0, where, "address");
    EXPECT_FAULT(ops[0].length, 100, where, "address");
    EXPECT_FAULT(ops[0].length, UINT64_MAX - 4095, where, "address");
    EXPECT_FAULT(ops[0].length, BUILDER_SLOT, where, "address");
    EXPECT_FAULT(ops[0].protection, 8, where, "protection");
    EXPECT_FAULT(ops[0].flags, 1, where, "flags"); /* MAP_SHARED */
    EXPECT_FAULT(ops[0].flags, 0x10, where, "flags"); /* MAP_FIXED */
    EXPECT_FAULT(ops[1].offset, loaded.around.image_size, where, "image offset");
    EXPECT_FAULT(ops[1].offset, UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[1].kind, 1000, where, "kind");
    EXPECT_FAULT(ops[2].length, 0, where, "length");
    EXPECT_FAULT(ops[2].length, 0x1000, where, "object offset");
    EXPECT_FAULT(ops[3].offset, 0x2000, where, "object offset");
    EXPECT_FAULT(ops[3].offset, 1, where, "object offset");
    EXPECT_FAULT(ops[4].argument, 1, where, "file index");
    EXPECT_FAULT(ops[4].offset, INT64_MAX - 0xfff + UINT64_C(0), where, "file offset");
    EXPECT_FAULT(ops[5].offset, 3, where, "name");
    EXPECT_FAULT(ops[7].argument, (uint32_t)IMAGE_ASIDE_FIRST - 2, where, "descriptor"); /* never made */
    EXPECT_FAULT(ops[7].argument, UINT32_MAX, where, "descriptor");
    EXPECT_FAULT(ops[7].argument, (uint32_t)IMAGE_ASIDE_FIRST - IMAGE_ASIDE_LIMIT, where, "descriptor");
    EXPECT_FAULT(ops[7].argument, INT32_MAX, where, "descriptor");
    EXPECT_FAULT(ops[7].flags, 0, where, "flags");
    EXPECT_FAULT(ops[7].flags, MAP_SHARED | MAP_PRIVATE, where, "flags");
    EXPECT_FAULT(ops[7].flags, MAP_SHARED | MAP_FIXED, where, "flags");
    EXPECT_FAULT(ops[7].offset, 1, where, "file offset");
    EXPECT_FAULT(ops[7].offset, INT64_MAX - 0xfff + UINT64_C(0), where, "file offset");
    EXPECT_FAULT(ops[8].length, 0, where, "length");
    EXPECT_FAULT(ops[8].length, 0x1001, where, "length");
    EXPECT_FAULT(ops[8].length, UINT64_MAX - 4095, where, "image offset");
    EXPECT_FAULT(ops[8].offset, loaded.around.image_size - 4096, where, "image offset");
    EXPECT_FAULT(ops[8].offset, UINT64_MAX - 4095, where, "image offset");
    EXPECT_FAULT(ops[9].argument, 1, where, "segment"); /* a memfd */
    EXPECT_FAULT(ops[9].argument, IMAGE_ASIDE_LIMIT, where, "segment");
    EXPECT_FAULT(ops[9].argument, UINT32_MAX, where, "segment");
    EXPECT_FAULT(ops[9].flags, MAP_SHARED, where, "flags");
    EXPECT_FAULT(ops[9].offset, 1, where, "offset");
    EXPECT_FAULT(ops[9].offset, INT64_MAX - 0xfff + UINT64_C(0), where, "offset");
    EXPECT_FAULT(RECORD(image_mapped_file, mapped_files, 0)->path, 0, "mapped file", "path");
    EXPECT_FAULT(RECORD(image_mapped_file, mapped_files, 0)->instead, 2, "mapped file", "descriptor");
    EXPECT_FAULT(RECORD(image_mapped_file, mapped_files, 0)->instead, -1, "mapped file", "descriptor");
    EXPECT_FAULT(RECORD(image_mapped_file, mapped_files, 0)->instead, IMAGE_ASIDE_FIRST - 2, "mapped file", "descriptor");
}

static void lies_about_files_are_named(struct loaded loaded)
{
    struct image_file_op *ops = RECORD(image_file_op, file_ops, 0);
    const char *where = "file operation";

    EXPECT_FAULT(ops[0].kind, 0, where, "kind");
    EXPECT_FAULT(ops[0].kind, IMAGE_FILE_SOCKET_RESET + 1, where, "kind");
    EXPECT_FAULT(ops[0].fd, -1, where, "descriptor");
    EXPECT_FAULT(ops[0].fd, INT32_MAX, where, "descriptor");
    EXPECT_FAULT(ops[0].path, 0, where, "path");
    EXPECT_FAULT(ops[0].path, loaded.plan->plan_size, where, "path");
    EXPECT_FAULT(ops[0].close_on_exec, 2, where, "close_on_exec");
    EXPECT_FAULT(ops[1].values[0], UINT64_MAX, where, "other descriptor");
    EXPECT_FAULT(ops[1].path, 5, where, "path");
    EXPECT_FAULT(ops[2].values[0], 5, where, "descriptor");
    EXPECT_FAULT(ops[2].values[0], 0x80000000, where, "descriptor");
    EXPECT_FAULT(ops[2].values[2], UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[2].offset, 1, where, "packet count");
    EXPECT_FAULT(ops[3].values[0], 5, where, "packet count");
    EXPECT_FAULT(ops[3].values[1], UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[4].fd, -1, where, "descriptor");
    EXPECT_FAULT(ops[4].fd, IMAGE_ASIDE_FIRST - IMAGE_ASIDE_LIMIT, where, "descriptor");
    EXPECT_FAULT(ops[4].fd, INT32_MIN, where, "descriptor");
    EXPECT_FAULT(ops[4].fd, INT32_MAX, where, "descriptor");
    EXPECT_FAULT(ops[4].fd, IMAGE_ASIDE_FIRST - 1, where, "descriptor"); /* what follows refers to the first */
    EXPECT_FAULT(ops[5].values[0], 1, where, "file offset");
    EXPECT_FAULT(ops[5].values[0], INT64_MAX - 0xfff + UINT64_C(0), where, "file offset");
    EXPECT_FAULT(ops[5].values[2], 0, where, "file offset");
    EXPECT_FAULT(ops[5].values[2], 100, where, "file offset");
    EXPECT_FAULT(ops[5].values[1], UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[6].values[0], (uint32_t)IMAGE_ASIDE_FIRST - 1, where, "other descriptor"); /* not made yet */
    EXPECT_FAULT(ops[7].fd, IMAGE_ASIDE_FIRST, where, "descriptor"); /* twice */
    EXPECT_FAULT(ops[4].values[3], 2, where, "file index");
}

static void lies_about_segments_are_named(struct loaded loaded)
{
    struct image_file_op *ops = RECORD(image_file_op, file_ops, 0);
    const char *where = "file operation";

    while (ops->kind != IMAGE_FILE_SEGMENT)
        ops++;
    EXPECT_FAULT(ops[0].fd, 3, where, "descriptor");
    EXPECT_FAULT(ops[0].fd, IMAGE_ASIDE_FIRST, where, "descriptor"); /* a memfd */
    EXPECT_FAULT(ops[0].fd, IMAGE_ASIDE_FIRST - IMAGE_ASIDE_LIMIT, where, "descriptor");
    EXPECT_FAULT(ops[0].values[1], 0, where, "size or name");
    EXPECT_FAULT(ops[0].values[1], UINT64_MAX, where, "size or name");
    EXPECT_FAULT(ops[0].path, 0, where, "size or name");
    EXPECT_FAULT(ops[1].fd, IMAGE_ASIDE_FIRST, where, "descriptor");
    EXPECT_FAULT(ops[1].values[0], 1, where, "offset in the segment");
    EXPECT_FAULT(ops[1].values[2], 100, where, "offset in the segment");
    EXPECT_FAULT(ops[1].values[1], UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[2].offset, 0x10000, where, "adjustment");
    EXPECT_FAULT(ops[2].values[1], 0x8000, where, "adjustment");
}

static void lies_about_locks_and_watches_are_named(struct loaded loaded)
{
    struct image_file_op *op = RECORD(image_file_op, file_ops, 0);
    struct image_file_op before = *op;
    const char *where = "file operation";

    *op = (struct image_file_op){.kind = IMAGE_FILE_LOCK, .fd = 3, .values = {IMAGE_LOCK_PROCESS, 1, 10, 20}};
    EXPECT_FAULT(op->values[0], 0, where, "lock");
    EXPECT_FAULT(op->values[0], 4, where, "lock");
    EXPECT_FAULT(op->values[1], 2, where, "lock");
    EXPECT_FAULT(op->values[2], UINT64_MAX, where, "range of the lock");
    EXPECT_FAULT(op->values[3], INT64_MAX - 9 + UINT64_C(0), where, "range of the lock");
    EXPECT_FAULT(op->fd, -1, where, "descriptor");
    *op = (struct image_file_op){.kind = IMAGE_FILE_WATCH, .fd = 3, .path = before.path, .values = {1}};
    EXPECT_FAULT(op->values[0], 0, where, "number of the watch");
    EXPECT_FAULT(op->values[0], INT32_MAX + UINT64_C(1), where, "number of the watch");
    EXPECT_FAULT(op->path, 0, where, "path");
    EXPECT_FAULT(op->path, 1, where, "path");
    *op = (struct image_file_op){.kind = IMAGE_FILE_QUEUE, .fd = 3, .path = before.path};
    EXPECT_FAULT(op->path, 0, where, "path");
    *op = (struct image_file_op){.kind = IMAGE_FILE_EPOLL_SPENT, .fd = 3, .values = {4, 0x40000000, 0, 5}};
    EXPECT_FAULT(op->values[0], UINT64_MAX, where, "other descriptor");
    EXPECT_FAULT(op->values[3], UINT64_MAX, where, "other descriptor");
    *op = (struct image_file_op){.kind = IMAGE_FILE_TERMINAL_MODES, .fd = 0, .path = before.path, .offset = 1};
    EXPECT_FAULT(op->kind, IMAGE_FILE_TERMINAL_MODES, where, "modes"); /* a string is too short for them */
    EXPECT_FAULT(op->offset, UINT64_MAX, where, "modes");
    op->kind = IMAGE_FILE_PIDFD;
    EXPECT_FAULT(op->kind, 29, where, "kind");
    EXPECT_FAULT(op->kind, 99, where, "kind");
    *op = before;
}

static void lies_about_what_leads_out_are_named(struct loaded loaded)
{
    struct image_file_op *op = RECORD(image_file_op, file_ops, 0);
    struct image_environment_change *change = RECORD(image_environment_change, environment, 0);
    struct image_file_op before = *op;
    const char *where = "file operation";

    *op = (struct image_file_op){.kind = IMAGE_FILE_INHERIT, .fd = 3};
    EXPECT_FAULT(op->values[0], 3, where, "wish");
    EXPECT_FAULT(op->fd, -1, where, "descriptor");
    *op = (struct image_file_op){.kind = IMAGE_FILE_FIFO, .fd = 3, .path = before.path};
    EXPECT_FAULT(op->path, 0, where, "path");
    EXPECT_FAULT(op->values[2], UINT64_MAX, where, "image offset");
    *op = (struct image_file_op){.kind = IMAGE_FILE_PIPE_OPEN, .fd = 3};
    EXPECT_FAULT(op->values[0], UINT64_MAX, where, "other descriptor");
    *op = (struct image_file_op){.kind = IMAGE_FILE_OWNER, .fd = 3};
    EXPECT_FAULT(op->values[0], 4, where, "owner");
    EXPECT_FAULT(op->values[1], 2, where, "thread");
    EXPECT_FAULT(op->values[2], 65, where, "signal");
    *op = before;
    EXPECT_FAULT(change->text, 0, "change of the environment", "text");
    EXPECT_FAULT(change->text, loaded.plan->plan_size, "change of the environment", "text");
    EXPECT_FAULT(change->name_length, 0, "change of the environment", "name");
    EXPECT_FAULT(change->name_length, 8, "change of the environment", "name");
}

static void lies_about_sockets_are_named(struct loaded loaded)
{
    struct image_file_op *ops = RECORD(image_file_op, file_ops, 8);
    const char *where = "file operation";

    EXPECT_FAULT(ops[0].fd, -1, where, "descriptor");
    EXPECT_FAULT(ops[0].path, 0, where, "address");
    EXPECT_FAULT(ops[0].path, loaded.plan->plan_size, where, "address");
    EXPECT_FAULT(ops[0].path, loaded.plan->plan_size - 8, where, "address");
    EXPECT_FAULT(ops[0].path, UINT64_MAX, where, "address");
    EXPECT_FAULT(ops[0].path, ops[0].path + 1, where, "address"); /* another family, and no zero behind it */
    EXPECT_FAULT(ops[0].offset, 0, where, "address");
    EXPECT_FAULT(ops[0].offset, 15, where, "address");
    EXPECT_FAULT(ops[0].offset, 111, where, "address");
    EXPECT_FAULT(ops[0].offset, UINT64_MAX, where, "address");
    EXPECT_FAULT(ops[0].values[1], UINT64_MAX, where, "text");
    EXPECT_FAULT(ops[0].values[3], loaded.plan->plan_size, where, "text");
    EXPECT_FAULT(ops[1].path, 0, where, "value");
    EXPECT_FAULT(ops[1].offset, 5000, where, "value");
    EXPECT_FAULT(ops[1].offset, UINT64_MAX, where, "value");
    EXPECT_FAULT(ops[1].values[2], UINT64_MAX, where, "text");
    EXPECT_FAULT(ops[2].values[1], UINT64_MAX, where, "text");
    EXPECT_FAULT(ops[3].values[0], 9, where, "other descriptor");
    EXPECT_FAULT(ops[3].values[0], 0x80000000, where, "other descriptor");
    EXPECT_FAULT(ops[3].offset, 5, where, "packet count");
    EXPECT_FAULT(ops[3].values[2], UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[4].values[0], 5, where, "packet count");
    EXPECT_FAULT(ops[4].values[1], UINT64_MAX, where, "image offset");
    EXPECT_FAULT(ops[5].values[0], 0, where, "direction");
    EXPECT_FAULT(ops[5].values[0], 4, where, "direction");
}

static void lies_about_the_rest_are_named(struct loaded loaded)
{
    struct image_thread *threads = RECORD(image_thread, threads, 0);
    struct image_thread_block *block = plan_block(loaded.plan, &threads[1]);

    EXPECT_FAULT(threads[1].block, threads[0].block, "thread", "block");
    EXPECT_FAULT(threads[1].block, threads[1].block + 8, "thread", "block");
    EXPECT_FAULT(threads[1].block, threads[1].block + 4096, "thread", "block");
    EXPECT_FAULT(threads[0].block, 0, "thread", "block");
    EXPECT_FAULT(threads[1].block, UINT64_MAX - 4095, "thread", "block");
    EXPECT_FAULT(threads[1].pending.count, 99999, "pending signal of thread", "table count");
    EXPECT_FAULT(threads[1].clear_child_tid, BUILDER_SLOT + 64, "thread", "clear_child_tid");
    EXPECT_FAULT(threads[1].clear_child_tid, UINT64_MAX - 3, "thread", "clear_child_tid");
    threads[1].rseq_size = 32;
    EXPECT_FAULT(threads[1].rseq_address, BUILDER_SLOT + IMAGE_SLOT_SIZE - 32, "thread", "rseq_address");
    EXPECT_FAULT(threads[1].rseq_address, 0x10001, "thread", "rseq_address");
    EXPECT_FAULT(threads[1].rseq_address, IMAGE_ADDRESS_LIMIT, "thread", "rseq_address");
    threads[1].rseq_size = 0;
    EXPECT_FAULT(threads[1].rseq_address, 0x10000, "thread", "rseq_address");
    EXPECT_FAULT(threads[1].interrupted_rip, IMAGE_ADDRESS_LIMIT, "thread", "interrupted_rip");
    EXPECT_FAULT(threads[0].interrupted_rip, UINT64_MAX, "thread", "interrupted_rip");
    EXPECT_FAULT(block->frame.cs, 0x10, "thread", "segment");
    EXPECT_FAULT(block->frame.ss, 0, "thread", "segment");
    EXPECT_FAULT(block->frame.rip, UINT64_MAX, "thread", "program address");
    EXPECT_FAULT(block->frame.fpstate, block->frame.fpstate + 64, "thread", "fpstate");
    EXPECT_FAULT(block->xstate[XSTATE_SOFTWARE], 0, "thread", "xstate");
    EXPECT_FAULT(RECORD(image_pending_signal, pending, 0)->signal, 65, "pending signal", "signal");
    EXPECT_FAULT(RECORD(image_signal_action, actions, 0)->signal, 9, "signal action", "signal");
    EXPECT_FAULT(RECORD(image_signal_action, actions, 0)->signal, 0, "signal action", "signal");
    EXPECT_FAULT(RECORD(image_tid_patch, tid_patches, 0)->thread, 2, "thread id patch", "record");
    EXPECT_FAULT(RECORD(image_tid_patch, tid_patches, 0)->width, 2, "thread id patch", "record");
    EXPECT_FAULT(RECORD(image_tid_patch, tid_patches, 0)->address, BUILDER_SLOT + 8, "thread id patch", "address");
    EXPECT_FAULT(RECORD(image_tid_patch, tid_patches, 0)->address, (uint64_t)block->stack, "thread id patch", "address");
    EXPECT_FAULT(RECORD(image_cpu_feature, cpu_features, 0)->reg, 4, "processor feature", "record");
    EXPECT_FAULT(RECORD(image_cpu_feature, cpu_features, 0)->name, 0, "processor feature", "record");
    EXPECT_FAULT(RECORD(image_xstate_component, xstate_components, 0)->offset, 8192, "xstate component", "place");
    EXPECT_FAULT(RECORD(image_xstate_component, xstate_components, 0)->size, UINT32_MAX, "xstate component", "place");
    EXPECT_FAULT(RECORD(image_xstate_component, xstate_components, 0)->number, 63, "xstate component", "place");
    EXPECT_FAULT(RECORD(image_vdso_symbol, vdso_symbols, 0)->offset, 4096, "vdso function", "place");
    EXPECT_FAULT(RECORD(image_vdso_symbol, vdso_symbols, 0)->name, 0, "vdso function", "name");
}

static void lies_about_timers_are_named(struct loaded loaded)
{
    struct image_posix_timer *timers = RECORD(image_posix_timer, posix_timers, 0);
    const char *where = "POSIX timer";

    EXPECT_FAULT(loaded.plan->posix_timers.count, UINT64_MAX, where, "table count");
    EXPECT_FAULT(timers[0].id, -1, where, "id");
    EXPECT_FAULT(timers[1].id, 3, where, "id");
    EXPECT_FAULT(timers[0].thread, 2, where, "thread");
    EXPECT_FAULT(timers[1].clock_thread, 2, where, "clock");
    EXPECT_FAULT(timers[1].clock, 8, where, "clock");
    EXPECT_FAULT(timers[1].clock, -1, where, "clock");
    EXPECT_FAULT(timers[0].interval_ns, UINT64_MAX, where, "time");
    EXPECT_FAULT(timers[0].remaining_ns, UINT64_MAX, where, "time");
    EXPECT_FAULT(RECORD(image_pending_signal, pending, 0)->timer, 3, "pending signal", "timer");
}

static void lies_about_inputs_are_named(struct loaded loaded)
{
    struct image_plan *plan = loaded.plan;
    struct image_input *input = RECORD(image_input, inputs, 0);
    uint64_t *argument = RECORD_WORD(fallback_arguments, 1);
    const char *of_argument = "argument of the fallback";

    EXPECT_FAULT(plan->inputs.count, UINT64_MAX / 80 + 1, "input", "table count");
    EXPECT_FAULT(plan->inputs.count, plan->plan_size, "input", "table count");
    EXPECT_FAULT(plan->inputs.offset, plan->inputs.offset + 4, "input", "table offset");
    EXPECT_FAULT(plan->inputs.offset, UINT64_MAX - 7, "input", "table offset");
    EXPECT_FAULT(input->path, 0, "input", "path");
    EXPECT_FAULT(input->path, input->path + 1, "input", "path"); /* a relative one */
    EXPECT_FAULT(input->path, plan->plan_size, "input", "path");
    EXPECT_FAULT(input->path, UINT64_MAX, "input", "path");
    EXPECT_FAULT(input->kind, 0, "input", "kind");
    EXPECT_FAULT(input->kind, IMAGE_INPUT_MISSING + 1, "input", "kind");
    EXPECT_FAULT(plan->fallback_path, 0, "fallback", "path");
    EXPECT_FAULT(plan->fallback_path, plan->fallback_path + 1, "fallback", "path");
    EXPECT_FAULT(plan->fallback_path, UINT64_MAX, "fallback", "path");
    EXPECT_FAULT(plan->fallback_takes_arguments, 2, "fallback", "choice of arguments");
    EXPECT_FAULT(plan->fallback_arguments.count, 0, "fallback", "number of arguments");
    EXPECT_FAULT(plan->fallback_arguments.count, UINT64_MAX / 8 + 2, of_argument, "table count");
    EXPECT_FAULT(plan->fallback_arguments.offset, 8, of_argument, "table offset");
    EXPECT_FAULT(*argument, 0, of_argument, "text");
    EXPECT_FAULT(*argument, UINT64_MAX, of_argument, "text");
}

/* A string that runs up to the plan's last byte without an end is none. */
static void an_endless_string_is_none(struct loaded loaded)
{
    uint8_t *end = (uint8_t *)loaded.plan + loaded.plan->plan_size;
    uint8_t tail[64];

    memcpy(tail, end - 64, 64);
    memset(end - 64, 'x', 64);
    EXPECT_FAULT(loaded.plan->working_directory, loaded.plan->plan_size - 64, "plan", "working_directory");
    memcpy(end - 64, tail, 64);
}

/* stub_plan FILE: writes the good plan, the seed of src/test/fuzz/stub_plan_fuzz.c. */
static void write_seed(const struct loaded *loaded, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL || fwrite(loaded->plan, 1, loaded->bytes, file) != loaded->bytes || fclose(file) != 0)
        err(1, "%s", path);
}

int main(int argc, char **argv)
{
    struct loaded loaded = load();

    if (argc == 2)
        write_seed(&loaded, argv[1]);
    a_good_plan_passes(loaded);
    lies_of_the_head_are_named(loaded);
    lies_about_memory_are_named(loaded);
    lies_about_lazy_memory_are_named(loaded);
    lies_about_rights_are_named(loaded);
    lies_about_files_are_named(loaded);
    lies_about_segments_are_named(loaded);
    lies_about_locks_and_watches_are_named(loaded);
    lies_about_what_leads_out_are_named(loaded);
    lies_about_sockets_are_named(loaded);
    lies_about_the_rest_are_named(loaded);
    lies_about_timers_are_named(loaded);
    lies_about_inputs_are_named(loaded);
    an_endless_string_is_none(loaded);
    a_good_plan_passes(loaded);
    free(loaded.plan);
    return failures != 0;
}
