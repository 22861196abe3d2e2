/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>

/* Descriptors of things that are known by a name or number of their own. */

/* ---- the process itself ---- */

static void pidfd(void) {
    int own = (int)MUST(syscall(SYS_pidfd_open, getpid(), O_NONBLOCK));
    ready_and_wait();
    struct pollfd state = {.fd = own, .events = POLLIN};
    CHECK_EQ(poll(&state, 1, 0), 0);
    CHECK_EQ(fcntl(own, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQ(fcntl(own, F_GETFD), FD_CLOEXEC);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
    MUST(syscall(SYS_pidfd_send_signal, own, SIGUSR1, NULL, 0));
    MUST(sigpending(&set));
    CHECK(sigismember(&set, SIGUSR1), "the signal has reached another process");
}

static void pidfd_of_parent(void) {
    int parent = (int)MUST(syscall(SYS_pidfd_open, getppid(), 0));
    ready_and_wait();
    struct pollfd state = {.fd = parent, .events = POLLIN};
    CHECK_EQ(poll(&state, 1, 0), 0);
}

/* ---- its files in /proc ---- */

static void own_proc(void) {
    char text[4096];
    int status = (int)MUST(open("/proc/self/status", O_RDONLY)), maps = (int)MUST(open("/proc/self/maps", O_RDONLY));
    int memory = (int)MUST(open("/proc/self/mem", O_RDWR)), folder = (int)MUST(open("/proc/self", O_RDONLY | O_DIRECTORY));
    static volatile int word = 17;
    MUST(read(maps, text, 100));
    ready_and_wait();
    ssize_t size = MUST(pread(status, text, sizeof text - 1, 0));
    text[size] = 0;
    char *line = strstr(text, "\nPid:");
    CHECK(line != NULL, "there is no Pid in /proc/self/status");
    CHECK_EQ(atoi(line + 5), getpid());
    CHECK_EQ(lseek(maps, 0, SEEK_CUR), 100);
    CHECK(read(maps, text, 100) > 0, "the maps have ended");
    int value = 18;
    CHECK_EQ(pwrite(memory, &value, sizeof value, (off_t)(uintptr_t)&word), sizeof value);
    CHECK_EQ(word, 18);
    MUST(faccessat(folder, "maps", R_OK, 0));
    int again = (int)MUST(openat(folder, "stat", O_RDONLY));
    size = MUST(read(again, text, 30));
    text[size] = 0;
    CHECK_EQ(atoi(text), getpid());
}

static void others_proc(void) {
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/stat", (int)getppid());
    int parents = (int)MUST(open(path, O_RDONLY));
    ready_and_wait();
    MUST(pread(parents, path, 10, 0));
}

/* ---- message queues: what they hold is the system's ---- */

static char queue_name[64];

#define LONGEST_RUN 600 /* seconds */

/* The last copy of an image does not know that it is the last, so a process that nobody waits for removes the queue, when the
 * folder of the run has gone away. */
static void remove_later(void) {
    int status;
    char *folder = getcwd(NULL, 0);
    pid_t middle = (pid_t)MUST(fork());
    if (middle == 0) {
        setsid();
        if (fork() != 0)
            _exit(0);
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
        for (int look = 0; folder && access(folder, F_OK) == 0 && look < 10 * LONGEST_RUN; look++)
            usleep(100000);
        mq_unlink(queue_name);
        _exit(0);
    }
    MUST(waitpid(middle, &status, 0));
    free(folder);
}

static mqd_t open_queue(void) {
    struct mq_attr attributes = {.mq_maxmsg = 5, .mq_msgsize = 64};
    snprintf(queue_name, sizeof queue_name, "/undump-fixture-%d", (int)getpid());
    mqd_t queue = mq_open(queue_name, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attributes);
    CHECK(queue >= 0, "mq_open: errno %d", errno);
    return queue;
}

static void queue(void) {
    mqd_t own = open_queue();
    char text[64];
    remove_later();
    ready_and_wait();
    MUST(mq_send(own, "hello", 6, 3));
    CHECK_EQ(mq_receive(own, text, sizeof text, NULL), 6);
    CHECK(strcmp(text, "hello") == 0, "the queue gave '%s'", text);
    CHECK_EQ(mq_receive(own, text, sizeof text, NULL), -1);
    CHECK_EQ(errno, EAGAIN);
    if (!was_launched())
        mq_unlink(queue_name);
}

static void queue_notifies(void) {
    mqd_t reader = open_queue(), own = mq_open(queue_name, O_WRONLY);
    CHECK(own >= 0, "mq_open: errno %d", errno);
    mq_close(reader);
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    MUST(mq_notify(own, &event));
    ready_and_wait();
    MUST(mq_notify(own, NULL));
    mq_unlink(queue_name);
}

/* ---- files that never had a name ---- */

static void tmpfile_(void) {
    char text[8] = "";
    int fd = open(".", O_TMPFILE | O_RDWR, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR))
        skip("this file system has no nameless files");
    MUST(fd);
    MUST(write(fd, "abcdef", 6));
    MUST(lseek(fd, 2, SEEK_SET));
    ready_and_wait();
    CHECK_EQ(read(fd, text, 7), 4);
    CHECK(strcmp(text, "cdef") == 0, "the file holds '%s'", text);
    MUST(write(fd, "g", 1));
    CHECK_EQ(lseek(fd, 0, SEEK_END), 7);
}

/* ---- timers of the wall clock ---- */

static void moment(void) {
    const int64_t far = 100000 * NS_PER_S;
    int64_t begin = now_ns(CLOCK_REALTIME);
    int later = (int)MUST(timerfd_create(CLOCK_REALTIME, 0)), soon = (int)MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK));
    struct itimerspec when = {.it_value = to_timespec(begin + far)}, left;
    MUST(timerfd_settime(later, TFD_TIMER_ABSTIME, &when, NULL));
    when.it_value = to_timespec(begin + NS_PER_S / 2);
    when.it_interval = to_timespec(NS_PER_S);
    MUST(timerfd_settime(soon, TFD_TIMER_ABSTIME, &when, NULL));
    ready_and_wait();
    while (now_ns(CLOCK_REALTIME) < begin + NS_PER_S)
        usleep(10000);
    MUST(timerfd_gettime(later, &left));
    int64_t remaining = left.it_value.tv_sec * NS_PER_S + left.it_value.tv_nsec, due = begin + far - now_ns(CLOCK_REALTIME);
    CHECK(remaining - due < 50 * NS_PER_MS && due - remaining < 50 * NS_PER_MS, "%lld ns are left instead of %lld",
          (long long)remaining, (long long)due);
    uint64_t expirations, expected = (uint64_t)(now_ns(CLOCK_REALTIME) - begin - NS_PER_S / 2) / (uint64_t)NS_PER_S + 1;
    CHECK_EQ(read(soon, &expirations, 8), 8);
    CHECK(expirations == expected || expirations == expected + 1, "%llu expirations instead of %llu",
          (unsigned long long)expirations, (unsigned long long)expected);
}

