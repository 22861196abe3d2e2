/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The options of a socket. What getsockopt(2) tells is compared with a fresh socket of ours, and only what differs is
 * kept, so that a launch has the defaults of its own kernel otherwise.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/in6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "proc_files.h"
#include "sockets.h"

/* Newer than the headers of some build machines. */
#define NEW_SO_BUF_LOCK 72          /* 5.14 */
#define NEW_SO_TXREHASH 74          /* 5.19 */
#define NEW_SO_RCVMARK 75           /* 5.19 */
#define NEW_SO_PASSPIDFD 76         /* 6.5 */
#define NEW_IP_LOCAL_PORT_RANGE 51  /* 6.3 */
#define NEW_IPV6_RECVERR_RFC4884 31 /* 5.9 */
#define NEW_TCP_ULP 31
#ifndef SOL_TCP
#define SOL_TCP IPPROTO_TCP
#endif
#ifndef SOL_UDP
#define SOL_UDP IPPROTO_UDP
#endif
#ifndef IP_RECVERR_RFC4884
#define IP_RECVERR_RFC4884 26
#endif
#ifndef SO_PREFER_BUSY_POLL
#define SO_PREFER_BUSY_POLL 69
#endif
#define SENDING_BUFFER_LOCKED 1 /* SOCK_SNDBUF_LOCK, include/uapi/linux/socket.h */
#define RECEIVING_BUFFER_LOCKED 2

enum option_use {
    USE_EXACT,
    USE_ALWAYS, /* kept whatever it is: machines differ in its default, and it decides who is served */
    USE_DETAIL, /* CKPT_SOCKET_OPTION_DETAIL */
    USE_BUFFER, /* the kernel doubles what it is given, and changes what nobody has set */
};

/* SO_PEEK_OFF is among them because it belongs to the program; SO_INCOMING_CPU and TCP_QUICKACK are not, because the kernel
 * changes them as it goes. */
