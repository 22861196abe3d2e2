/* SPDX-License-Identifier: Apache-2.0 */
/* Questions about AF_UNIX sockets that no call on the socket answers (net/unix/diag.c), such as who the other end is. */
#define _GNU_SOURCE
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <string.h>
#include <unistd.h>

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

struct unix_facts ask_unix_socket(uint64_t inode)
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
    AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0 || send(fd, &question, sizeof(question), 0) != sizeof(question))
        return (struct unix_facts){0};
    ssize_t size = recv(fd, &answer, sizeof(answer), 0);
    return size < 0 ? (struct unix_facts){0} : read_answer(&answer.head, (size_t)size);
}
