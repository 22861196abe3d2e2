/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets, seen through a descriptor of our own for the same open file. Nothing here changes what the program can see of them. */
#define _GNU_SOURCE
#include "sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "outside.h"
#include "proc_files.h"

#define TCP_STATE_CLOSE 7 /* include/net/tcp_states.h */

/* What is known of a socket and needed until all of them are. */
struct socket_facts {
    int descriptor;
    struct unix_facts of_unix;
};

int refuse_socket(struct capture *capture, const struct open_socket *opened, const char *what, const char *advice)
{
    return refuse(capture->report, -ENOTSUP, "capturing process %d: descriptor %d is %s (%s), which cannot be captured; %s, or " FOREIGN_ADVICE,
                  capture->pid, opened->descriptor, what, opened->path, advice);
}

static int option_number(int fd, int level, int name)
{
    int value = 0;
    socklen_t size = sizeof(value);
    return getsockopt(fd, level, name, &value, &size) < 0 ? 0 : value;
}

/* POLLRDHUP: nothing more will be received. POLLERR: an error waits to be told. Neither is taken away by looking. */
static short look(int fd)
{
    struct pollfd state = {.fd = fd, .events = POLLIN | POLLPRI | POLLRDHUP};
    return poll(&state, 1, 0) == 1 ? state.revents : 0;
}

struct address {
    union {
        struct sockaddr head;
        struct sockaddr_un of_unix;
        struct sockaddr_storage bytes;
    };
    socklen_t size;
};

static bool read_address(int fd, bool of_peer, struct address *ret)
{
    *ret = (struct address){.size = sizeof(ret->bytes)};
    int result = of_peer ? getpeername(fd, &ret->head, &ret->size) : getsockname(fd, &ret->head, &ret->size);
    return result == 0 && ret->size <= sizeof(ret->bytes);
}

static struct ckpt_string store_address(struct capture *capture, const struct address *address)
{
    return strings_add(&capture->strings, (const char *)&address->bytes, address->size);
}

/* ---- internet sockets ---- */

/* Of a UNIX socket without a name the family alone is told. */
static bool has_name(const struct address *address)
{
    return address->size > sizeof(sa_family_t);
}

static bool has_port(const struct address *address)
{
    return ((const struct sockaddr_in *)&address->bytes)->sin_port != 0; /* at the same place in sockaddr_in6 */
}

static void store_bound_address(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    struct address local;
    if (read_address(opened->fd, false, &local) && has_port(&local))
        record->local = store_address(capture, &local);
}

static int refuse_connection(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record,
                             unsigned allowance, const char *word)
{
    struct address remote;
    char text[ADDRESS_TEXT + 1] = "";
    if (read_address(opened->fd, true, &remote) && has_name(&remote)) {
        address_text(&remote.head, remote.size, text + 1);
        text[0] = ' ';
        record->remote = store_address(capture, &remote);
    }
    record->flags |= CKPT_SOCKET_FLAG_CLOSED;
    if (capture->request->allow & allowance) {
        capture->allowed |= allowance;
        return 0;
    }
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: descriptor %d is a connected socket (%s), whose peer%s is not part of the capture; "
                  "close it before, or let a launch find the connection closed by --allow %s",
                  capture->pid, opened->descriptor, opened->path, text, word);
}

