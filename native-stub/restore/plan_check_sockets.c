// SPDX-License-Identifier: Apache-2.0
/* The plan's steps for sockets. See plan_check.c. */
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan_check.h"

static const char *socket_address_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    uint16_t family;

    if (!check_plan_bytes(checker, op->path, op->offset, sizeof(family), sizeof(struct abi_sockaddr_un)))
        return "address";
    memcpy(&family, plan_at(checker->plan, op->path), sizeof(family));
    if (family == ABI_AF_UNIX)
        return op->offset > sizeof(family) ? NULL : "address";
    if (family == ABI_AF_INET)
        return op->offset == ABI_SOCKADDR_IN_BYTES ? NULL : "address";
    return family == ABI_AF_INET6 && op->offset == sizeof(struct abi_sockaddr_in6) ? NULL : "address";
}

static const char *socket_data_problem(const struct plan_checker *checker, const struct image_file_op *op, uint64_t packets)
{
    if (packets > op->values[2] / sizeof(uint32_t))
        return "packet count";
    return check_image_bytes(checker, op->values[1], op->values[2]) ? NULL : "image offset";
}

const char *socket_op_problem(const struct plan_checker *checker, const struct image_file_op *op)
{
    int32_t other = (int32_t)op->values[0];

    if (!check_fd((uint64_t)op->fd))
        return "descriptor";
    switch (op->kind) {
    case IMAGE_FILE_SOCKET_PAIR:
        if (other == op->fd || (other != -1 && !check_fd((uint64_t)other)))
            return "other descriptor";
        return socket_data_problem(checker, op, op->offset);
    case IMAGE_FILE_SOCKET_DATA:
        return socket_data_problem(checker, op, op->values[0]);
    case IMAGE_FILE_SOCKET_OPTION:
        if (!check_text(checker, op->values[2]))
            return "text";
        return check_plan_bytes(checker, op->path, op->offset, 0, STUB_PAGE) ? NULL : "value";
    case IMAGE_FILE_SOCKET_BIND:
        if (!check_text(checker, op->values[1]) || !check_text(checker, op->values[3]))
            return "text";
        return socket_address_problem(checker, op);
    case IMAGE_FILE_SOCKET_CONNECT:
        return check_text(checker, op->values[0]) ? socket_address_problem(checker, op) : "text";
    case IMAGE_FILE_SOCKET_LISTEN:
        return check_text(checker, op->values[1]) ? NULL : "text";
    case IMAGE_FILE_SOCKET_SHUTDOWN:
        return op->values[0] >= 1 && op->values[0] <= 3 ? NULL : "direction";
    default:
        return NULL;
    }
}
