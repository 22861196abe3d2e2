/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "buffer.h"
#include "checkpoint_format.h"
#include "proc_files.h"
#include "proc_text.h"

#define WAITING 4
#define REQUEST_MAGIC 0x756e6472
#define FLAG_CONTINUE 0x1u
#define FLAG_COW 0x2u
#define FLAG_RESUME 0x4u

struct request_message {
    uint32_t magic;
    uint32_t size;      /* of this structure, which tells one release from another */
    uint64_t record, cookie;
    int32_t program;
    uint32_t flags;     /* FLAG_* */
    uint32_t allow;     /* ALLOW_* */
    char output[2 * PATH_MAX];
};

struct answer_message {
    int32_t error;
    char lines[4096];   /* one below the other */
};

struct handover {
    int socket;
};

/* The number of a process is its own in its pid name space only, and names of sockets are those of a network name space. */
static socklen_t name_after(struct sockaddr_un *address, pid_t pid)
{
    struct stat space = {0};
    stat("/proc/self/ns/pid", &space);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    int length = snprintf(address->sun_path + 1, sizeof(address->sun_path) - 1, "undump-ckpt-%llu-%d",
                          (unsigned long long)space.st_ino, (int)pid);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
}

static bool is_same_user(int connection, struct ucred *ret)
{
    socklen_t size = sizeof(*ret);
    return getsockopt(connection, SOL_SOCKET, SO_PEERCRED, ret, &size) == 0 && ret->uid == geteuid();
}

/* ---- the ckpt that runs the program ---- */

struct handover *handover_open(void)
{
    struct handover *handover = malloc(sizeof(*handover));
    struct sockaddr_un address;
    socklen_t size = name_after(&address, getpid());
    if (!handover)
        return NULL;
    handover->socket = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (handover->socket >= 0 && fcntl(handover->socket, F_SETOWN, getpid()) == 0 &&
        fcntl(handover->socket, F_SETFL, O_NONBLOCK | O_ASYNC) == 0 &&
        bind(handover->socket, (struct sockaddr *)&address, size) == 0 && listen(handover->socket, WAITING) == 0)
        return handover;
    handover_close(handover);
    return NULL;
}

void handover_close(struct handover *handover)
{
    if (handover)
        close_descriptor(&handover->socket);
    free(handover);
}

/* The message is on its way already when the connection is seen, or was never sent. */
static bool receive_request(int connection, pid_t program, struct handed_request *ret)
{
    struct timeval limit = {2, 0};
    struct request_message message;
    struct ucred peer;
    setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    if (!is_same_user(connection, &peer) || recv(connection, &message, sizeof(message), 0) != sizeof(message) ||
        message.magic != REQUEST_MAGIC || message.size != sizeof(message) || message.program != program)
        return false;
    message.output[sizeof(message.output) - 1] = 0;
    *ret = (struct handed_request){
        .request = {.trigger = message.flags & FLAG_RESUME ? CKPT_TRIGGER_PID : CKPT_TRIGGER_API, .launch_record = message.record,
                    .launch_cookie = message.cookie, .keep_running = message.flags & FLAG_CONTINUE,
                    .cow = message.flags & FLAG_COW, .allow = message.allow, .engine = peer.pid},
        .connection = connection,
    };
    strcpy(ret->output, message.output);
    ret->request.output = ret->output;
    return true;
}

bool handover_take(struct handover *handover, pid_t program, struct handed_request *ret)
{
    int connection;
    if (!handover)
        return false;
    while ((connection = accept4(handover->socket, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (receive_request(connection, program, ret))
            return true;
        close(connection);
    }
    return false;
}

void handover_answer(struct handed_request *handed, int error, const struct report *report)
{
    struct answer_message answer = {.error = error};
    size_t length = 0;
    for (size_t i = 0; i < report->count && i < REPORT_LINES && length < sizeof(answer.lines) - 1; i++)
        length += (size_t)snprintf(answer.lines + length, sizeof(answer.lines) - length, "%s%s", i ? "\n" : "",
                                   report->lines[i] ? report->lines[i] : "out of memory");
    send(handed->connection, &answer, sizeof(answer), MSG_NOSIGNAL);
    close(handed->connection);
}

/* ---- the one that the program has started ---- */

static int connect_to_tracer(pid_t program)
{
    AUTO_BUFFER struct buffer status = {0};
    struct sockaddr_un address;
    struct ucred peer;
    if (read_proc(&status, "%d/status", program) < 0)
        return -1;
    pid_t tracer = (pid_t)text_number((char *)status.data, "TracerPid:", 10, 0);
    int connection = tracer ? socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) : -1;
    if (connection < 0)
        return -1;
    socklen_t size = name_after(&address, tracer);
    if (connect(connection, (struct sockaddr *)&address, size) == 0 && is_same_user(connection, &peer) && peer.pid == tracer)
        return connection;
    close(connection);
    return -1;
}

/* The other ckpt has another working directory; both expand %p and %n themselves. */
static bool spell_output(char *ret, size_t size, const char *output)
{
    char directory[PATH_MAX];
    size_t length = 0;
    if (*output != '/') {
        if (!getcwd(directory, sizeof(directory)))
            return false;
        for (const char *at = directory; *at && length + 3 < size; at++) {
            if (*at == '%')
                ret[length++] = '%';
            ret[length++] = *at;
        }
        ret[length++] = '/';
    }
    return snprintf(ret + length, size - length, "%s", output) < (int)(size - length);
}

bool hand_over(const struct options *options, int *ret_error, struct report *report)
{
    AUTO_CLOSE int connection = connect_to_tracer(options->pid);
    struct request_message message = {
        .magic = REQUEST_MAGIC, .size = sizeof(message), .record = options->record, .cookie = options->cookie,
        .program = options->pid, .allow = options->allow,
        .flags = (options->keep_running ? FLAG_CONTINUE : 0) | (options->cow ? FLAG_COW : 0) | (options->resume ? FLAG_RESUME : 0),
    };
    struct answer_message answer = {0};
    if (connection < 0 || !options->output || !spell_output(message.output, sizeof(message.output), options->output))
        return false;
    if (send(connection, &message, sizeof(message), MSG_NOSIGNAL) == sizeof(message) &&
        recv(connection, &answer, sizeof(answer), 0) == sizeof(answer)) {
        answer.lines[sizeof(answer.lines) - 1] = 0;
        *ret_error = answer.error < 0 ? refuse(report, answer.error, "%s", answer.lines) : 0;
        return true;
    }
    *ret_error = refuse(report, -EIO, "capturing process %d: the ckpt that runs it has not answered; nothing was written", options->pid);
    return true;
}
