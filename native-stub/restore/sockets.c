// SPDX-License-Identifier: Apache-2.0
/*
 * Sockets. What the program had is made again step by step: the socket or both ends of a pair, what waits in them, options,
 * names, and listening, when all have their names. Nobody is asked: peers outside of the program are not there any more.
 */
#include "restore/stub.h"

#define LARGEST_BUFFER 0x3fffffff

static const char *text_at(const struct stub_state *state, uint64_t offset)
{
    return offset == 0 ? "an address" : plan_string(state->plan, offset);
}

void socket_make(struct stub_state *state, const struct image_file_op *op)
{
    uint32_t type = (uint32_t)op->values[1] | (op->open_flags & ABI_O_NONBLOCK) | ABI_O_CLOEXEC;
    int64_t fd = sys_socket((uint32_t)op->values[0], type, (uint32_t)op->values[2]);

    if (is_error(fd) && op->values[2] == ABI_IPPROTO_MPTCP) /* without it, it serves the same clients by TCP */
        fd = sys_socket((uint32_t)op->values[0], type, 0);
    if (is_error(fd))
        file_fail(state, op, "making a socket", fd);
    file_place(state, op, fd);
}

/* ---- what waits to be received ---- */

/* The stub's pages of the image around some bytes, which one call must be able to send at once. */
struct mapped_bytes {
    uint64_t start, length;
    const uint8_t *bytes;
};

static struct mapped_bytes map_bytes(struct stub_state *state, const struct image_file_op *op, uint64_t offset, uint64_t size)
{
    uint64_t before = offset % STUB_PAGE;
    struct mapped_bytes mapped = {.length = before + size};
    int64_t place = sys_mmap(0, mapped.length, ABI_PROT_READ, ABI_MAP_PRIVATE, state->image_fd, offset - before);

    if (is_error(place))
        file_fail(state, op, "mapping what waits in a socket", place);
    mapped.start = (uint64_t)place;
    mapped.bytes = (const uint8_t *)(uintptr_t)(mapped.start + before);
    return mapped;
}

static int socket_number(int fd, int name)
{
    int value = 0;
    uint32_t size = sizeof(value);

    sys_getsockopt(fd, ABI_SOL_SOCKET, (uint32_t)name, &value, &size);
    return value;
}

static void set_socket_number(int fd, int name, int value)
{
    sys_setsockopt(fd, ABI_SOL_SOCKET, (uint32_t)name, &value, sizeof(value));
}

/* The sender's buffer was large enough once; where it is smaller now, it is made larger for the moment. */
static int64_t send_piece(int fd, const uint8_t *bytes, uint64_t size)
{
    const uint32_t flags = ABI_MSG_DONTWAIT | ABI_MSG_NOSIGNAL;
    int64_t count = sys_send(fd, bytes, size, flags);

    if (count == -ABI_EAGAIN || count == -ABI_EMSGSIZE) {
        set_socket_number(fd, ABI_SO_SNDBUF, LARGEST_BUFFER);
        count = sys_send(fd, bytes, size, flags);
    }
    return count;
}

static void send_stream(struct stub_state *state, const struct image_file_op *op, int fd, const uint8_t *bytes, uint64_t size)
{
    while (size > 0) {
        int64_t count = send_piece(fd, bytes, size);

        if (count == 0 || is_error(count))
            file_fail(state, op, "putting back the bytes in a socket", count);
        bytes += count;
        size -= (uint64_t)count;
    }
}

static void send_packets(struct stub_state *state, const struct image_file_op *op, int fd, const uint8_t *bytes, uint64_t size,
                         uint64_t packets)
{
    const uint8_t *next = bytes + packets * sizeof(uint32_t);
    uint64_t left = size - packets * sizeof(uint32_t);

    for (uint64_t i = 0; i < packets; i++) {
        uint32_t length;
        int64_t count;

        memcpy(&length, bytes + i * sizeof(length), sizeof(length));
        if (length > left)
            file_fail(state, op, "putting back the messages in a socket", -ABI_EINVAL);
        count = send_piece(fd, next, length);
        if (is_error(count))
            file_fail(state, op, "putting back the messages in a socket", count);
        next += length;
        left -= length;
    }
}

