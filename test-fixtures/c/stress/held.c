/* SPDX-License-Identifier: Apache-2.0 */
#include "stress.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { HELD_MOST = 1024, HIGH = 700 };

static struct held {
    int fd, status_flags, descriptor_flags;
    mode_t type;
} held[HELD_MOST];
static int count;

static int note(int fd) {
    struct stat status;
    CHECK(count < HELD_MOST, "too many descriptors");
    MUST(fstat(fd, &status));
    held[count++] = (struct held){.fd = fd,
                                  .status_flags = (int)MUST(fcntl(fd, F_GETFL)),
                                  .descriptor_flags = (int)MUST(fcntl(fd, F_GETFD)),
                                  .type = status.st_mode & S_IFMT};
    return fd;
}

int hold(int fd) {
    int number = (int)MUST(fd);
    if (count % 3 == 0) {
        number = fcntl(fd, F_DUPFD, HIGH - count / 2);
        if (number < 0) /* the limit is not ours to raise */
            number = fd;
        else
            close(fd);
    }
    MUST(fcntl(number, F_SETFD, count % 2 ? FD_CLOEXEC : 0));
    return note(number);
}

int hold_twin(int fd) {
    return hold(dup(fd));
}

int held_count(void) {
    return count;
}

static bool is_held(int fd) {
    for (int i = 0; i < count; i++)
        if (held[i].fd == fd)
            return true;
    return false;
}

/* What a launch leaves open that the program never had would be found by nobody else. */
static void check_no_others(void) {
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL, "/proc/self/fd: errno %d", errno);
    for (struct dirent *entry; (entry = readdir(folder));) {
        int fd = atoi(entry->d_name);
        CHECK(entry->d_name[0] == '.' || fd <= 2 || fd == dirfd(folder) || is_held(fd), "descriptor %d is open, and not the program's", fd);
    }
    closedir(folder);
}

/* A nameless file becomes one in memory (docs/limits.md), which is not told to be of O_TMPFILE. */
static int comparable(int status_flags, mode_t type) {
    return type == S_IFREG ? status_flags & ~O_TMPFILE : status_flags;
}

void check_held(void) {
    for (int i = 0; i < count; i++) {
        struct stat status;
        const struct held *expected = &held[i];
        CHECK(fstat(expected->fd, &status) == 0, "descriptor %d is gone: errno %d", expected->fd, errno);
        CHECK((status.st_mode & S_IFMT) == expected->type, "descriptor %d has mode %o, not %o", expected->fd, status.st_mode, expected->type);
        int status_flags = fcntl(expected->fd, F_GETFL), flags = fcntl(expected->fd, F_GETFD);
        CHECK(comparable(status_flags, expected->type) == comparable(expected->status_flags, expected->type), "descriptor %d (number %d of the list) has flags %o, not %o", expected->fd, i, status_flags,
              expected->status_flags);
        CHECK(flags == expected->descriptor_flags, "descriptor %d has FD_CLOEXEC %d, not %d", expected->fd, flags,
              expected->descriptor_flags);
    }
    check_no_others();
}
