// SPDX-License-Identifier: Apache-2.0
/* The plan's longer tables: memory and file operations, threads and their blocks. See plan_check.c. */
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan_check.h"
#include "restore/xstate.h"

#define FD_LIMIT 0x40000000 /* NR_OPEN is never above INT_MAX; dup3 says the rest */
#define IMAGE_RSEQ_BYTES 32  /* ORIG_RSEQ_SIZE, kernel/rseq.c; also the least alignment */
#define MEMORY_FLAGS \
    ((uint32_t)(ABI_MAP_GROWSDOWN | ABI_MAP_LOCKED | ABI_MAP_NORESERVE | ABI_MAP_POPULATE | ABI_MAP_STACK))

bool memory_op_maps(uint32_t kind)
{
    return kind == IMAGE_MEMORY_ANONYMOUS || kind == IMAGE_MEMORY_SHARED || kind == IMAGE_MEMORY_IMAGE ||
           kind == IMAGE_MEMORY_FILE || kind == IMAGE_MEMORY_OBJECT_MAP || kind == IMAGE_MEMORY_DROPPABLE ||
           kind == IMAGE_MEMORY_LAZY || kind == IMAGE_MEMORY_DESCRIPTOR_MAP || kind == IMAGE_MEMORY_SEGMENT;
}

static bool good_fd(uint64_t fd)
{
    return fd < FD_LIMIT;
}

static uint64_t aside_number(int32_t fd)
{
    return (uint64_t)(IMAGE_ASIDE_FIRST - (int64_t)fd);
}

/* One of the program's, or one aside that was made before. */
static bool good_memory_file(const struct plan_checker *checker, int32_t fd)
{
    if (fd >= 0)
        return good_fd((uint64_t)fd);
    return aside_number(fd) < IMAGE_ASIDE_LIMIT && (checker->asides[aside_number(fd) / 64] >> aside_number(fd) % 64 & 1) != 0;
}

static bool good_segment(const struct plan_checker *checker, uint64_t number)
{
    return number < IMAGE_ASIDE_LIMIT && (checker->segments[number / 64] >> number % 64 & 1) != 0;
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
        if (!good_memory_file(checker, (int32_t)op->argument))
            return "descriptor";
        if (!one_way_of_mapping(op->flags))
            return "flags";
        return op->offset % STUB_PAGE == 0 && !offset_wraps ? NULL : "file offset";
    case IMAGE_MEMORY_SEGMENT:
        if (!good_segment(checker, op->argument))
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
        if (file->instead < 0 ? !good_memory_file(checker, file->instead) : file->instead > IMAGE_INSTEAD_BYTES)
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

static const char *pipe_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    int32_t writer = (int32_t)op->values[0];

    if (op->fd == writer || (op->fd != -1 && !good_fd((uint64_t)op->fd)) || (writer != -1 && !good_fd((uint64_t)writer)))
        return "descriptor";
    if (op->offset > op->values[2] / sizeof(uint32_t))
        return "packet count";
    return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
}

/* Notes what is put aside. */
static const char *memory_file_problem(struct plan_checker *checker, const struct image_file_op *op)
{
    uint64_t aside = aside_number(op->fd);

    if (op->kind == IMAGE_FILE_MEMFD_DATA) {
        if (!good_memory_file(checker, op->fd))
            return "descriptor";
        if (op->values[0] % STUB_PAGE != 0 || op->values[2] == 0 || op->values[2] % STUB_PAGE != 0 ||
            op->values[0] > INT64_MAX - STUB_PAGE || op->values[2] > INT64_MAX - op->values[0])
            return "file offset";
        return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
    }
    if (op->kind == IMAGE_FILE_MEMFD_OPEN && !good_memory_file(checker, (int32_t)op->values[0]))
        return "other descriptor";
    if (op->fd >= 0 ? !good_fd((uint64_t)op->fd) : aside >= IMAGE_ASIDE_LIMIT || good_memory_file(checker, op->fd) ||
                                                       good_segment(checker, aside))
        return "descriptor";
    if (op->kind == IMAGE_FILE_MEMFD && op->values[3] != 0 && (op->fd >= 0 || op->values[3] > checker->plan->mapped_files.count))
        return "file index";
    if (op->fd < 0)
        checker->asides[aside / 64] |= UINT64_C(1) << aside % 64;
    return NULL;
}

/* How much fits into a segment is known at launch only. */
static const char *segment_problem(struct plan_checker *checker, const struct image_file_op *op)
{
    uint64_t aside = aside_number(op->fd);

    if (op->kind == IMAGE_FILE_SEMAPHORE)
        return op->offset <= UINT16_MAX && (int32_t)op->values[1] >= INT16_MIN && (int32_t)op->values[1] <= INT16_MAX
                   ? NULL : "adjustment";
    if (op->kind == IMAGE_FILE_SEGMENT_DATA) {
        if (op->fd >= 0 || !good_segment(checker, aside))
            return "descriptor";
        if (op->values[0] % STUB_PAGE != 0 || op->values[2] % STUB_PAGE != 0)
            return "offset in the segment";
        return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
    }
    if (op->fd >= 0 || aside >= IMAGE_ASIDE_LIMIT || good_segment(checker, aside) || good_memory_file(checker, op->fd))
        return "descriptor";
    if (op->values[1] == 0 || op->values[1] > INT64_MAX || !check_string(checker, op->path))
        return "size or name";
    checker->segments[aside / 64] |= UINT64_C(1) << aside % 64;
    return NULL;
}