static void send_all(struct stub_state *state, const struct image_file_op *op, int fd, uint64_t offset, uint64_t size,
                     uint64_t packets)
{
    struct mapped_bytes mapped;
    int usual = socket_number(fd, ABI_SO_SNDBUF);

    if (size == 0)
        return;
    mapped = map_bytes(state, op, offset, size);
    if (packets > 0)
        send_packets(state, op, fd, mapped.bytes, size, packets);
    else
        send_stream(state, op, fd, mapped.bytes, size);
    if (socket_number(fd, ABI_SO_SNDBUF) != usual)
        set_socket_number(fd, ABI_SO_SNDBUF, usual / 2); /* the kernel doubles it */
    sys_munmap(mapped.start, mapped.length);
}

void socket_send_data(struct stub_state *state, const struct image_file_op *op)
{
    send_all(state, op, op->fd, op->values[1], op->values[2], op->values[0]);
}

/* ---- pairs ---- */

/* A closed end that had not read everything leaves an error behind (net/unix/af_unix.c, unix_release_sock). */
void socket_make_pair(struct stub_state *state, const struct image_file_op *op)
{
    uint32_t type = (uint32_t)op->values[3] & ~IMAGE_PAIR_ERROR;
    int ends[2];
    int64_t result = sys_socketpair(ABI_AF_UNIX, type | ABI_O_CLOEXEC, ends);

    if (is_error(result))
        file_fail(state, op, "making a pair of sockets", result);
    sys_fcntl(ends[0], ABI_F_SETFL, op->open_flags & ABI_O_NONBLOCK);
    if ((int32_t)op->values[0] == -1) {
        send_all(state, op, ends[1], op->values[1], op->values[2], op->offset);
        if ((op->values[3] & IMAGE_PAIR_ERROR) != 0)
            sys_send(ends[0], "", 1, ABI_MSG_DONTWAIT | ABI_MSG_NOSIGNAL);
    }
    file_place_ends(state, op, ends[0], ends[1]);
}

void socket_set_end(struct stub_state *state, const struct image_file_op *op)
{
    int64_t result = sys_fcntl(op->fd, ABI_F_SETFL, op->open_flags & ABI_O_NONBLOCK);

    if (is_error(result))
        file_fail(state, op, "setting up the other end of a socket", result);
    sys_fcntl(op->fd, ABI_F_SETFD, op->close_on_exec ? ABI_FD_CLOEXEC : 0);
}

/* ---- what a socket is told ---- */

void socket_set_option(struct stub_state *state, const struct image_file_op *op)
{
    const void *value = plan_at(state->plan, op->path);
    const char *name = text_at(state, op->values[2]);
    int64_t result = sys_setsockopt(op->fd, (uint32_t)op->values[0], (uint32_t)op->values[1], value, (uint32_t)op->offset);

    if (!is_error(result))
        return;
    if (op->values[3] == IMAGE_OPTION_NEEDED)
        stub_fail(state, "setting option %s of a socket: %e; the program had it as descriptor %d", name, result,
                  (int64_t)op->fd);
    if (op->values[3] == IMAGE_OPTION_DETAIL)
        stub_warn(state, "option %s of the socket at descriptor %d stays as it is: %e", name, (int64_t)op->fd, result);
}

/* A server may be gone, or not there yet; programs that send datagrams live with that. */
void socket_connect(struct stub_state *state, const struct image_file_op *op)
{
    const void *address = plan_at(state->plan, op->path);
    int64_t result = sys_connect(op->fd, address, (uint32_t)op->offset);

    if (is_error(result))
        stub_warn(state, "the socket at descriptor %d is not connected to %s: %e", (int64_t)op->fd,
                  text_at(state, op->values[0]), result);
}

void socket_listen(struct stub_state *state, const struct image_file_op *op)
{
    int64_t result = sys_listen(op->fd, (uint32_t)op->values[0]);

    if (is_error(result))
        stub_fail(state, "listening on %s: %e; the program had it as descriptor %d", text_at(state, op->values[1]), result,
                  (int64_t)op->fd);
}