/* Expirations that nobody has read: the kernel lets such a timer stand until somebody looks. */
static void unread(void) {
    const int64_t interval = 10 * NS_PER_MS;
    int wall = (int)MUST(timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK)), steady = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0));
    int64_t begin = now_ns(CLOCK_REALTIME);
    struct itimerspec time = {.it_value = to_timespec(begin + interval), .it_interval = to_timespec(interval)};
    MUST(timerfd_settime(wall, TFD_TIMER_ABSTIME, &time, NULL));
    time.it_value = to_timespec(interval);
    MUST(timerfd_settime(steady, 0, &time, NULL));
    usleep(100000);
    ready_and_wait();
    uint64_t expirations, least = (uint64_t)((now_ns(CLOCK_REALTIME) - begin) / interval);
    CHECK_EQ(read(wall, &expirations, 8), 8);
    CHECK(expirations >= least && expirations <= least + 100, "%llu expirations, %llu expected", (unsigned long long)expirations,
          (unsigned long long)least);
    CHECK_EQ(read(steady, &expirations, 8), 8);
    CHECK(expirations >= 9, "%llu expirations", (unsigned long long)expirations);
    for (int i = 0; i < 3; i++) {
        struct pollfd ready = {.fd = wall, .events = POLLIN};
        CHECK_EQ(poll(&ready, 1, 5000), 1);
        CHECK_EQ(read(wall, &expirations, 8), 8);
        CHECK_EQ(read(steady, &expirations, 8), 8);
    }
    CHECK_EQ(fcntl(wall, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQ(fcntl(steady, F_GETFL) & O_NONBLOCK, 0);
}

/* Such short intervals that it expires again before ckpt can see that it has started again. */
static void quick(void) {
    enum { TIMERS = 200 };
    int timers[TIMERS];
    const struct itimerspec time = {.it_value.tv_nsec = 1, .it_interval.tv_nsec = 20000};
    for (int i = 0; i < TIMERS; i++) {
        timers[i] = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0));
        MUST(timerfd_settime(timers[i], 0, &time, NULL));
    }
    ready_and_wait();
    for (int turn = 0; turn < 5; turn++)
        for (int i = 0; i < TIMERS; i++) {
            struct pollfd ready = {.fd = timers[i], .events = POLLIN};
            uint64_t expirations;
            CHECK(poll(&ready, 1, 5000) == 1, "timer %d does not expire for the %d. time", i, turn);
            CHECK_EQ(read(timers[i], &expirations, 8), 8);
        }
}

