/* SPDX-License-Identifier: Apache-2.0 */
#include "inflight.h"
#include "sockets.h"

#include <sys/syscall.h>

/* Threads blocked in calls on sockets, with and without a time limit of the socket. */
static int pair[2], timed[2], packets[2], full[2], listener, patient, udp;

static void receive(struct inflight *self) {
    char text[16] = "";
    inflight_result(self, recv(*(int *)self->argument, text, sizeof text, 0));
    CHECK(memcmp(text, "hello", 6) == 0, "recv gave '%.16s'", text);
}

static void receive_message(struct inflight *self) {
    char first[2], second[14] = "";
    struct iovec pieces[2] = {{first, 2}, {second, sizeof second}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = 2};
    inflight_result(self, recvmsg(*(int *)self->argument, &message, 0));
    CHECK(memcmp(first, "he", 2) == 0 && memcmp(second, "llo", 4) == 0, "recvmsg misplaced bytes");
}

static void take_client(struct inflight *self) {
    int fd = accept(*(int *)self->argument, NULL, NULL);
    inflight_result(self, fd < 0 ? -1 : 0);
    if (fd >= 0)
        close(fd);
}

static void send_byte(struct inflight *self) {
    inflight_result(self, send(*(int *)self->argument, "x", 1, 0));
}

static void wait_in_vain(struct inflight *self) {
    char byte;
    inflight_result(self, recv(*(int *)self->argument, &byte, 1, 0));
}

static void set_patience(int fd, int seconds) {
    struct timeval limit = {.tv_sec = seconds};
    MUST(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
}

static int listen_on_loopback(void) {
    struct name name = loopback(AF_INET);
    int fd = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    MUST(bind(fd, &name.head, name.size));
    MUST(listen(fd, 3));
    return fd;
}

static void become_client_of(int fd) {
    struct name name = own_name(fd);
    int client = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(client, &name.head, name.size));
    MUST(close(client));
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "threads blocked in recv, recvmsg, accept and send on sockets");
    int vain[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, timed));
    MUST(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, packets));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, full));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, vain));
    set_patience(timed[0], 3600);
    set_patience(vain[0], 2);
    char block[PAGE] = "";
    long filled = 0;
    for (ssize_t count; (count = send(full[0], block, sizeof block, MSG_DONTWAIT)) > 0;)
        filled += count;
    listener = listen_on_loopback();
    patient = listen_on_loopback();
    set_patience(patient, 3600);
    struct name name = loopback(AF_INET);
    udp = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    MUST(bind(udp, &name.head, name.size));
    static struct inflight calls[] = {
        {.body = receive, .nr = SYS_recvfrom, .argument = &pair[0]},
        {.body = receive, .nr = SYS_recvfrom, .argument = &timed[0]},
        {.body = receive_message, .nr = SYS_recvmsg, .argument = &packets[0]},
        {.body = receive, .nr = SYS_recvfrom, .argument = &udp},
        {.body = take_client, .nr = SYS_accept, .argument = &listener},
        {.body = take_client, .nr = SYS_accept, .argument = &patient},
        {.body = send_byte, .nr = SYS_sendto, .argument = &full[0]},
    };
    enum { CALLS = sizeof calls / sizeof calls[0] };
    static struct inflight in_vain = {.body = wait_in_vain, .nr = SYS_recvfrom, .limit_ns = 2 * NS_PER_S};
    in_vain.argument = &vain[0];
    for (int i = 0; i < CALLS; i++)
        inflight_start(&calls[i]);
    inflight_start(&in_vain);

    ready_and_wait();

    CHECK_EQ(send(pair[1], "hello", 6, 0), 6);
    CHECK_EQ(send(timed[1], "hello", 6, 0), 6);
    CHECK_EQ(send(packets[1], "hello", 6, 0), 6);
    name = own_name(udp);
    int sender = (int)MUST(socket(AF_INET, SOCK_DGRAM, 0));
    CHECK_EQ(sendto(sender, "hello", 6, 0, &name.head, name.size), 6);
    become_client_of(listener);
    become_client_of(patient);
    long drained = 0;
    while (drained < filled + 1)
        drained += MUST(recv(full[1], block, sizeof block, 0));
    for (int i = 0; i < CALLS; i++) {
        inflight_join(&calls[i]);
        CHECK_EQ(calls[i].result, i < 4 ? 6 : i < 6 ? 0 : 1);
    }
    inflight_join(&in_vain);
    CHECK_EQ(in_vain.result, -1);
    CHECK_EQ(in_vain.error, EAGAIN);
    pass();
}
