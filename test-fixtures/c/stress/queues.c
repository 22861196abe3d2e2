/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

/*
 * POSIX message queues, which are the system's: of messages, only those of the receiver's own life must come one after another. And
 * inotify: its events of the time before a launch are dropped (--allow watch-events).
 */
enum { RESTING = 6, WATCHES = 8 };

static char name[64];
static mqd_t in, out, resting[RESTING];
static int watcher, watched, watchers[WATCHES];
static volatile uint64_t sent, taken;
static volatile bool ended;

struct message {
    uint64_t number;
    pid_t sender;
};

/* The queue outlives each copy of an image; a process that nobody waits for removes it when the folder of the run is gone. */
static void remove_with_folder(void) {
    int status;
    pid_t middle = (pid_t)MUST(fork());
    if (middle == 0) {
        char here[64];
        struct stat folder;
        snprintf(here, sizeof here, "undump-stress-%d", (int)getppid());
        close((int)MUST(open(here, O_RDWR | O_CREAT, 0600)));
        setsid();
        if (fork() != 0)
            _exit(0);
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
        for (int second = 0; second < 600 && stat(here, &folder) == 0; second++)
            sleep(1);
        mq_unlink(name);
        _exit(0);
    }
    MUST(waitpid(middle, &status, 0));
    CHECK_EQ(status, 0);
}

static void send_messages(struct worker *self) {
    for (; !stopping(); step(self)) {
        if (sent > taken + 100 && life() != self->life)
            continue;
        struct message message = {.number = sent, .sender = life()};
        struct timespec limit = to_timespec(now_ns(CLOCK_REALTIME) + 50 * NS_PER_MS);
        if (mq_timedsend(in, (char *)&message, sizeof message, 5, &limit) == 0)
            sent++;
        else
            CHECK(errno == ETIMEDOUT, "mq_timedsend: errno %d", errno);
    }
    ended = true;
}

static void take_messages(struct worker *self) {
    bool synchronous = true;
    while (!ended || taken < sent) {
        struct message message;
        struct timespec limit = to_timespec(now_ns(CLOCK_REALTIME) + 50 * NS_PER_MS);
        pid_t before = self->life;
        ssize_t size = mq_timedreceive(out, (char *)&message, sizeof message, NULL, &limit);
        if (size < 0) {
            CHECK(errno == ETIMEDOUT, "mq_timedreceive: errno %d", errno);
            if (ended)
                return;
            continue;
        }
        CHECK_EQ(size, sizeof message);
        synchronous = synchronous && before == life();
        CHECK(message.number == taken || !synchronous, "message %llu instead of %llu", (unsigned long long)message.number,
              (unsigned long long)taken);
        synchronous = message.sender == life();
        taken = message.number + 1;
        step(self);
    }
}

/* What it writes to the file it must hear of. */
static void watch(struct worker *self) {
    for (; !stopping(); step(self)) {
        _Alignas(struct inotify_event) char bytes[sizeof(struct inotify_event) + 256];
        pid_t begin = life();
        CHECK_EQ(pwrite(watched, &begin, sizeof begin, 0), sizeof begin);
        struct pollfd ready = {.fd = watcher, .events = POLLIN};
        int found = 0;
        for (int looks = 0; looks < 100 && found == 0 && life() == begin; looks++)
            found = poll(&ready, 1, 100);
        if (found == 0) {
            CHECK(life() != begin, "nothing was heard of a change of a watched file");
            continue;
        }
        CHECK_EQ(read(watcher, bytes, sizeof bytes), sizeof(struct inotify_event));
        const struct inotify_event *event = (const struct inotify_event *)bytes;
        CHECK_EQ(event->wd, 1);
        CHECK_EQ(event->mask, IN_MODIFY);
    }
}

static int new_watcher(const char *path, uint32_t mask) {
    int fd = hold(inotify_init1(IN_NONBLOCK));
    CHECK_EQ(inotify_add_watch(fd, path, mask), 1);
    return fd;
}

static void set_up(void) {
    struct mq_attr attributes = {.mq_maxmsg = 5, .mq_msgsize = sizeof(struct message)};
    snprintf(name, sizeof name, "/undump-stress-%d", (int)life());
    remove_with_folder();
    in = hold(mq_open(name, O_RDWR | O_CREAT, 0600, &attributes));
    out = hold(mq_open(name, O_RDONLY));
    for (int i = 0; i < RESTING; i++)
        resting[i] = hold(mq_open(name, i % 2 ? O_WRONLY | O_NONBLOCK : O_RDONLY));
    start_worker("send messages", send_messages, NULL);
    start_worker("take messages", take_messages, NULL);
    watched = hold(open("watched", O_RDWR | O_CREAT, 0600));
    watcher = new_watcher("watched", IN_MODIFY);
    for (int i = 0; i < WATCHES; i++)
        watchers[i] = new_watcher(i % 2 ? "." : "watched", IN_DELETE_SELF | (i % 4 ? IN_MOVE_SELF : IN_ATTRIB));
    start_worker("watch a file", watch, NULL);
}

static void verify(void) {
    for (int i = 0; i < WATCHES; i++) {
        MUST(inotify_rm_watch(watchers[i], 1));
        struct inotify_event event;
        CHECK_EQ(read(watchers[i], &event, sizeof event), sizeof event);
        CHECK_EQ(event.mask, IN_IGNORED);
    }
    for (int i = 0; i < RESTING; i++) {
        struct mq_attr attributes;
        MUST(mq_getattr(resting[i], &attributes));
        CHECK_EQ(attributes.mq_maxmsg, 5);
        CHECK_EQ(attributes.mq_flags, i % 2 ? O_NONBLOCK : 0);
    }
}

const struct stress_kind stress_queues = {.name = "queues and watches", .set_up = set_up, .verify = verify};
