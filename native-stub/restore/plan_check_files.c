// SPDX-License-Identifier: Apache-2.0
/* The plan's file operations. See plan_check.c. */
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan_check.h"

#define FD_LIMIT 0x40000000 /* NR_OPEN is never above INT_MAX; dup3 says the rest */

bool check_fd(uint64_t fd)
{
    return fd < FD_LIMIT;
}

bool check_plan_bytes(const struct plan_checker *checker, uint64_t offset, uint64_t length, uint64_t least, uint64_t most)
{
    uint64_t size = checker->plan->plan_size;

    return length >= least && length <= most && offset != 0 && offset < size && length < size - offset &&
           *plan_string(checker->plan, offset + length) == '\0';
}

bool check_text(const struct plan_checker *checker, uint64_t offset)
{
    return offset == 0 || check_string(checker, offset);
}

static const char *pipe_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    int32_t writer = (int32_t)op->values[0];

    if (op->fd == writer || (op->fd != -1 && !check_fd((uint64_t)op->fd)) || (writer != -1 && !check_fd((uint64_t)writer)))
        return "descriptor";
    if (op->offset > op->values[2] / sizeof(uint32_t))
        return "packet count";
    return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
}

static const char *file_lock_problem(const struct image_file_op *op)
{
    if (op->values[0] < IMAGE_LOCK_FLOCK || op->values[0] > IMAGE_LOCK_DESCRIPTION || op->values[1] > 1)
        return "lock";
    return op->values[2] <= INT64_MAX && op->values[3] <= INT64_MAX - op->values[2] ? NULL : "range of the lock";
}

static const char *file_op_problem(struct plan_checker *checker, const struct image_file_op *op)
{
    if (op->close_on_exec > 1)
        return "close_on_exec";
    if (op->kind == IMAGE_FILE_PIPE)
        return pipe_problem(checker, op);
    if (op->kind >= IMAGE_FILE_MEMFD && op->kind <= IMAGE_FILE_MEMFD_OPEN)
        return memory_file_op_problem(checker, op);
    if (op->kind >= IMAGE_FILE_SEGMENT && op->kind <= IMAGE_FILE_SEMAPHORE)
        return segment_op_problem(checker, op);
    if (op->kind >= IMAGE_FILE_SOCKET && op->kind <= IMAGE_FILE_SOCKET_RESET)
        return socket_op_problem(checker, op);
    if (!check_fd((uint64_t)op->fd))
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
        return check_plan_bytes(checker, op->path, op->offset, sizeof(struct image_terminal), sizeof(struct image_terminal))
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
        return check_fd(op->values[0]) && op->values[3] <= FD_LIMIT ? NULL : "other descriptor";
    case IMAGE_FILE_INOTIFY:
    case IMAGE_FILE_PIDFD:
    case IMAGE_FILE_TIMERFD_AT:
        return NULL;
    case IMAGE_FILE_OPEN:
        return check_string(checker, op->path) ? NULL : "path";
    case IMAGE_FILE_DUPLICATE:
    case IMAGE_FILE_EPOLL_ADD:
        return check_fd(op->values[0]) ? NULL : "other descriptor";
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