/* Of every clock, with and without a moment; of one that is told of changes of the clock, that too. */
static int settings_of(int timer) {
    char path[64], text[512];
    snprintf(path, sizeof path, "/proc/self/fdinfo/%d", timer);
    int fd = (int)MUST(open(path, O_RDONLY)), clock = -1, flags = -1;
    ssize_t size = MUST(read(fd, text, sizeof text - 1));
    MUST(close(fd));
    text[size] = 0;
    const char *line = strstr(text, "clockid:");
    CHECK(line && sscanf(line, "clockid: %d\nticks: %*d\nsettime flags: %o", &clock, &flags) == 2, "fdinfo says %s", text);
    return clock << 8 | flags;
}

static void clocks(void) {
    static const clockid_t all[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_REALTIME_ALARM, CLOCK_BOOTTIME_ALARM};
    enum { FAR = 5000, KINDS = 3, CLOCKS = sizeof all / sizeof all[0] };
    static const clockid_t tell[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_REALTIME, CLOCK_BOOTTIME};
    static const int flags[KINDS] = {0, TFD_TIMER_ABSTIME, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET};
    int timers[CLOCKS][KINDS], settings[CLOCKS][KINDS];
    for (int i = 0; i < CLOCKS; i++)
        for (int k = 0; k < KINDS; k++) {
            struct itimerspec time = {.it_value.tv_sec = FAR, .it_interval.tv_sec = 7 + i};
            timers[i][k] = timerfd_create(all[i], TFD_NONBLOCK);
            if (timers[i][k] < 0) /* who may wake the machine is the user's matter */
                continue;
            if (flags[k])
                time.it_value.tv_sec += now_ns(tell[i]) / NS_PER_S;
            MUST(timerfd_settime(timers[i][k], flags[k], &time, NULL));
            settings[i][k] = settings_of(timers[i][k]);
        }
    ready_and_wait();
    for (int i = 0; i < CLOCKS; i++)
        for (int k = 0; k < KINDS && timers[i][k] >= 0; k++) {
            struct itimerspec left;
            MUST(timerfd_gettime(timers[i][k], &left));
            CHECK(left.it_value.tv_sec <= FAR && left.it_value.tv_sec > 100, "clock %d: %ld s are left", all[i], (long)left.it_value.tv_sec);
            CHECK_EQ(left.it_interval.tv_sec, 7 + i);
            CHECK_EQ(settings_of(timers[i][k]), settings[i][k]);
            uint64_t expirations;
            CHECK_EQ(read(timers[i][k], &expirations, 8), -1);
            CHECK_EQ(errno, EAGAIN);
        }
}