/* ENOTCONN: a socket without a connection takes it nevertheless. */
void socket_shutdown(struct stub_state *state, const struct image_file_op *op)
{
    int64_t result = sys_shutdown(op->fd, (uint32_t)op->values[0] - 1);

    if (is_error(result) && result != -ABI_ENOTCONN)
        file_fail(state, op, "shutting down a socket", result);
}

/* ---- connections that are dead ---- */

static bool await_event(int fd, uint16_t events)
{
    struct abi_pollfd waited = {.fd = fd, .events = events};
    const int patience_ms = 2000;

    return sys_poll(&waited, 1, patience_ms) == 1;
}

/* A connection to a listener of our own, which closes it: the kernel then resets what waits to be accepted. Returns the
 * connected socket or -errno. */
static int64_t reset_connection(const struct abi_sockaddr_in6 *loopback, uint32_t size)
{
    struct abi_sockaddr_in6 address;
    uint32_t length = sizeof(address);
    int64_t listener = sys_socket(loopback->family, ABI_SOCK_STREAM | ABI_O_CLOEXEC, 0);
    int64_t client = sys_socket(loopback->family, ABI_SOCK_STREAM | ABI_O_CLOEXEC | ABI_O_NONBLOCK, 0);
    int64_t result = listener;

    if (!is_error(listener))
        result = sys_bind((int)listener, loopback, size);
    if (!is_error(result))
        result = sys_listen((int)listener, 1);
    if (!is_error(result))
        result = sys_getsockname((int)listener, &address, &length);
    if (!is_error(result))
        result = is_error(client) ? client : sys_connect((int)client, &address, size);
    if (result == -ABI_EINPROGRESS)
        result = await_event((int)client, ABI_POLLOUT) ? 0 : -ABI_ETIMEDOUT;
    if (!is_error(listener))
        sys_close((int)listener);
    if (!is_error(result) && !await_event((int)client, ABI_POLLRDHUP))
        result = -ABI_ETIMEDOUT;
    if (is_error(result) && !is_error(client))
        sys_close((int)client);
    return is_error(result) ? result : client;
}

static int64_t reset_on_loopback(uint64_t family)
{
    struct abi_sockaddr_in6 address = {.family = (uint16_t)family};
    int64_t fd;

    if (family == ABI_AF_INET) {
        address.flow = 0x0100007f; /* sin_addr of struct sockaddr_in, in network order */
        return reset_connection(&address, ABI_SOCKADDR_IN_BYTES);
    }
    address.address[15] = 1;
    fd = reset_connection(&address, sizeof(address));
    if (!is_error(fd))
        return fd;
    address.address[10] = address.address[11] = 0xff; /* ::ffff:127.0.0.1 */
    address.address[12] = 127;
    return reset_connection(&address, sizeof(address));
}

static int64_t reset_without_network(void)
{
    int ends[2];
    int64_t result = sys_socketpair(ABI_AF_UNIX, ABI_SOCK_STREAM | ABI_O_CLOEXEC, ends);

    if (is_error(result))
        return result;
    sys_send(ends[0], "", 1, ABI_MSG_DONTWAIT | ABI_MSG_NOSIGNAL);
    sys_close(ends[1]);
    return ends[0];
}

void socket_make_reset(struct stub_state *state, const struct image_file_op *op)
{
    int64_t fd = reset_on_loopback(op->values[0]);

    if (is_error(fd)) {
        stub_warn(state, "the closed connection at descriptor %d is not a TCP socket, for there is no loopback network: %e",
                  (int64_t)op->fd, fd);
        fd = reset_without_network();
    }
    if (is_error(fd))
        file_fail(state, op, "making a closed connection", fd);
    if (op->values[1] == 0)
        socket_number((int)fd, ABI_SO_ERROR); /* asking takes the error away */
    sys_fcntl((int)fd, ABI_F_SETFL, op->open_flags & ABI_O_NONBLOCK);
    file_place(state, op, fd);
}