static int describe_tcp(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    if (getsockopt(opened->fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
        return refuse_socket(capture, opened, "a TCP socket that tells nothing", "close it before");
    if (option_number(opened->fd, SOL_SOCKET, SO_ACCEPTCONN)) {
        record->state = CKPT_SOCKET_LISTENING;
        record->backlog = info.tcpi_sacked; /* net/ipv4/tcp.c: of a listening socket the most that may wait */
        store_bound_address(capture, opened, record);
        return 0;
    }
    short state = look(opened->fd);
    if (info.tcpi_state == TCP_STATE_CLOSE && !(state & POLLRDHUP)) {
        record->state = CKPT_SOCKET_OPEN;
        store_bound_address(capture, opened, record);
        return 0;
    }
    record->state = CKPT_SOCKET_RESET;
    if (info.tcpi_state != TCP_STATE_CLOSE) {
        record->flags |= CKPT_SOCKET_FLAG_ERROR;
        return refuse_connection(capture, opened, record, ALLOW_TCP_CLOSED, "tcp-closed");
    }
    if (state & POLLERR)
        record->flags |= CKPT_SOCKET_FLAG_ERROR;
    return 0;
}

static int describe_udp(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    struct address remote;
    short state = look(opened->fd);
    record->state = CKPT_SOCKET_OPEN;
    if (read_address(opened->fd, true, &remote)) {
        record->state = CKPT_SOCKET_CONNECTED;
        record->remote = store_address(capture, &remote);
    }
    store_bound_address(capture, opened, record);
    if (state & POLLRDHUP)
        record->shutdown |= 1;
    if (state & POLLHUP)
        record->shutdown |= 2;
    if (!(state & (POLLERR | POLLPRI)) && (!(state & POLLIN) || state & POLLRDHUP))
        return 0;
    if (capture->request->allow & ALLOW_LOST_DATAGRAMS) {
        capture->allowed |= ALLOW_LOST_DATAGRAMS;
        return 0;
    }
    return refuse(capture->report, -ENOTSUP,
                  "capturing process %d: descriptor %d is a UDP socket (%s) with %s, which a launch could not give it; let "
                  "the program read it before, or lose it by --allow lost-datagrams",
                  capture->pid, opened->descriptor, opened->path,
                  state & (POLLERR | POLLPRI) ? "an error that was not read yet" : "datagrams that were not read yet");
}

/* ---- UNIX sockets ---- */

static void store_unix_name(struct capture *capture, const struct open_socket *opened, const struct unix_facts *facts,
                            struct ckpt_socket *record)
{
    struct address local;
    if (!read_address(opened->fd, false, &local) || !has_name(&local))
        return;
    if (local.size > sizeof(local.of_unix)) /* a path as long as can be is told with a zero behind it (unix(7)) */
        local.size = sizeof(local.of_unix);
    if (local.of_unix.sun_path[0])
        note_socket_file(capture, &local.of_unix, &local.size, facts, record);
    record->local = store_address(capture, &local);
}

/* A connection whose other end is not the program's; of datagrams it may have a name to go to. */
static int describe_outer_unix(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    struct address remote;
    if (opened->type == SOCK_DGRAM && read_address(opened->fd, true, &remote) && has_name(&remote)) {
        record->state = CKPT_SOCKET_CONNECTED;
        record->remote = store_address(capture, &remote);
        return 0;
    }
    record->state = CKPT_SOCKET_ORPHANED;
    return refuse_connection(capture, opened, record, ALLOW_UNIX_CLOSED, "unix-closed");
}

static bool is_connected_stream(const struct open_socket *opened)
{
    struct address remote;
    return read_address(opened->fd, true, &remote);
}

static int describe_unix(struct capture *capture, const struct open_socket *opened, const struct unix_facts *facts,
                         struct ckpt_socket *record)
{
    short state = look(opened->fd);
    store_unix_name(capture, opened, facts, record);
    record->shutdown = facts->shutdown;
    record->state = CKPT_SOCKET_OPEN;
    if (option_number(opened->fd, SOL_SOCKET, SO_ACCEPTCONN)) {
        record->state = CKPT_SOCKET_LISTENING;
        record->backlog = facts->known ? facts->backlog : SOMAXCONN;
        return 0;
    }
    if (state & POLLPRI)
        return refuse_socket(capture, opened, "a socket with an urgent byte (MSG_OOB) that was not read yet", "read it before");
    if (!facts->known && is_connected_stream(opened))
        return refuse_socket(capture, opened, "a connected socket whose other end the kernel does not tell (a network "
                             "namespace that we may not enter, or no unix_diag)", "close it before");
    if (state & POLLERR)
        record->flags |= CKPT_SOCKET_FLAG_ERROR;
    if (!facts->has_peer)
        return 0;
    record->state = CKPT_SOCKET_PAIRED; /* join_sockets() knows more */
    if (!facts->peer && (state & POLLHUP || opened->type == SOCK_DGRAM))
        record->state = CKPT_SOCKET_ORPHANED;
    return 0;
}

/* ---- all kinds ---- */

static int describe_family(struct capture *capture, const struct open_socket *opened, const struct unix_facts *facts,
                           struct ckpt_socket *record)
{
    char text[128];
    const char *uncommon = uncommon_socket(opened, text, sizeof(text));
    if (uncommon)
        return refuse_socket(capture, opened, uncommon, "close it before");
    int error = opened->family == AF_UNIX       ? describe_unix(capture, opened, facts, record)
                : opened->type == SOCK_STREAM ? describe_tcp(capture, opened, record)
                                                : describe_udp(capture, opened, record);
    if (error == 0)
        error = read_socket_options(capture, opened, record);
    if (error == 0 && opened->family == AF_UNIX && record->state != CKPT_SOCKET_LISTENING)
        error = copy_socket_queue(capture, opened, record);
    return error;
}

/* Returns our descriptor for one of the program, or -errno with a line. */
static int open_socket(struct capture *capture, int descriptor, const char *path, struct open_socket *ret)
{
    int fd = (int)syscall(SYS_pidfd_getfd, capture->pidfd, descriptor, 0);
    if (fd < 0)
        return refuse(capture->report, -errno, "reading descriptor %d of process %d (%s): %s", descriptor, capture->pid,
                      path, strerror(errno));
    *ret = (struct open_socket){
        .descriptor = descriptor, .path = path, .fd = fd, .family = option_number(fd, SOL_SOCKET, SO_DOMAIN),
        .type = option_number(fd, SOL_SOCKET, SO_TYPE), .protocol = option_number(fd, SOL_SOCKET, SO_PROTOCOL)};
    return fd;
}

int describe_socket(struct capture *capture, const struct open_file *file, struct ckpt_description *record)
{
    struct open_socket opened;
    record->kind = CKPT_FILE_OUTSIDE;
    if (file->standard)
        return 0;
    AUTO_CLOSE int fd = open_socket(capture, file->fd, file->path, &opened);
    if (fd < 0)
        return fd;
    struct socket_facts facts = {.descriptor = file->fd};
    struct ckpt_socket added = {.inode = file->status.st_ino, .family = (uint32_t)opened.family,
                                .type = (uint32_t)opened.type, .protocol = (uint32_t)opened.protocol};
    if (opened.family == AF_UNIX)
        facts.of_unix = ask_unix_socket(capture, added.inode);
    int error = describe_family(capture, &opened, &facts.of_unix, &added);
    record->kind = CKPT_FILE_SOCKET;
    record->object = (uint32_t)(capture->sockets.size / sizeof(added));
    buffer_append(&capture->sockets, &added, sizeof(added));
    buffer_append(&capture->socket_facts, &facts, sizeof(facts));
    return error;
}

/* ---- both ends ---- */

/* Datagrams that another socket has sent: only the other end of a pair can be made to send them again. */
static int refuse_lost_datagrams(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    if (!record->packet_count && !(record->flags & CKPT_SOCKET_FLAG_ERROR))
        return 0;
    if (!(capture->request->allow & ALLOW_LOST_DATAGRAMS))
        return refuse(capture->report, -ENOTSUP,
                      "capturing process %d: descriptor %d is a UNIX socket (%s) with datagrams or an error that were not read "
                      "yet, which a launch could not give it; let the program read them before, or lose them by --allow "
                      "lost-datagrams", capture->pid, opened->descriptor, opened->path);
    capture->allowed |= ALLOW_LOST_DATAGRAMS;
    record->flags &= ~CKPT_SOCKET_FLAG_ERROR;
    record->data_size = record->data_offset = 0;
    record->packet_count = record->data_crc = 0;
    return 0;
}

static bool find_socket(const struct capture *capture, uint64_t inode, uint32_t *ret_index)
{
    const struct ckpt_socket *sockets = (const void *)capture->sockets.data;
    for (size_t i = 0; i < capture->sockets.size / sizeof(*sockets); i++)
        if (sockets[i].inode == inode) {
            *ret_index = (uint32_t)i;
            return true;
        }
    return false;
}

/* A pair of which another process has an end, too, is a connection to that. */
static bool find_other_end(const struct capture *capture, uint32_t index, uint32_t *ret_peer)
{
    const struct ckpt_socket *sockets = (const void *)capture->sockets.data;
    const struct socket_facts *facts = (const void *)capture->socket_facts.data;
    uint32_t peer;
    if (!find_socket(capture, facts[index].of_unix.peer, &peer) || facts[peer].of_unix.peer != sockets[index].inode ||
        channel_is_elsewhere(capture, sockets[index].inode) || channel_is_elsewhere(capture, sockets[peer].inode))
        return false;
    *ret_peer = peer;
    return true;
}

static int join_socket(struct capture *capture, uint32_t index)
{
    struct ckpt_socket *record = (struct ckpt_socket *)(void *)capture->sockets.data + index;
    const struct socket_facts *facts = (const void *)capture->socket_facts.data;
    struct open_socket opened;
    char path[64];
    if (record->family != AF_UNIX)
        return 0;
    if (record->state == CKPT_SOCKET_PAIRED && find_other_end(capture, index, &record->peer))
        return 0;
    snprintf(path, sizeof(path), "socket:[%llu]", (unsigned long long)record->inode);
    AUTO_CLOSE int fd = open_socket(capture, facts[index].descriptor, path, &opened);
    if (fd < 0)
        return fd;
    int error = record->state == CKPT_SOCKET_PAIRED ? describe_outer_unix(capture, &opened, record) : 0;
    return error == 0 && record->state != CKPT_SOCKET_ORPHANED ? refuse_lost_datagrams(capture, &opened, record) : error;
}

int join_sockets(struct capture *capture)
{
    for (uint32_t i = 0; i < capture->sockets.size / sizeof(struct ckpt_socket); i++) {
        int error = join_socket(capture, i);
        if (error < 0 && error != -ENOTSUP)
            return error;
    }
    return 0;
}
