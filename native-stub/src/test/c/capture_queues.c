/* SPDX-License-Identifier: Apache-2.0 */
/* Copying what waits in sockets: a program that peeks finds its SO_PEEK_OFF again, also when the engine is killed meanwhile. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/socket.h>
#include <sys/types.h>

static ssize_t watched_recvmsg(int fd, struct msghdr *message, int flags);

#define recvmsg watched_recvmsg
#include "capture/socket_queues.c"
#undef recvmsg

#include "capture/buffer.c"
#include "capture/crc32c.c"
#include "capture/peek_guard.c"
#include "capture/report.c"
#include "src/test/c/support/expect.h"

#include <time.h>

#define OWN_OFFSET 3
#define PATIENCE_MS 10000

static int peeks_before_death; /* 0: it lives */
static uint8_t written[64];

static ssize_t watched_recvmsg(int fd, struct msghdr *message, int flags)
{
    if (peeks_before_death && --peeks_before_death == 0)
        kill(getpid(), SIGKILL);
    return recvmsg(fd, message, flags);
}

uint64_t writer_reserve(struct writer *writer, uint64_t size)
{
    (void)writer;
    expect(size <= sizeof(written), "as much as was sent");
    return CKPT_PAGE_SIZE;
}

void writer_put(struct writer *writer, uint64_t offset, const void *bytes, uint64_t size)
{
    (void)writer;
    if (size)
        memcpy(written + (offset - CKPT_PAGE_SIZE), bytes, size);
}

int refuse_socket(struct capture *capture, const struct open_socket *opened, const char *what, const char *advice)
{
    (void)opened;
    return refuse(capture->report, -ENOTSUP, "%s; %s", what, advice);
}

static int peek_offset(int fd)
{
    int offset = -99;
    socklen_t size = sizeof(offset);
    getsockopt(fd, SOL_SOCKET, SO_PEEK_OFF, &offset, &size);
    return offset;
}

static int copy(int fd, int type, struct ckpt_socket *record)
{
    struct report report = {0};
    struct capture capture = {.report = &report};
    struct open_socket opened = {.descriptor = 5, .path = "socket:[1]", .fd = fd, .family = AF_UNIX, .type = type};
    *record = (struct ckpt_socket){.state = CKPT_SOCKET_PAIRED};
    int error = copy_socket_queue(&capture, &opened, record);
    report_clear(&report);
    return error;
}

static void fill(int type, int offset, int ends[2])
{
    if (socketpair(AF_UNIX, type, 0, ends) < 0 || !set_peek_offset(ends[0], offset) || send(ends[1], "abcd", 4, 0) != 4 ||
        send(ends[1], "efg", 3, 0) != 3)
        perror("socketpair");
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

/* A process that is killed in the middle of the queue. */
static void die_while_copying(int fd, int type, int at)
{
    struct ckpt_socket record;
    int status;
    pid_t child = fork();
    if (child == 0) {
        peeks_before_death = at;
        copy(fd, type, &record);
        _exit(0);
    }
    waitpid(child, &status, 0);
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "it was killed while it looked");
}

static bool gets_back(int fd, int offset)
{
    struct timespec moment = {0, 1000000};
    for (int waited = 0; waited < PATIENCE_MS; waited++) {
        if (peek_offset(fd) == offset)
            return true;
        nanosleep(&moment, NULL);
    }
    return false;
}

static void a_copy_changes_nothing(int type, int offset)
{
    struct ckpt_socket record;
    char rest[16] = "";
    int ends[2];
    fill(type, offset, ends);
    expect(copy(ends[0], type, &record) == 0, "the queue is copied");
    bool stream = type == SOCK_STREAM;
    uint32_t lengths[2] = {4, 3};
    size_t head = stream ? 0 : sizeof(lengths);
    expect(record.data_size == head + 7 && record.packet_count == (stream ? 0 : 2), "all of it");
    expect((stream || memcmp(written, lengths, head) == 0) && memcmp(written + head, "abcdefg", 7) == 0, "as it was sent");
    expect(peek_offset(ends[0]) == offset, "the offset is the program's own");
    expect(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD, "no process is left");
    expect(recv(ends[0], rest, sizeof(rest), MSG_DONTWAIT) == (stream ? 7 : 4), "nothing was taken out");
    close_both(ends);
}

static void a_death_changes_nothing(int type, int offset)
{
    for (int at = 1; at <= (type == SOCK_STREAM ? 1 : 3); at++) {
        int ends[2];
        fill(type, offset, ends);
        die_while_copying(ends[0], type, at);
        expect(gets_back(ends[0], offset), "the offset comes back");
        close_both(ends);
    }
}

int main(void)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET};
    for (unsigned i = 0; i < 3; i++) {
        a_copy_changes_nothing(types[i], -1);
        a_copy_changes_nothing(types[i], OWN_OFFSET);
        a_death_changes_nothing(types[i], -1);
        a_death_changes_nothing(types[i], OWN_OFFSET);
    }
    return failures != 0;
}
