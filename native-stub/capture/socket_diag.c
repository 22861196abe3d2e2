/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about AF_UNIX sockets that no call on the socket answers (net/unix/diag.c), such as who the other end is. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proc_files.h"
#include "sockets.h"

struct question {
    struct nlmsghdr head;
    struct unix_diag_req body;
};

static void note_attribute(struct unix_facts *facts, const struct rtattr *attribute)
{
    const struct unix_diag_vfs *file = RTA_DATA(attribute);
    const struct unix_diag_rqlen *queue = RTA_DATA(attribute);
    switch (attribute->rta_type) {
    case UNIX_DIAG_PEER:
        facts->has_peer = true;
        memcpy(&facts->peer, RTA_DATA(attribute), sizeof(facts->peer));
        break;
    case UNIX_DIAG_VFS:
        facts->file = file->udiag_vfs_ino;
        break;
    case UNIX_DIAG_SHUTDOWN:
        facts->shutdown = *(const uint8_t *)RTA_DATA(attribute);
        break;
    case UNIX_DIAG_RQLEN:
        facts->backlog = queue->udiag_wqueue;
        break;
    default:
        break;
    }
}

static struct unix_facts read_answer(const struct nlmsghdr *head, size_t size)
{
    struct unix_facts facts = {0};
    if (!NLMSG_OK(head, size) || head->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
        head->nlmsg_len < NLMSG_LENGTH(sizeof(struct unix_diag_msg)))
        return facts;
    const struct unix_diag_msg *body = NLMSG_DATA(head);
    size_t left = head->nlmsg_len - NLMSG_LENGTH(sizeof(*body));
    for (const struct rtattr *attribute = (const void *)(body + 1); RTA_OK(attribute, left);
         attribute = RTA_NEXT(attribute, left))
        note_attribute(&facts, attribute);
    facts.known = true;
    return facts;
}

/* A socket stays where it was made, so a thread needs to be there for that moment only. */
static int make_socket_there(int there, int here, int family, int type, int protocol)
{
    if (setns(there, CLONE_NEWNET) < 0)
        return -errno;
    int fd = socket(family, type, protocol);
    int error = -errno;
    if (setns(here, CLONE_NEWNET) < 0) {
        close_descriptor(&fd);
        return -EPERM;
    }
    return fd < 0 ? error : fd;
}

static int make_socket_like(const struct capture *capture, int family, int type, int protocol)
{
    struct stat own, other;
    AUTO_CLOSE int here = open_proc(O_RDONLY, "self/ns/net");
    AUTO_CLOSE int there = open_proc(O_RDONLY, "%d/ns/net", capture->pid);
    int fd = -EPERM;
    type |= SOCK_CLOEXEC;
    if (here >= 0 && there >= 0 && fstat(here, &own) == 0 && fstat(there, &other) == 0 && own.st_ino != other.st_ino)
        fd = make_socket_there(there, here, family, type, protocol);
    if (fd < 0)
        fd = socket(family, type, protocol);
    return fd < 0 ? -errno : fd;
}

/* Going to another namespace takes milliseconds, so what was made is used again. */
int socket_like(struct capture *capture, int family, int type, int protocol)
{
    struct like_socket *known = capture->like_sockets;
    for (size_t i = 0; i < capture->like_socket_count; i++)
        if (known[i].family == family && known[i].type == type && known[i].protocol == protocol)
            return known[i].fd;
    int fd = make_socket_like(capture, family, type, protocol);
    if (fd < 0)
        return fd;
    if (capture->like_socket_count == LIKE_SOCKETS)
        close(known[--capture->like_socket_count].fd);
    known[capture->like_socket_count++] = (struct like_socket){family, type, protocol, fd};
    return fd;
}

void release_like_sockets(struct capture *capture)
{
    while (capture->like_socket_count)
        close(capture->like_sockets[--capture->like_socket_count].fd);
}

struct unix_facts ask_unix_socket(struct capture *capture, uint64_t inode)
{
    struct question question = {
        .head = {.nlmsg_len = sizeof(question), .nlmsg_type = SOCK_DIAG_BY_FAMILY, .nlmsg_flags = NLM_F_REQUEST},
        .body = {.sdiag_family = AF_UNIX, .udiag_states = ~0u, .udiag_ino = (uint32_t)inode,
                 .udiag_show = UDIAG_SHOW_PEER | UDIAG_SHOW_VFS | UDIAG_SHOW_RQLEN, .udiag_cookie = {~0u, ~0u}},
    };
    union {
        struct nlmsghdr head;
        char bytes[4096];
    } answer;
    int fd = socket_like(capture, AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG);
    if (fd < 0 || send(fd, &question, sizeof(question), 0) != sizeof(question))
        return (struct unix_facts){0};
    ssize_t size = recv(fd, &answer, sizeof(answer), 0);
    return size < 0 ? (struct unix_facts){0} : read_answer(&answer.head, (size_t)size);
}