static const char *file_lock_problem(const struct image_file_op *op)
{
    if (op->values[0] < IMAGE_LOCK_FLOCK || op->values[0] > IMAGE_LOCK_DESCRIPTION || op->values[1] > 1)
        return "lock";
    return op->values[2] <= INT64_MAX && op->values[3] <= INT64_MAX - op->values[2] ? NULL : "range of the lock";
}

/* Bytes of the plan that need not be a string, with a zero behind them. */
static bool good_bytes(const struct plan_checker *checker, uint64_t offset, uint64_t length, uint64_t least, uint64_t most)
{
    uint64_t size = checker->plan->plan_size;

    return length >= least && length <= most && offset != 0 && offset < size && length < size - offset &&
           *plan_string(checker->plan, offset + length) == '\0';
}

static const char *socket_address_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    uint16_t family;

    if (!good_bytes(checker, op->path, op->offset, sizeof(family), sizeof(struct abi_sockaddr_un)))
        return "address";
    memcpy(&family, plan_at(checker->plan, op->path), sizeof(family));
    if (family == ABI_AF_UNIX)
        return op->offset > sizeof(family) ? NULL : "address";
    if (family == ABI_AF_INET)
        return op->offset == ABI_SOCKADDR_IN_BYTES ? NULL : "address";
    return family == ABI_AF_INET6 && op->offset == sizeof(struct abi_sockaddr_in6) ? NULL : "address";
}

static bool good_text(const struct plan_checker *checker, uint64_t offset)
{
    return offset == 0 || check_string(checker, offset);
}

static const char *socket_data_problem(const struct plan_checker *checker, const struct image_file_op *op, uint64_t packets)
{
    if (packets > op->values[2] / sizeof(uint32_t))
        return "packet count";
    return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
}

static const char *socket_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    int32_t other = (int32_t)op->values[0];

    if (!good_fd((uint64_t)op->fd))
        return "descriptor";
    switch (op->kind) {
    case IMAGE_FILE_SOCKET_PAIR:
        if (other == op->fd || (other != -1 && !good_fd((uint64_t)other)))
            return "other descriptor";
        return socket_data_problem(checker, op, op->offset);
    case IMAGE_FILE_SOCKET_DATA:
        return socket_data_problem(checker, op, op->values[0]);
    case IMAGE_FILE_SOCKET_OPTION:
        if (!good_text(checker, op->values[2]))
            return "text";
        return good_bytes(checker, op->path, op->offset, 0, STUB_PAGE) ? NULL : "value";
    case IMAGE_FILE_SOCKET_BIND:
        if (!good_text(checker, op->values[1]) || !good_text(checker, op->values[3]))
            return "text";
        return socket_address_problem(checker, op);
    case IMAGE_FILE_SOCKET_CONNECT:
        return good_text(checker, op->values[0]) ? socket_address_problem(checker, op) : "text";
    case IMAGE_FILE_SOCKET_LISTEN:
        return good_text(checker, op->values[1]) ? NULL : "text";
    case IMAGE_FILE_SOCKET_SHUTDOWN:
        return op->values[0] >= 1 && op->values[0] <= 3 ? NULL : "direction";
    default:
        return NULL;
    }
}

