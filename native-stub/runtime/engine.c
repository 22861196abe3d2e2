/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS_LIMIT 64
#define LOOK_INTERVAL_NS 2000000 /* the engine writes the answer into our memory; it cannot wake us */
#define LOOKS_PER_QUESTION 25    /* whether it still lives */
#define LAST_LOOKS 500           /* when it does not: one that is ended undoes everything first, and says so */
#define READY '.'                /* capture/caller.h */
#define NOT_ALLOWED '!'          /* likewise */

struct image_launch_record launch_record = {.magic = IMAGE_LAUNCH_MAGIC_U64, .size = sizeof(struct image_launch_record)};

/* ---- one at a time ---- */

static atomic_flag taken = ATOMIC_FLAG_INIT;
static int cancelling; /* of the thread that has it */
static pthread_once_t prepared = PTHREAD_ONCE_INIT;

/* What threads hold that are not in the child of a fork(2), would be held there for ever. */
static void before_fork(void)
{
    hooks_before_fork();
    commands_before_fork();
}

static void after_fork(void)
{
    commands_after_fork();
    hooks_after_fork();
}

/* The thread that asks is not among those of a fork. */
static void leave_in_child(void)
{
    after_fork();
    atomic_flag_clear(&taken);
}

static void prepare(void)
{
    pthread_atfork(before_fork, after_fork, leave_in_child);
}

int engine_take(void)
{
    pthread_once(&prepared, prepare);
    if (atomic_flag_test_and_set(&taken))
        return fail(-EBUSY, "another thread of this process takes a checkpoint at the moment");
    /* A thread that is cancelled on the way would never leave, and no other could take another one. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancelling);
    return 0;
}

void engine_leave(void)
{
    int before = cancelling, unused;
    atomic_flag_clear(&taken);
    pthread_setcancelstate(before, &unused);
}

/* ---- the engine's permission ---- */

/* Where only ancestors may trace, the process has to name others itself (Yama, prctl(2)). Elsewhere nothing is touched. */
static bool names_tracer(void)
{
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
    int level = file ? fgetc(file) : '0';
    if (file)
        fclose(file);
    return level == '1';
}

/* ---- the talk before, see capture/caller.h ---- */

/* A child that another thread forks meanwhile keeps the other end open, so its closing tells nothing. */
static ssize_t receive(int socket, pid_t engine, char *answer, size_t size)
{
    const struct timeval moment = {0, LOOK_INTERVAL_NS / 1000 * LOOKS_PER_QUESTION};
    bool lives = true;
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
    for (;;) {
        ssize_t length = recv(socket, answer, size, lives ? 0 : MSG_DONTWAIT);
        if (length >= 0 || !lives || (errno != EINTR && errno != EAGAIN))
            return length;
        lives = is_running(engine);
    }
}

static int agree(int socket, pid_t engine)
{
    char answer[512];
    send(socket, "g", 1, MSG_NOSIGNAL); /* fails when it has ended already; then it has said why */
    ssize_t length = receive(socket, engine, answer, sizeof(answer) - 1);
    if (length == 1 && answer[0] == READY)
        return 0;
    if (length <= 0)
        return fail(-EIO, "the ckpt command ended without an answer");
    while (answer[length - 1] == '\n' && length > 1)
        length--;
    answer[length] = '\0';
    return answer[0] == NOT_ALLOWED ? fail(-EPERM, "%s", answer + 1) : fail(-EINVAL, "%s", answer);
}

/* ---- the answer ---- */

static uint32_t state_now(void)
{
    return atomic_load((_Atomic uint32_t *)&launch_record.state);
}

static void look_later(void)
{
    struct timespec moment = {0, LOOK_INTERVAL_NS};
    syscall(SYS_futex, &launch_record.state, FUTEX_WAIT_PRIVATE, IMAGE_LAUNCH_PENDING, &moment, NULL, 0);
}

/* In a launch, this is where the program finds itself. */
static int await(pid_t engine)
{
    unsigned looks = 0, looks_left = LAST_LOOKS;
    bool lives = true;
    while (state_now() == IMAGE_LAUNCH_PENDING && looks_left > 0) {
        look_later();
        if (!lives)
            looks_left--;
        else if (++looks % LOOKS_PER_QUESTION == 0)
            lives = is_running(engine);
    }
    switch (state_now()) {
    case IMAGE_LAUNCH_PENDING:
        return fail(-EIO, "the ckpt command (process %d) was ended before it was done; nothing was written", (int)engine);
    case IMAGE_LAUNCH_FAILED:
        return fail(launch_record.error < 0 ? launch_record.error : -EIO, "%.*s", (int)sizeof(launch_record.message),
                    (const char *)launch_record.message);
    default:
        return (int)state_now();
    }
}

static void forget_engine(pid_t engine, bool was_named)
{
    if (was_named)
        prctl(PR_SET_PTRACER, 0, 0, 0, 0);
    reap_detached(engine);
}

static int start(const char *const *arguments, size_t count, int socket, pid_t *ret)
{
    struct command ckpt;
    char pid[32], address[32], cookie[32];
    const char *own[ARGUMENTS_LIMIT] = {"ckpt", "--pid", pid, "--record", address, "--cookie", cookie};
    size_t used = 7;
    int error = find_ckpt(&ckpt);
    if (error < 0)
        return error;
    snprintf(pid, sizeof(pid), "%d", (int)getpid());
    snprintf(address, sizeof(address), "%llx", (unsigned long long)(uintptr_t)&launch_record);
    snprintf(cookie, sizeof(cookie), "%llx", (unsigned long long)launch_record.cookie);
    if (count > ARGUMENTS_LIMIT - used - 1)
        return fail(-E2BIG, "too many options");
    memcpy(own + used, arguments, count * sizeof(*arguments));
    *ret = spawn_detached(ckpt.path, (char *const *)own, socket, socket); /* where it says what is wrong with its options */
    return *ret < 0 ? fail(*ret, "starting %s: %s", ckpt.path, strerror(-*ret)) : 0;
}

int engine_ask(const char *const *arguments, size_t count)
{
    int sockets[2];
    pid_t engine = 0;
    bool names = names_tracer();
    atomic_store((_Atomic uint32_t *)&launch_record.state, 0);
    if (getrandom(&launch_record.cookie, sizeof(launch_record.cookie), 0) != sizeof(launch_record.cookie))
        return fail(-EIO, "getting random bytes: %s", strerror(errno));
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0)
        return fail(-errno, "making a socket pair: %s", strerror(errno));
    int error = start(arguments, count, sockets[1], &engine);
    close(sockets[1]);
    if (error == 0 && names)
        prctl(PR_SET_PTRACER, (unsigned long)engine, 0, 0, 0);
    if (error == 0)
        error = agree(sockets[0], engine);
    close(sockets[0]); /* a checkpoint must not hold it */
    if (error == 0) {
        atomic_store((_Atomic uint32_t *)&launch_record.state, IMAGE_LAUNCH_PENDING);
        error = await(engine);
    }
    if (error < 0)
        launch_record.cookie = 0; /* an engine that comes late finds that nobody waits for it */
    if (engine > 0 && error != IMAGE_LAUNCH_LAUNCHED && error != IMAGE_LAUNCH_CHILD)
        forget_engine(engine, names);
    return error;
}