static const struct option {
    int level, name;
    const char *label;
    enum option_use use;
} options[] = {
#define OPTION(level, name) {level, name, #name, USE_EXACT}
#define DETAIL(level, name) {level, name, #name, USE_DETAIL}
    OPTION(SOL_SOCKET, SO_REUSEADDR), OPTION(SOL_SOCKET, SO_REUSEPORT), OPTION(SOL_SOCKET, SO_BINDTODEVICE),
    {SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF", USE_BUFFER}, {SOL_SOCKET, SO_RCVBUF, "SO_RCVBUF", USE_BUFFER},
    OPTION(SOL_SOCKET, SO_DEBUG), OPTION(SOL_SOCKET, SO_DONTROUTE), OPTION(SOL_SOCKET, SO_BROADCAST),
    OPTION(SOL_SOCKET, SO_KEEPALIVE), OPTION(SOL_SOCKET, SO_OOBINLINE), OPTION(SOL_SOCKET, SO_NO_CHECK),
    DETAIL(SOL_SOCKET, SO_PRIORITY), OPTION(SOL_SOCKET, SO_LINGER), OPTION(SOL_SOCKET, SO_PASSCRED),
    OPTION(SOL_SOCKET, SO_PASSSEC), OPTION(SOL_SOCKET, SO_RCVLOWAT), OPTION(SOL_SOCKET, SO_RCVTIMEO),
    OPTION(SOL_SOCKET, SO_SNDTIMEO), OPTION(SOL_SOCKET, SO_TIMESTAMP), OPTION(SOL_SOCKET, SO_TIMESTAMPNS),
    OPTION(SOL_SOCKET, SO_TIMESTAMPING), OPTION(SOL_SOCKET, SO_MARK), OPTION(SOL_SOCKET, SO_RXQ_OVFL),
    OPTION(SOL_SOCKET, SO_WIFI_STATUS), OPTION(SOL_SOCKET, SO_PEEK_OFF), OPTION(SOL_SOCKET, SO_NOFCS),
    OPTION(SOL_SOCKET, SO_SELECT_ERR_QUEUE), DETAIL(SOL_SOCKET, SO_BUSY_POLL), DETAIL(SOL_SOCKET, SO_PREFER_BUSY_POLL),
    DETAIL(SOL_SOCKET, SO_MAX_PACING_RATE), OPTION(SOL_SOCKET, SO_ZEROCOPY),
    {SOL_SOCKET, NEW_SO_TXREHASH, "SO_TXREHASH", USE_DETAIL}, {SOL_SOCKET, NEW_SO_RCVMARK, "SO_RCVMARK", USE_EXACT},
    {SOL_SOCKET, NEW_SO_PASSPIDFD, "SO_PASSPIDFD", USE_EXACT},
    OPTION(SOL_IP, IP_FREEBIND), OPTION(SOL_IP, IP_TRANSPARENT), OPTION(SOL_IP, IP_BIND_ADDRESS_NO_PORT),
    {SOL_IP, NEW_IP_LOCAL_PORT_RANGE, "IP_LOCAL_PORT_RANGE", USE_EXACT}, OPTION(SOL_IP, IP_TOS), OPTION(SOL_IP, IP_TTL),
    OPTION(SOL_IP, IP_RECVOPTS), OPTION(SOL_IP, IP_RETOPTS), OPTION(SOL_IP, IP_PKTINFO), OPTION(SOL_IP, IP_RECVERR),
    OPTION(SOL_IP, IP_RECVTTL), OPTION(SOL_IP, IP_RECVTOS), OPTION(SOL_IP, IP_MTU_DISCOVER), OPTION(SOL_IP, IP_PASSSEC),
    OPTION(SOL_IP, IP_RECVORIGDSTADDR), OPTION(SOL_IP, IP_MINTTL), OPTION(SOL_IP, IP_CHECKSUM),
    OPTION(SOL_IP, IP_RECVFRAGSIZE), OPTION(SOL_IP, IP_RECVERR_RFC4884), OPTION(SOL_IP, IP_MULTICAST_IF),
    OPTION(SOL_IP, IP_MULTICAST_TTL), OPTION(SOL_IP, IP_MULTICAST_LOOP), OPTION(SOL_IP, IP_MULTICAST_ALL),
    OPTION(SOL_IP, IP_UNICAST_IF), OPTION(SOL_IP, IP_OPTIONS),
    {SOL_IPV6, IPV6_V6ONLY, "IPV6_V6ONLY", USE_ALWAYS}, OPTION(SOL_IPV6, IPV6_FREEBIND), OPTION(SOL_IPV6, IPV6_TRANSPARENT),
    OPTION(SOL_IPV6, IPV6_UNICAST_HOPS), OPTION(SOL_IPV6, IPV6_MULTICAST_IF), OPTION(SOL_IPV6, IPV6_MULTICAST_HOPS),
    OPTION(SOL_IPV6, IPV6_MULTICAST_LOOP), OPTION(SOL_IPV6, IPV6_MULTICAST_ALL), OPTION(SOL_IPV6, IPV6_MTU_DISCOVER),
    OPTION(SOL_IPV6, IPV6_RECVERR), OPTION(SOL_IPV6, IPV6_FLOWINFO_SEND), OPTION(SOL_IPV6, IPV6_FLOWINFO),
    OPTION(SOL_IPV6, IPV6_RECVPKTINFO), OPTION(SOL_IPV6, IPV6_RECVHOPLIMIT), OPTION(SOL_IPV6, IPV6_RECVRTHDR),
    OPTION(SOL_IPV6, IPV6_RECVHOPOPTS), OPTION(SOL_IPV6, IPV6_RECVDSTOPTS), OPTION(SOL_IPV6, IPV6_RECVPATHMTU),
    OPTION(SOL_IPV6, IPV6_DONTFRAG), OPTION(SOL_IPV6, IPV6_RECVTCLASS), OPTION(SOL_IPV6, IPV6_TCLASS),
    OPTION(SOL_IPV6, IPV6_AUTOFLOWLABEL), OPTION(SOL_IPV6, IPV6_ADDR_PREFERENCES), OPTION(SOL_IPV6, IPV6_MINHOPCOUNT),
    OPTION(SOL_IPV6, IPV6_RECVORIGDSTADDR), OPTION(SOL_IPV6, IPV6_UNICAST_IF), OPTION(SOL_IPV6, IPV6_RECVFRAGSIZE),
    {SOL_IPV6, NEW_IPV6_RECVERR_RFC4884, "IPV6_RECVERR_RFC4884", USE_EXACT},
    OPTION(SOL_TCP, TCP_NODELAY), OPTION(SOL_TCP, TCP_MAXSEG), OPTION(SOL_TCP, TCP_CORK), OPTION(SOL_TCP, TCP_KEEPIDLE),
    OPTION(SOL_TCP, TCP_KEEPINTVL), OPTION(SOL_TCP, TCP_KEEPCNT), OPTION(SOL_TCP, TCP_SYNCNT),
    OPTION(SOL_TCP, TCP_LINGER2), OPTION(SOL_TCP, TCP_DEFER_ACCEPT), DETAIL(SOL_TCP, TCP_WINDOW_CLAMP),
    DETAIL(SOL_TCP, TCP_CONGESTION), DETAIL(SOL_TCP, TCP_THIN_LINEAR_TIMEOUTS), OPTION(SOL_TCP, TCP_USER_TIMEOUT),
    DETAIL(SOL_TCP, TCP_FASTOPEN), DETAIL(SOL_TCP, TCP_FASTOPEN_CONNECT), DETAIL(SOL_TCP, TCP_FASTOPEN_NO_COOKIE),
    DETAIL(SOL_TCP, TCP_NOTSENT_LOWAT), OPTION(SOL_TCP, TCP_SAVE_SYN), OPTION(SOL_TCP, TCP_INQ),
    DETAIL(SOL_TCP, TCP_TX_DELAY), OPTION(SOL_TCP, NEW_TCP_ULP),
    OPTION(SOL_UDP, UDP_CORK), OPTION(SOL_UDP, UDP_ENCAP), OPTION(SOL_UDP, UDP_NO_CHECK6_TX),
    OPTION(SOL_UDP, UDP_NO_CHECK6_RX), OPTION(SOL_UDP, UDP_SEGMENT), OPTION(SOL_UDP, UDP_GRO),
#undef OPTION
#undef DETAIL
};

struct option_value {
    socklen_t size;
    uint8_t bytes[64];
};

/* Options that the kernel, or this kind of socket, does not have are none; level 0 to 255 are protocols and answer for
 * theirs alone, which is why UDP_CORK and TCP_NODELAY, both number 1, do not meet. */
static bool read_option(int fd, const struct option *option, struct option_value *ret)
{
    ret->size = sizeof(ret->bytes);
    memset(ret->bytes, 0, sizeof(ret->bytes));
    return getsockopt(fd, option->level, option->name, ret->bytes, &ret->size) == 0;
}

static int number(const struct option_value *value)
{
    int result = 0;
    memcpy(&result, value->bytes, value->size < sizeof(result) ? value->size : sizeof(result));
    return result;
}

/* Without SO_BUF_LOCK, before 5.14, what differs counts as set. */
static bool buffer_is_set(int fd, int name)
{
    int locks;
    socklen_t size = sizeof(locks);
    if (getsockopt(fd, SOL_SOCKET, NEW_SO_BUF_LOCK, &locks, &size) < 0)
        return true;
    return locks & (name == SO_SNDBUF ? SENDING_BUFFER_LOCKED : RECEIVING_BUFFER_LOCKED);
}

static void add_option(struct capture *capture, const struct option *option, const struct option_value *value,
                       struct ckpt_socket *record)
{
    struct ckpt_socket_option added = {.level = (uint32_t)option->level, .name = (uint32_t)option->name,
                                       .size = value->size,
                                       .flags = option->use == USE_DETAIL || option->use == USE_BUFFER ? CKPT_SOCKET_OPTION_DETAIL : 0};
    added.label = strings_add_text(&capture->strings, option->label);
    memcpy(added.value, value->bytes, value->size);
    buffer_append(&capture->socket_options, &added, sizeof(added));
    record->option_count++;
}

static int compare_option(struct capture *capture, const struct open_socket *socket, int fresh,
                          const struct option *option, struct ckpt_socket *record)
{
    struct option_value value, usual;
    if (option->level == SOL_IPV6 && socket->family != AF_INET6)
        return 0; /* MPTCP tells, but does not take them */
    if (!read_option(socket->fd, option, &value) || !read_option(fresh, option, &usual))
        return 0;
    bool differs = value.size != usual.size || memcmp(value.bytes, usual.bytes, value.size) != 0;
    if (!differs && option->use != USE_ALWAYS)
        return 0;
    if (option->use == USE_BUFFER) {
        if (!buffer_is_set(socket->fd, option->name))
            return 0;
        int half = number(&value) / 2;
        memcpy(value.bytes, &half, sizeof(half));
    }
    if (option->level == SOL_TCP && option->name == NEW_TCP_ULP)
        return refuse_socket(capture, socket, "a socket with a protocol on top (TCP_ULP, such as kernel TLS)",
                             "close it before");
    if (value.size > sizeof(((struct ckpt_socket_option *)0)->value))
        return refuse_socket(capture, socket, "a socket with a very long option", "close it before");
    add_option(capture, option, &value, record);
    return 0;
}

/* A filter can be read by those alone who may set up the network, and only the classic kind. */
static int check_filter(struct capture *capture, const struct open_socket *socket)
{
    socklen_t count = 0;
    int locked = 0;
    socklen_t size = sizeof(locked);
    bool filtered = getsockopt(socket->fd, SOL_SOCKET, SO_GET_FILTER, NULL, &count) < 0 ? errno == EACCES : count > 0;
    getsockopt(socket->fd, SOL_SOCKET, SO_LOCK_FILTER, &locked, &size);
    if (filtered || locked)
        return refuse_socket(capture, socket, "a socket with a filter", "detach the filter (SO_DETACH_FILTER) before");
    return 0;
}

/* ---- multicast ---- */

/* No call lists the groups of a socket, but one tells whether it is a member of this one: 0, or -errno. Filtered: it takes
 * datagrams of some senders only. */
static int ask_membership(int fd, int level, const void *group, size_t size, unsigned interface, bool *ret_filtered)
{
    struct group_filter filter = {.gf_interface = interface, .gf_numsrc = 0};
    socklen_t length = GROUP_FILTER_SIZE(0);
    memcpy(&filter.gf_group, group, size);
    if (getsockopt(fd, level, MCAST_MSFILTER, &filter, &length) < 0)
        return -errno;
    *ret_filtered = filter.gf_fmode != MCAST_EXCLUDE || filter.gf_numsrc != 0;
    return 0;
}

static int refuse_member(struct capture *capture, const struct open_socket *socket, const void *group, size_t size)
{
    char text[ADDRESS_TEXT], what[ADDRESS_TEXT + 96];
    address_text(group, size, text);
    *strrchr(text, ':') = 0;
    snprintf(what, sizeof(what), "a member of multicast group %s with a filter for senders", text);
    return refuse_socket(capture, socket, what, "leave the group before");
}

/* Joining is an option as well, which may be set several times. */
static void add_membership(struct capture *capture, const struct option *option, const void *request, size_t size,
                           struct ckpt_socket *record)
{
    struct option_value value = {.size = (socklen_t)size};
    memcpy(value.bytes, request, size);
    add_option(capture, option, &value, record);
}

/* /proc/PID/net/igmp: a line that begins with a number names the interface, the indented ones behind it its groups, as
 * numbers in memory order. */
static int read_groups(struct capture *capture, const struct open_socket *socket, struct ckpt_socket *record)
{
    static const struct option join = {SOL_IP, IP_ADD_MEMBERSHIP, "IP_ADD_MEMBERSHIP", USE_EXACT};
    AUTO_BUFFER struct buffer text = {0};
    unsigned interface = 0;
    bool filtered;
    if (read_proc(&text, "%d/net/igmp", capture->pid) < 0)
        return 0;
    for (const char *line = (char *)text.data; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
        struct sockaddr_in group = {.sin_family = AF_INET};
        unsigned address;
        if (*line != '\t')
            sscanf(line, "%u", &interface);
        else if (sscanf(line, " %x", &address) == 1) {
            struct ip_mreqn request = {.imr_multiaddr.s_addr = address, .imr_ifindex = (int)interface};
            group.sin_addr.s_addr = address;
            if (ask_membership(socket->fd, SOL_IP, &group, sizeof(group), interface, &filtered) < 0)
                continue;
            if (filtered)
                return refuse_member(capture, socket, &group, sizeof(group));
            add_membership(capture, &join, &request, sizeof(request), record);
        }
    }
    return 0;
}

static int read_groups6(struct capture *capture, const struct open_socket *socket, struct ckpt_socket *record)
{
    static const struct option join = {SOL_IPV6, IPV6_ADD_MEMBERSHIP, "IPV6_ADD_MEMBERSHIP", USE_EXACT};
    AUTO_BUFFER struct buffer text = {0};
    bool filtered;
    if (read_proc(&text, "%d/net/igmp6", capture->pid) < 0)
        return 0;
    for (const char *line = (char *)text.data; line && *line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
        struct sockaddr_in6 group = {.sin6_family = AF_INET6};
        unsigned interface, byte;
        char digits[33];
        if (sscanf(line, "%u %*s %32s", &interface, digits) != 2 || strlen(digits) != 32)
            continue;
        for (size_t i = 0; i < 16 && sscanf(digits + 2 * i, "%2x", &byte) == 1; i++)
            group.sin6_addr.s6_addr[i] = (uint8_t)byte;
        struct ipv6_mreq request = {group.sin6_addr, (int)interface};
        if (ask_membership(socket->fd, SOL_IPV6, &group, sizeof(group), interface, &filtered) < 0)
            continue;
        if (filtered)
            return refuse_member(capture, socket, &group, sizeof(group));
        add_membership(capture, &join, &request, sizeof(request), record);
    }
    return 0;
}

int read_socket_options(struct capture *capture, const struct open_socket *opened, struct ckpt_socket *record)
{
    int fresh = socket_like(capture, opened->family, opened->type, opened->protocol);
    if (fresh < 0)
        return refuse(capture->report, fresh,
                      "capturing process %d: making a socket to compare descriptor %d with: %s", capture->pid,
                      opened->descriptor, strerror(-fresh));
    int error = check_filter(capture, opened);
    record->first_option = capture->socket_options.size / sizeof(struct ckpt_socket_option);
    if (error == 0 && opened->type == SOCK_DGRAM && opened->family == AF_INET)
        error = read_groups(capture, opened, record);
    if (error == 0 && opened->type == SOCK_DGRAM && opened->family == AF_INET6)
        error = read_groups6(capture, opened, record);
    for (size_t i = 0; error == 0 && i < sizeof(options) / sizeof(options[0]); i++)
        error = compare_option(capture, opened, fresh, &options[i], record);
    return error;
}
