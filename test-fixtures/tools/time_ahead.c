/* SPDX-License-Identifier: Apache-2.0 */
/*
 * time_ahead SECONDS PROGRAM ARGS…: runs a program in a time namespace whose clocks are that far ahead, as on a machine that
 * has been up for longer. Without root in a user namespace of its own. Ends with 77 where the kernel does not allow it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif

static void no_namespace(const char *what) {
    printf("SKIP: no time namespace: %s: %s\n", what, strerror(errno));
    exit(77);
}

static void put(const char *path, const char *text) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        no_namespace(path);
    close(fd);
}

int main(int argc, char **argv) {
    char line[128];
    uid_t user = geteuid();
    gid_t group = getegid();
    if (argc == 2 && strcmp(argv[1], "--describe") == 0) {
        puts("runs a fixture in a time namespace whose clocks are ahead");
        return 0;
    }
    if (argc < 3) {
        fprintf(stderr, "usage: time_ahead SECONDS PROGRAM ARGS...\n");
        return 2;
    }
    if (unshare(CLONE_NEWTIME) < 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWTIME) < 0)
            no_namespace("unshare");
        put("/proc/self/setgroups", "deny");
        snprintf(line, sizeof line, "%u %u 1\n", user, user);
        put("/proc/self/uid_map", line);
        snprintf(line, sizeof line, "%u %u 1\n", group, group);
        put("/proc/self/gid_map", line);
    }
    snprintf(line, sizeof line, "monotonic %s 0\nboottime %s 0\n", argv[1], argv[1]);
    put("/proc/self/timens_offsets", line);
    int fd = open("/proc/self/ns/time_for_children", O_RDONLY | O_CLOEXEC);
    if (fd < 0 || setns(fd, CLONE_NEWTIME) < 0)
        no_namespace("setns");
    execvp(argv[2], argv + 2);
    fprintf(stderr, "time_ahead: %s: %s\n", argv[2], strerror(errno));
    return 1;
}
