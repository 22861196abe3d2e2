/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "sockets.h"

static void unix_text(const struct sockaddr *address, size_t length, char text[ADDRESS_TEXT])
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    const char *name = (const char *)address + head;
    int size = length > head ? (int)(length - head) : 0;
    if (!size)
        snprintf(text, ADDRESS_TEXT, "without a name");
    else if (name[0])
        snprintf(text, ADDRESS_TEXT, "%.*s", size, name);
    else
        snprintf(text, ADDRESS_TEXT, "@%.*s", size - 1, name + 1);
}

void address_text(const struct sockaddr *address, size_t length, char text[ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET && length >= sizeof(struct sockaddr_in)) {
        const struct sockaddr_in *in = (const void *)address;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT, "%s:%u", host, ntohs(in->sin_port));
    } else if (address->sa_family == AF_INET6 && length >= sizeof(struct sockaddr_in6)) {
        const struct sockaddr_in6 *in = (const void *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof(host));
        snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, ntohs(in->sin6_port));
    } else if (address->sa_family == AF_UNIX) {
        unix_text(address, length, text);
    } else {
        snprintf(text, ADDRESS_TEXT, "an address of family %u", address->sa_family);
    }
}

struct number_name {
    int number;
    const char *name;
};

static const char *name_of(const struct number_name *names, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (names[i].number == number)
            return names[i].name;
    return NULL;
}
#define NAME_OF(names, number) name_of(names, sizeof(names) / sizeof(names[0]), number)

static const struct number_name families[] = {
    {AF_NETLINK, "netlink"}, {AF_PACKET, "packet"}, {AF_VSOCK, "vsock"}, {AF_ALG, "kernel crypto (AF_ALG)"},
    {AF_BLUETOOTH, "Bluetooth"}, {AF_CAN, "CAN"}, {AF_XDP, "XDP"}, {AF_TIPC, "TIPC"}, {AF_QIPCRTR, "Qualcomm IPC"},
    {AF_SMC, "SMC"}, {AF_KEY, "key management (AF_KEY)"}, {AF_RDS, "RDS"}, {AF_NFC, "NFC"},
};
static const struct number_name netlink_protocols[] = {
    {NETLINK_ROUTE, "NETLINK_ROUTE"}, {NETLINK_SOCK_DIAG, "NETLINK_SOCK_DIAG"}, {NETLINK_NFLOG, "NETLINK_NFLOG"},
    {NETLINK_XFRM, "NETLINK_XFRM"}, {NETLINK_SELINUX, "NETLINK_SELINUX"}, {NETLINK_AUDIT, "NETLINK_AUDIT"},
    {NETLINK_CONNECTOR, "NETLINK_CONNECTOR"}, {NETLINK_NETFILTER, "NETLINK_NETFILTER"},
    {NETLINK_KOBJECT_UEVENT, "NETLINK_KOBJECT_UEVENT"}, {NETLINK_GENERIC, "NETLINK_GENERIC"},
};
static const struct number_name ip_protocols[] = {
    {IPPROTO_ICMP, "ICMP"}, {IPPROTO_ICMPV6, "ICMPv6"}, {IPPROTO_SCTP, "SCTP"}, {IPPROTO_DCCP, "DCCP"},
    {IPPROTO_UDPLITE, "UDP-Lite"}, {IPPROTO_RAW, "RAW"},
};

static const char *uncommon_ip(const struct open_socket *socket, char *text, size_t size)
{
    const char *protocol = NAME_OF(ip_protocols, socket->protocol);
    if ((socket->type == SOCK_STREAM && (socket->protocol == IPPROTO_TCP || socket->protocol == IPPROTO_MPTCP)) ||
        (socket->type == SOCK_DGRAM && socket->protocol == IPPROTO_UDP))
        return NULL;
    snprintf(text, size, "a%s socket of IP protocol %d%s%s%s", socket->type == SOCK_RAW ? " raw" : "", socket->protocol,
             protocol ? " (" : "", protocol ? protocol : "", protocol ? ")" : "");
    return text;
}

const char *uncommon_socket(const struct open_socket *socket, char *text, size_t size)
{
    if (socket->family == AF_UNIX)
        return NULL;
    if (socket->family == AF_INET || socket->family == AF_INET6)
        return uncommon_ip(socket, text, size);
    const char *family = NAME_OF(families, socket->family);
    const char *protocol = socket->family == AF_NETLINK ? NAME_OF(netlink_protocols, socket->protocol) : NULL;
    if (family && protocol)
        snprintf(text, size, "a %s socket of protocol %s", family, protocol);
    else if (family)
        snprintf(text, size, "a %s socket of protocol %d", family, socket->protocol);
    else
        snprintf(text, size, "a socket of address family %d, protocol %d", socket->family, socket->protocol);
    return text;
}
