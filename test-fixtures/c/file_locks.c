/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* Locks on files are held again. Another process tells; a second copy of the image has files of its own to lock. */
static char name[64];
static int fd;

static struct flock range(short type, off_t start, off_t length) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static int open_file(void) {
    return (int)MUST(open(name, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

enum way { BY_FLOCK, BY_FCNTL };

/* What another process meets: 0 when it gets the lock. */
static int others_try(enum way way, short type, off_t start, off_t length) {
    int status;
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        int own = open(name, O_RDWR);
        struct flock wanted = range(type, start, length);
        int result = way == BY_FLOCK ? flock(own, (type == F_WRLCK ? LOCK_EX : LOCK_SH) | LOCK_NB) : fcntl(own, F_SETLK, &wanted);
        _exit(result == 0 ? 0 : errno);
    }
    MUST(waitpid(child, &status, 0));
    CHECK(WIFEXITED(status), "the other process ended by a signal");
    return WEXITSTATUS(status);
}

static void flock_set(void) {
    MUST(flock(fd, LOCK_EX));
}

static void flock_check(void) {
    CHECK_EQ(others_try(BY_FLOCK, F_RDLCK, 0, 0), EAGAIN);
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 0, 0), 0);
    MUST(flock(fd, LOCK_UN));
    CHECK_EQ(others_try(BY_FLOCK, F_WRLCK, 0, 0), 0);
}

static void flock_shared_set(void) {
    MUST(flock(fd, LOCK_SH));
}

static void flock_shared_check(void) {
    CHECK_EQ(others_try(BY_FLOCK, F_RDLCK, 0, 0), 0);
    CHECK_EQ(others_try(BY_FLOCK, F_WRLCK, 0, 0), EAGAIN);
}

static void fcntl_set(void) {
    struct flock first = range(F_WRLCK, 100, 50), second = range(F_RDLCK, 1000, 0);
    MUST(fcntl(fd, F_SETLK, &first));
    MUST(fcntl(fd, F_SETLK, &second));
}

static void fcntl_check(void) {
    CHECK_EQ(others_try(BY_FCNTL, F_RDLCK, 100, 1), EAGAIN);
    CHECK_EQ(others_try(BY_FCNTL, F_RDLCK, 149, 1), EAGAIN);
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 150, 800), 0);
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 0, 100), 0);
    CHECK_EQ(others_try(BY_FCNTL, F_RDLCK, 5000, 0), 0);
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 1 << 20, 1), EAGAIN);
    MUST(close((int)MUST(open(name, O_RDONLY)))); /* closing any descriptor of the file releases them: as before */
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 0, 0), 0);
}

/* As SQLite has it: memory of the same file is shared. */
static volatile char *shared;

static void mapped_set(void) {
    MUST(ftruncate(fd, PAGE));
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(shared != MAP_FAILED, "mmap: errno %d", errno);
    shared[0] = 7;
    fcntl_set();
}

static void mapped_check(void) {
    CHECK_EQ(shared[0], 7);
    fcntl_check();
}

static void ofd_set(void) {
    struct flock whole = range(F_WRLCK, 10, 10);
    MUST(fcntl(fd, F_OFD_SETLK, &whole));
}

static void ofd_check(void) {
    struct flock wanted = range(F_WRLCK, 0, 0);
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 15, 1), EAGAIN);
    CHECK_EQ(others_try(BY_FCNTL, F_WRLCK, 20, 1), 0);
    MUST(fcntl(open_file(), F_OFD_GETLK, &wanted));
    CHECK_EQ(wanted.l_type, F_WRLCK);
    CHECK_EQ(wanted.l_pid, -1); /* of a description, not of this process */
    CHECK_EQ(wanted.l_start, 10);
    CHECK_EQ(wanted.l_len, 10);
}

static void directory_set(void) {
    MUST(mkdir(name, 0700));
    fd = (int)MUST(open(name, O_RDONLY | O_DIRECTORY));
    MUST(flock(fd, LOCK_EX));
}

static void directory_check(void) {
    CHECK_EQ(flock((int)MUST(open(name, O_RDONLY)), LOCK_SH | LOCK_NB), -1);
    CHECK_EQ(errno, EAGAIN);
}

static void lease_set(void) {
    MUST(fcntl(fd, F_SETLEASE, F_WRLCK));
}

static void lease_check(void) {
    CHECK_EQ(fcntl(fd, F_GETLEASE), F_WRLCK);
}

static const struct kind {
    const char *name;
    void (*set)(void);
    void (*check)(void);
} kinds[] = {
    {"flock", flock_set, flock_check},   {"flock-shared", flock_shared_set, flock_shared_check}, {"fcntl", fcntl_set, fcntl_check},
    {"mapped", mapped_set, mapped_check}, {"ofd", ofd_set, ofd_check}, {"directory", directory_set, directory_check},
    {"lease", lease_set, lease_check},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "locks on files are held again");
    snprintf(name, sizeof name, "locked-%d", (int)getpid());
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!variant_is(kinds[i].name))
            continue;
        if (!variant_is("directory"))
            fd = open_file();
        kinds[i].set();
        ready_and_wait();
        kinds[i].check();
        pass();
    }
    fail("unknown variant %s", fixture_variant());
}
