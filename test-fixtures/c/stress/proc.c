/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/syscall.h>

/* The program's own files in /proc, which must tell of this process, and pidfds of itself. */
enum { RESTING = 15 };

static int status, memory, resting[RESTING];

static void read_status(struct worker *self) {
    while (!stopping()) {
        char text[4096];
        static volatile uint64_t word;
        pid_t begin = life();
        ssize_t size = MUST(pread(status, text, sizeof text - 1, 0));
        text[size] = 0;
        const char *line = strstr(text, "\nPid:");
        CHECK(line != NULL, "there is no Pid in /proc/self/status");
        CHECK(atoi(line + 5) == begin || begin != life(), "/proc/self/status tells of %s", line);
        uint64_t value = random_below(self, 1u << 30);
        CHECK_EQ(pwrite(memory, &value, 8, (off_t)(uintptr_t)&word), 8);
        CHECK_EQ(word, value);
        step(self);
    }
}

static void set_up(void) {
    static const char *const paths[] = {"/proc/self/maps", "/proc/self/stat", "/proc/self/limits", "/proc/self/io", "/proc/self"};
    status = hold(open("/proc/self/status", O_RDONLY));
    memory = hold(open("/proc/self/mem", O_RDWR));
    for (int i = 0; i < RESTING; i++)
        resting[i] = hold(i < 10 ? open(paths[i % 5], O_RDONLY) : (int)syscall(SYS_pidfd_open, life(), i % 2 ? O_NONBLOCK : 0));
    start_worker("read /proc", read_status, NULL);
}

static void verify(void) {
    char text[64] = "";
    MUST(pread(resting[1], text, sizeof text - 1, 0));
    CHECK_EQ(atoi(text), life());
    for (int i = 10; i < RESTING; i++) {
        struct pollfd ready = {.fd = resting[i], .events = POLLIN};
        CHECK_EQ(poll(&ready, 1, 0), 0);
        MUST(syscall(SYS_pidfd_send_signal, resting[i], 0, NULL, 0));
    }
}

const struct stress_kind stress_proc = {.name = "proc", .set_up = set_up, .verify = verify};
