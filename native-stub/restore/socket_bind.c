// SPDX-License-Identifier: Apache-2.0
/* Names of sockets. What another program has by now is never taken from it. */
#include "restore/stub.h"

#define SOCKET_PATH_BYTES 108 /* sun_path */
#define PERMISSIONS 07777

struct address { /* struct sockaddr of any family */
    union {
        uint16_t family;
        struct abi_sockaddr_in6 in6;
        struct abi_sockaddr_un un;
    };
    uint32_t size;
};

/* A path with the zero behind it that bind does not need, and others do. */
static void path_of(const struct address *address, char path[SOCKET_PATH_BYTES + 1])
{
    uint64_t length = address->size - sizeof(address->family);

    memcpy(path, address->un.path, length);
    path[length] = '\0';
}

static int64_t bind_path(struct stub_state *state, const struct image_file_op *op, const struct address *address)
{
    char path[SOCKET_PATH_BYTES + 1];
    int64_t result = sys_bind(op->fd, address, address->size);

    path_of(address, path);
    if (result == -ABI_EADDRINUSE && socket_take_stale_name(state, op->fd, path))
        result = sys_bind(op->fd, address, address->size);
    if (is_error(result))
        return result;
    if (op->values[2] == 0)
        sys_unlink(path);
    else
        sys_chmod(path, (uint32_t)op->values[2] & PERMISSIONS);
    return result;
}

/* The program had bound it there; the launch's own directory is the one again afterwards. */
static int64_t bind_relative_path(struct stub_state *state, const struct image_file_op *op, const struct address *address)
{
    int64_t back = sys_open(".", ABI_O_PATH | ABI_O_CLOEXEC);
    int64_t result = sys_chdir(plan_string(state->plan, op->values[1]));

    if (!is_error(result))
        result = bind_path(state, op, address);
    if (!is_error(back)) {
        sys_fchdir((int)back);
        sys_close((int)back);
    }
    return result;
}

/* How HotSpot's tools find it: nothing that a launch must fail for, and never taken from another JVM. */
static int64_t bind_own_pid(struct stub_state *state, const struct image_file_op *op, struct address *address)
{
    struct stub_line line = {0};
    uint64_t length = address->size - sizeof(address->family);

    line_append(&line, "%d", state->pid);
    if (length + line.length <= SOCKET_PATH_BYTES) {
        memcpy(address->un.path + length, line.bytes, line.length);
        address->size += line.length;
        if (!is_error(bind_path(state, op, address)))
            return 0;
    }
    return sys_bind(op->fd, address, sizeof(address->family));
}

static int64_t bind_name(struct stub_state *state, const struct image_file_op *op, struct address *address)
{
    int64_t result;

    if ((op->values[0] & IMAGE_BIND_OWN_PID) != 0)
        return bind_own_pid(state, op, address);
    if (address->un.path[0] != '\0')
        return op->values[1] == 0 ? bind_path(state, op, address) : bind_relative_path(state, op, address);
    result = sys_bind(op->fd, address, address->size);
    if (result == -ABI_EADDRINUSE && (op->values[0] & IMAGE_BIND_AUTOMATIC) != 0)
        result = sys_bind(op->fd, address, sizeof(address->family));
    return result;
}

static int64_t bind_port(const struct image_file_op *op, struct address *address)
{
    int64_t result = sys_bind(op->fd, address, address->size);

    if (result != -ABI_EADDRNOTAVAIL || (op->values[0] & IMAGE_BIND_ANY_ADDRESS) == 0)
        return result;
    if (address->family == ABI_AF_INET)
        address->in6.flow = 0; /* sin_addr of struct sockaddr_in */
    else
        memset(address->in6.address, 0, sizeof(address->in6.address));
    return sys_bind(op->fd, address, address->size);
}

void socket_bind(struct stub_state *state, const struct image_file_op *op)
{
    struct address address = {.size = (uint32_t)op->offset};
    const char *text = op->values[3] == 0 ? "a name" : plan_string(state->plan, op->values[3]);
    int64_t result;

    memcpy(&address, plan_at(state->plan, op->path), address.size);
    result = address.family == ABI_AF_UNIX ? bind_name(state, op, &address) : bind_port(op, &address);
    if (result == -ABI_EADDRINUSE && address.family != ABI_AF_UNIX)
        stub_fail(state, "%s is in use by another program, or was until a minute ago: %e; the program had it as descriptor %d "
                  "(undump --port-map gives an image another port)", text, result, (int64_t)op->fd);
    if (result == -ABI_EADDRINUSE)
        stub_fail(state, "%s is in use by another program: %e; the program had it as descriptor %d", text, result,
                  (int64_t)op->fd);
    if (is_error(result))
        stub_fail(state, "binding a socket to %s: %e; the program had it as descriptor %d", text, result, (int64_t)op->fd);
}
