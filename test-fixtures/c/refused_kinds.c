/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/perf_event.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#endif
#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* Kinds of descriptors that nothing outside of the kernel can make again: each is refused by its name, and still works. */
static int fd = -1;
static pid_t child;

static void set_fanotify(void) {
    fd = fanotify_init(FAN_CLASS_NOTIF | FAN_REPORT_FID | FAN_CLOEXEC, O_RDONLY);
    if (fd < 0)
        skip("this kernel has no fanotify for us");
}

static void check_fanotify(void) {
    int queued = -1;
    MUST(ioctl(fd, FIONREAD, &queued));
    CHECK_EQ(queued, 0);
}

static void set_userfaultfd(void) {
    fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (fd < 0)
        skip("this kernel has no userfaultfd for us");
}

static void check_userfaultfd(void) {
    struct uffdio_api api = {.api = UFFD_API};
    MUST(ioctl(fd, UFFDIO_API, &api));
}

static void set_perf(void) {
    struct perf_event_attr event = {.type = PERF_TYPE_SOFTWARE, .size = sizeof event, .config = PERF_COUNT_SW_PAGE_FAULTS};
    event.exclude_kernel = 1;
    fd = (int)syscall(SYS_perf_event_open, &event, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    if (fd < 0)
        skip("this kernel has no performance events for us");
}

static void check_perf(void) {
    uint64_t count;
    CHECK_EQ(read(fd, &count, sizeof count), sizeof count);
}

static void set_bpf(void) {
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_type = BPF_MAP_TYPE_ARRAY;
    attributes.key_size = 4;
    attributes.value_size = 8;
    attributes.max_entries = 1;
    fd = (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes);
    if (fd < 0)
        skip("this kernel has no BPF maps for us");
}

static void check_bpf(void) {
    uint32_t key = 0;
    uint64_t value = 1;
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.map_fd = (uint32_t)fd;
    attributes.key = (uint64_t)(uintptr_t)&key;
    attributes.value = (uint64_t)(uintptr_t)&value;
    MUST(syscall(SYS_bpf, BPF_MAP_LOOKUP_ELEM, &attributes, sizeof attributes));
    CHECK_EQ(value, 0);
}

static void set_device(const char *path) {
    fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        skip("there is no %s for us", path);
}

static void set_kvm(void) {
    set_device("/dev/kvm");
}

static void set_drm(void) {
    set_device("/dev/dri/renderD128");
}

static void set_clone_device(void) {
    set_device("/dev/net/tun");
}

static void check_device(void) {
    struct stat status;
    MUST(fstat(fd, &status));
    CHECK_EQ(status.st_mode & S_IFMT, S_IFCHR);
}

static void set_namespace(void) {
    fd = (int)MUST(open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC));
}

static void check_namespace(void) {
    struct stat status, own;
    MUST(fstat(fd, &status));
    MUST(stat("/proc/self/ns/uts", &own));
    CHECK_EQ(status.st_ino, own.st_ino);
}

static void set_secret(void) {
    fd = (int)syscall(SYS_memfd_secret, 0);
    if (fd < 0)
        skip("this kernel has no secret memory");
}

static void check_secret(void) {
    MUST(ftruncate(fd, PAGE));
}

static void set_landlock(void) {
    uint64_t handled = 1; /* LANDLOCK_ACCESS_FS_EXECUTE */
    fd = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof handled, 0);
    if (fd < 0)
        skip("this kernel has no Landlock");
}

static void set_filesystem(void) {
    fd = (int)syscall(SYS_fsopen, "tmpfs", 1u /* FSOPEN_CLOEXEC */);
    if (fd < 0)
        skip("this kernel has no mounts for us");
}

static void check_open(void) {
    MUST(fcntl(fd, F_GETFD));
}