/* Many that expire all through the capture: some in the moment in which they are looked at. */
static void due(void) {
    enum { TIMERS = 900 };
    int timers[TIMERS];
    for (int i = 0; i < TIMERS; i++)
        timers[i] = (int)MUST(timerfd_create(CLOCK_MONOTONIC, 0));
    for (int i = 0; i < TIMERS; i++) {
        struct itimerspec time = {.it_value = to_timespec(i * NS_PER_MS + 1)};
        MUST(timerfd_settime(timers[i], 0, &time, NULL));
    }
    ready_and_wait();
    for (int i = 0; i < TIMERS; i++) {
        struct pollfd ready = {.fd = timers[i], .events = POLLIN};
        uint64_t expirations;
        CHECK(poll(&ready, 1, 5000) == 1, "timer %d does not expire", i);
        CHECK_EQ(read(timers[i], &expirations, 8), 8);
        CHECK_EQ(expirations, 1);
    }
}

/* ---- epoll: items that have fired under EPOLLONESHOT ---- */

static void add(int epoll, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event));
}

static void expect_nothing(int epoll) {
    struct epoll_event event;
    CHECK_EQ(epoll_wait(epoll, &event, 1, 0), 0);
}

static void expect_event(int epoll, uint64_t data) {
    struct epoll_event event;
    CHECK_EQ(epoll_wait(epoll, &event, 1, 1000), 1);
    CHECK_EQ(event.data.u64, data);
}

static void spent(void) {
    int empty[2], full[2], epoll = (int)MUST(epoll_create1(0)), outer = (int)MUST(epoll_create1(0)), outmost = (int)MUST(epoll_create1(0));
    int event = (int)MUST(eventfd(0, 0));
    char byte;
    MUST(pipe(empty));
    MUST(pipe(full));
    add(epoll, empty[0], EPOLLIN | EPOLLONESHOT, 1);
    add(epoll, full[0], EPOLLIN | EPOLLONESHOT | EPOLLET, 2);
    add(epoll, event, EPOLLIN | EPOLLONESHOT, 3);
    MUST(write(empty[1], "x", 1));
    expect_event(epoll, 1);
    MUST(read(empty[0], &byte, 1));
    MUST(write(full[1], "y", 1));
    expect_event(epoll, 2);
    uint64_t count = 5;
    MUST(write(event, &count, 8));
    expect_event(epoll, 3);
    int live[2];
    MUST(pipe(live));
    add(epoll, live[0], EPOLLIN, 4);
    MUST(write(live[1], "z", 1));
    add(outer, epoll, EPOLLIN, 5);
    add(outmost, outer, EPOLLIN | EPOLLET, 6);

    ready_and_wait();

    expect_event(epoll, 4);
    expect_event(outmost, 6);
    expect_event(outer, 5);
    MUST(read(live[0], &byte, 1));
    CHECK_EQ(byte, 'z');
    expect_nothing(epoll);
    MUST(close(empty[1])); /* a hang-up, which only items that are set report */
    MUST(close(full[1]));
    expect_nothing(epoll);
    struct epoll_event again = {.events = EPOLLIN | EPOLLONESHOT, .data.u64 = 7};
    MUST(epoll_ctl(epoll, EPOLL_CTL_MOD, full[0], &again));
    expect_event(epoll, 7);
    CHECK_EQ(read(full[0], &byte, 1), 1);
    CHECK_EQ(byte, 'y');
    CHECK_EQ(read(full[0], &byte, 1), 0);
    CHECK_EQ(read(empty[0], &byte, 1), 0);
    MUST(read(event, &count, 8));
    CHECK_EQ(count, 5);
    expect_nothing(outer);
}

static const struct variant {
    const char *name;
    void (*run)(void);
} variants[] = {
    {"pidfd", pidfd},     {"pidfd-parent", pidfd_of_parent},    {"own-proc", own_proc}, {"others-proc", others_proc}, {"queue", queue},
    {"queue-notifies", queue_notifies}, {"tmpfile", tmpfile_}, {"moment", moment},     {"unread", unread}, {"due", due}, {"quick", quick}, {"clocks", clocks},     {"spent", spent},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "descriptors of what has a name or number of its own");
    for (size_t i = 0; i < sizeof variants / sizeof variants[0]; i++) {
        if (!variant_is(variants[i].name))
            continue;
        variants[i].run();
        pass();
    }
    fail("unknown variant %s", fixture_variant());
}
