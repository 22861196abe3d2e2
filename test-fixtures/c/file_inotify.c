/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

/* Watches of inotify, by path: numbers, masks, and that they report again. A second copy of the image watches the same files. */
static char folder[64], deep[96], file[96], unlinked[96];
static int instance, other;

static int watch(const char *path, uint32_t mask) {
    return (int)MUST(inotify_add_watch(instance, path, mask));
}

static void touch(const char *directory, const char *name) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s-%d", directory, name, (int)getpid());
    MUST(close((int)MUST(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600))));
    MUST(unlink(path));
}

/* The next event, which must be there. */
static struct inotify_event next(void) {
    static char events[4096] __attribute__((aligned(8)));
    static ssize_t size, at;
    if (at >= size) {
        int waiting;
        MUST(ioctl(instance, FIONREAD, &waiting));
        CHECK(waiting > 0, "there is no event");
        size = MUST(read(instance, events, sizeof events));
        at = 0;
    }
    struct inotify_event event;
    memcpy(&event, events + at, sizeof event);
    at += (ssize_t)(sizeof event + event.len);
    return event;
}

static void expect(int number, uint32_t mask) {
    struct inotify_event event = next();
    CHECK_EQ(event.wd, number);
    CHECK_EQ(event.mask, mask);
}

static void expect_none(void) {
    int waiting;
    MUST(ioctl(instance, FIONREAD, &waiting));
    CHECK_EQ(waiting, 0);
}

static void drain(void) {
    char events[4096];
    int waiting;
    for (MUST(ioctl(instance, FIONREAD, &waiting)); waiting > 0; MUST(ioctl(instance, FIONREAD, &waiting)))
        MUST(read(instance, events, sizeof events));
}

static void make_files(void) {
    snprintf(folder, sizeof folder, "watched-%d", (int)getpid());
    snprintf(deep, sizeof deep, "%s/one/two", folder);
    snprintf(file, sizeof file, "%s/file", folder);
    snprintf(unlinked, sizeof unlinked, "%s/gone", folder);
    MUST(mkdir(folder, 0700));
    char one[96];
    snprintf(one, sizeof one, "%s/one", folder);
    MUST(mkdir(one, 0700));
    MUST(mkdir(deep, 0700));
    MUST(close((int)MUST(open(file, O_WRONLY | O_CREAT, 0600))));
}

static void watches(void) {
    int of_folder = watch(folder, IN_CREATE | IN_DELETE), removed = watch("/", IN_CREATE), of_deep = watch(deep, IN_CREATE);
    MUST(inotify_rm_watch(instance, removed));
    for (int i = 0; i < 50; i++)
        MUST(inotify_rm_watch(instance, watch("/", IN_CREATE)));
    int of_file = watch(file, IN_OPEN | IN_CLOSE_WRITE), once = watch("/dev/shm", IN_ATTRIB | IN_ONESHOT);
    int of_link;
    char link[96];
    snprintf(link, sizeof link, "%s/link", folder);
    MUST(symlink("file", link));
    of_link = watch(link, IN_ATTRIB | IN_DELETE_SELF | IN_DONT_FOLLOW);
    drain();
    other = (int)MUST(inotify_init1(IN_NONBLOCK));

    ready_and_wait();

    CHECK_EQ(fcntl(other, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_EQ(fcntl(instance, F_GETFL) & O_NONBLOCK, 0);
    expect_none();
    CHECK_EQ(of_folder, 1);
    CHECK(of_deep == 3 && of_file == 54 && once == 55 && of_link == 56, "numbers %d %d %d %d", of_deep, of_file, once, of_link);
    touch(folder, "new");
    expect(of_folder, IN_CREATE);
    expect(of_folder, IN_DELETE);
    touch(deep, "new");
    expect(of_deep, IN_CREATE);
    MUST(close((int)MUST(open(file, O_WRONLY))));
    expect(of_file, IN_OPEN);
    expect(of_file, IN_CLOSE_WRITE);
    MUST(utimensat(AT_FDCWD, link, NULL, AT_SYMLINK_NOFOLLOW));
    expect(of_link, IN_ATTRIB);
    expect_none();
    CHECK_EQ(watch(file, IN_OPEN), of_file);
    CHECK(watch("/", IN_CREATE) > of_link, "a number is given away twice");
    MUST(inotify_rm_watch(instance, of_folder));
    MUST(inotify_rm_watch(instance, once));
}

/* Events that nobody has read. */
static void unread(void) {
    watch(folder, IN_CREATE);
    touch(folder, "new");
    ready_and_wait();
    expect(1, IN_CREATE);
}

/* A file without a name is watched as long as it is open. */
static void nameless(void) {
    int fd = (int)MUST(open(unlinked, O_RDWR | O_CREAT, 0600));
    int number = watch(unlinked, IN_MODIFY);
    MUST(unlink(unlinked));
    drain();
    ready_and_wait();
    CHECK_EQ(write(fd, "x", 1), 1);
    expect(number, IN_MODIFY);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "watches of inotify keep numbers and masks and report again");
    make_files();
    instance = (int)MUST(inotify_init1(IN_CLOEXEC));
    if (variant_is("watches"))
        watches();
    else if (variant_is("unread"))
        unread();
    else if (variant_is("nameless"))
        nameless();
    else
        fail("unknown variant %s", fixture_variant());
    pass();
}