/* dnotify: the kernel tells nobody of it but by the owner of the directory. */
static void set_directory_signals(void) {
    signal(SIGIO, SIG_IGN);
    fd = (int)MUST(open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (fcntl(fd, F_NOTIFY, DN_CREATE | DN_MULTISHOT) < 0)
        skip("this kernel has no F_NOTIFY");
}

static void check_directory_signals(void) {
    MUST(fcntl(fd, F_NOTIFY, 0));
}

/* The signals go to the parent. */
static void set_others_signals(void) {
    int ends[2];
    MUST(pipe(ends));
    fd = ends[0];
    MUST(fcntl(fd, F_SETOWN, getppid()));
    CHECK_EQ(fcntl(fd, F_GETOWN), getppid());
}

static void check_others_signals(void) {
    CHECK_EQ(fcntl(fd, F_GETOWN), getppid());
}

static void set_fifo_gone(void) {
    char name[64];
    snprintf(name, sizeof name, "gone-%d", (int)getpid());
    MUST(mkfifo(name, 0600));
    fd = (int)MUST(open(name, O_RDWR | O_CLOEXEC));
    MUST(unlink(name));
}

static void check_pipe(void) {
    char byte = 0;
    CHECK_EQ(write(fd, "x", 1), 1);
    CHECK_EQ(read(fd, &byte, 1), 1);
    CHECK_EQ(byte, 'x');
}

/* A pipe to a process that has no parent here any more, so that only the pipe stands in the way. */
static void set_outside_pipe(void) {
    int to[2], from[2], status;
    char byte = 0;
    MUST(pipe(to));
    MUST(pipe2(from, O_CLOEXEC));
    child = (pid_t)MUST(fork());
    if (child == 0) {
        if (fork() != 0)
            _exit(0);
        close(to[1]);
        close(from[0]);
        (void)!write(from[1], "r", 1);
        while (read(to[0], &byte, 1) == 1) /* until everybody who writes has gone */
            if (write(from[1], &byte, 1) != 1)
                break;
        _exit(0);
    }
    CHECK_EQ(waitpid(child, &status, 0), child);
    MUST(close(to[0]));
    MUST(close(from[1]));
    CHECK_EQ(read(from[0], &byte, 1), 1);
    signal(SIGPIPE, SIG_IGN);
    MUST(dup2(from[0], 20));
    MUST(dup2(to[1], 21));
    MUST(close(from[0]));
    MUST(close(to[1]));
}

/* A launch that was given nothing there finds the other ends closed. */
static void check_outside_pipe(void) {
    char byte = 0;
    if (was_launched()) {
        CHECK_EQ(read(20, &byte, 1), 0);
        CHECK(write(21, "x", 1) == -1 && errno == EPIPE, "writing does not find a closed end");
        return;
    }
    CHECK_EQ(write(21, "x", 1), 1);
    CHECK_EQ(read(20, &byte, 1), 1);
    CHECK_EQ(byte, 'x');
}

static const struct resource {
    const char *name;
    void (*set)(void);
    void (*check)(void);
} resources[] = {
    {"fanotify", set_fanotify, check_fanotify},
    {"userfaultfd", set_userfaultfd, check_userfaultfd},
    {"perf", set_perf, check_perf},
    {"bpf", set_bpf, check_bpf},
    {"kvm", set_kvm, check_device},
    {"drm", set_drm, check_device},
    {"tun", set_clone_device, check_device},
    {"namespace", set_namespace, check_namespace},
    {"secret", set_secret, check_secret},
    {"landlock", set_landlock, check_open},
    {"filesystem", set_filesystem, check_open},
    {"directory-signals", set_directory_signals, check_directory_signals},
    {"others-signals", set_others_signals, check_others_signals},
    {"fifo-gone", set_fifo_gone, check_pipe},
    {"outside-pipe", set_outside_pipe, check_outside_pipe},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a kind of descriptor that capture refuses by name, leaving it unharmed");
    for (size_t i = 0; i < sizeof resources / sizeof resources[0]; i++) {
        if (!variant_is(resources[i].name))
            continue;
        resources[i].set();
        ready_and_wait();
        resources[i].check();
        pass();
    }
    fail("unknown resource %s", fixture_variant());
}