static const char *file_op_problem(struct plan_checker *checker, const struct image_file_op *op)
{
    if (op->close_on_exec > 1)
        return "close_on_exec";
    if (op->kind == IMAGE_FILE_PIPE)
        return pipe_problem(checker, op);
    if (op->kind >= IMAGE_FILE_MEMFD && op->kind <= IMAGE_FILE_MEMFD_OPEN)
        return memory_file_problem(checker, op);
    if (op->kind >= IMAGE_FILE_SEGMENT && op->kind <= IMAGE_FILE_SEMAPHORE)
        return segment_problem(checker, op);
    if (op->kind >= IMAGE_FILE_SOCKET && op->kind <= IMAGE_FILE_SOCKET_RESET)
        return socket_problem(checker, op);
    if (!good_fd((uint64_t)op->fd))
        return "descriptor";
    switch (op->kind) {
    case IMAGE_FILE_LOCK:
        return file_lock_problem(op);
    case IMAGE_FILE_INHERIT:
    case IMAGE_FILE_FIFO:
    case IMAGE_FILE_PIPE_OPEN:
    case IMAGE_FILE_OWNER:
        return check_outside_op(checker, op);
    case IMAGE_FILE_TERMINAL_MODES:
        return good_bytes(checker, op->path, op->offset, sizeof(struct image_terminal), sizeof(struct image_terminal))
                   ? NULL
                   : "modes";
    case IMAGE_FILE_WATCH:
    case IMAGE_FILE_WATCH_MASK:
        if (op->values[0] == 0 || op->values[0] > INT32_MAX)
            return "number of the watch";
        return check_string(checker, op->path) ? NULL : "path";
    case IMAGE_FILE_QUEUE:
        return check_string(checker, op->path) ? NULL : "path";
    case IMAGE_FILE_EPOLL_SPENT:
        return good_fd(op->values[0]) && op->values[3] <= FD_LIMIT ? NULL : "other descriptor";
    case IMAGE_FILE_INOTIFY:
    case IMAGE_FILE_PIDFD:
    case IMAGE_FILE_TIMERFD_AT:
        return NULL;
    case IMAGE_FILE_OPEN:
        return check_string(checker, op->path) ? NULL : "path";
    case IMAGE_FILE_DUPLICATE:
    case IMAGE_FILE_EPOLL_ADD:
        return good_fd(op->values[0]) ? NULL : "other descriptor";
    case IMAGE_FILE_DELETED:
        return check_image_bytes(checker, op->values[0], op->values[1]) ? NULL : "image offset";
    case IMAGE_FILE_PIPE_DATA:
        if (op->values[0] > op->values[2] / sizeof(uint32_t))
            return "packet count";
        return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
    default:
        return op->kind >= IMAGE_FILE_OPEN && op->kind <= IMAGE_FILE_CLOSE ? NULL : "kind";
    }
}

int check_file_ops(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t index = 0;
    int error = check_table(checker, "file operation", plan->file_ops, sizeof(struct image_file_op));

    if (error < 0)
        return error;
    for_each_record(op, image_file_op, plan, plan->file_ops) {
        const char *problem = file_op_problem(checker, op);

        if (problem == NULL && op->path != 0 && !check_string(checker, op->path))
            problem = "path";
        if (problem != NULL)
            return check_fault(checker, "file operation", index, problem);
        index++;
    }
    return 0;
}

static int check_pending(struct plan_checker *checker, struct image_table pending, const char *where, uint64_t owner)
{
    int error = check_table(checker, where, pending, sizeof(struct image_pending_signal));

    if (error < 0)
        return error;
    for_each_record(signal, image_pending_signal, checker->plan, pending) {
        if (signal->signal < 1 || signal->signal > 64)
            return check_fault(checker, where, owner, "signal");
        if (!good_timer_of_signal(checker, signal))
            return check_fault(checker, where, owner, "timer");
    }
    return 0;
}

static const char *frame_problem(const struct plan_checker *checker, const struct image_thread_block *block)
{
    uint64_t room = checker->plan->thread_block_size - IMAGE_BLOCK_XSTATE;

    if (block->frame.cs != IMAGE_FRAME_CS || block->frame.ss != IMAGE_FRAME_SS)
        return "segment";
    if (block->frame.rip >= IMAGE_ADDRESS_LIMIT || block->frame.rsp >= IMAGE_ADDRESS_LIMIT)
        return "program address";
    if (block->frame.fpstate != (uint64_t)(uintptr_t)block->xstate)
        return "fpstate";
    return xstate_is_sound(block->xstate, room, checker->plan->xcr0) ? NULL : "xstate";
}

/* What the kernel, and the stub for it, writes to by itself. Addresses of zero are none. */
static const char *kernel_word_problem(const struct plan_checker *checker, const struct image_thread *thread)
{
    if (thread->clear_child_tid != 0 && !check_bytes(checker, thread->clear_child_tid, sizeof(uint32_t)))
        return "clear_child_tid";
    if (thread->rseq_address == 0)
        return NULL;
    if (thread->rseq_size < IMAGE_RSEQ_BYTES || thread->rseq_address % IMAGE_RSEQ_BYTES != 0 ||
        !check_bytes(checker, thread->rseq_address, thread->rseq_size))
        return "rseq_address";
    return NULL;
}

int check_threads(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t blocks_end = plan->plan_size + plan->blocks_size;
    uint64_t next_block = plan->plan_size; /* blocks stand in the order of the threads, so no two share one */
    uint64_t index = 0;
    int error = check_table(checker, "thread", plan->threads, sizeof(struct image_thread));

    if (error < 0)
        return error;
    for_each_record(thread, image_thread, plan, plan->threads) {
        const char *problem;

        if (thread->block < next_block || thread->block > blocks_end || thread->block % STUB_PAGE != 0 ||
            plan->thread_block_size > blocks_end - thread->block)
            return check_fault(checker, "thread", index, "block");
        problem = frame_problem(checker, plan_block(plan, thread));
        if (problem == NULL)
            problem = kernel_word_problem(checker, thread);
        if (problem != NULL)
            return check_fault(checker, "thread", index, problem);
        error = check_pending(checker, thread->pending, "pending signal of thread", index);
        if (error == 0)
            error = check_rights(checker, thread, index);
        if (error < 0)
            return error;
        next_block = thread->block + plan->thread_block_size;
        index++;
    }
    return check_pending(checker, plan->pending, "pending signal", 0);
}
