/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "partner.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/*
 * Resources that a capture refuses by name for now. The program must not be harmed: afterwards the
 * resource still works.
 */
static int first = -1, second = -1;
static pid_t child;

static void set_socketpair(void) {
    int ends[2];
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
    first = ends[0];
    second = ends[1];
}

static void set_tcp(void) {
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(bind(listener, (struct sockaddr *)&address, sizeof address));
    MUST(listen(listener, 1));
    MUST(getsockname(listener, (struct sockaddr *)&address, &length));
    first = (int)MUST(socket(AF_INET, SOCK_STREAM, 0));
    MUST(connect(first, (struct sockaddr *)&address, sizeof address));
    second = (int)MUST(accept(listener, NULL, NULL));
    MUST(close(listener));
}

static void check_connection(void) {
    char found[6] = "";
    CHECK_EQ(write(first, "hello", 5), 5);
    CHECK_EQ(read(second, found, 5), 5);
    CHECK(strcmp(found, "hello") == 0, "the connection carries '%s'", found);
}

static void set_io_uring(void) {
    char parameters[120] = "";
    first = (int)syscall(SYS_io_uring_setup, 4, parameters);
    if (first < 0)
        skip("this kernel has no io_uring for us");
}

static void check_io_uring(void) {
    CHECK_EQ(syscall(SYS_io_uring_enter, first, 0, 0, 0, NULL, 0), 0);
}

static void set_seccomp(void) {
    struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = 1, .filter = allow};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        skip("this kernel has no seccomp filters");
}

static void check_seccomp(void) {
    CHECK_EQ(prctl(PR_GET_SECCOMP), SECCOMP_MODE_FILTER);
}

static void set_child(void) {
    int ends[2];
    MUST(pipe(ends));
    child = (pid_t)MUST(fork());
    if (child == 0) {
        char byte;
        close(ends[1]);
        (void)!read(ends[0], &byte, 1);
        _exit(9);
    }
    MUST(close(ends[0]));
    first = ends[1];
}

static void check_child(void) {
    int status;
    MUST(close(first));
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK_EQ(status, 9 << 8);
}

static volatile int *words;

static void set_shared_anonymous(void) {
    words = map_memory(PAGE, PROT_READ | PROT_WRITE, MAP_SHARED);
    words[2] = 77;
    start_partner(words);
}

static void set_shared_memfd(void) {
    first = (int)MUST(memfd_create("shared", MFD_CLOEXEC));
    MUST(ftruncate(first, PAGE));
    words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, first, 0);
    CHECK(words != MAP_FAILED, "mmap: errno %d", errno);
    words[2] = 77;
    start_partner(words);
}

/* The partner has it open only, and asks nothing. */
static void set_open_memfd(void) {
    first = (int)MUST(memfd_create("shared", MFD_CLOEXEC));
    MUST(ftruncate(first, PAGE));
    start_partner(NULL);
    words = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, first, 0);
    CHECK(words != MAP_FAILED, "mmap: errno %d", errno);
    words[2] = 77;
}

/* A launch that was allowed nevertheless has what was there, and is alone with it. */
static void check_shared_memory(void) {
    if (!was_launched())
        ask_partner(words, 5);
    CHECK_EQ(words[2], 77);
    CHECK_EQ(words[1], was_launched() ? 0 : 6);
}

static void check_open_memfd(void) {
    CHECK_EQ(words[2], 77);
}

static void set_huge_memfd(void) {
    first = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
    if (first < 0)
        skip("this kernel has no huge page files");
}

static void check_huge_memfd(void) {
    CHECK_EQ(lseek(first, 0, SEEK_END), 0);
}

static void *outlive_main(void *unused) {
    ready_and_wait();
    pass();
    return unused;
}

/* Switched on for the rest of main, which must not return: its caller is not on the new shadow stack. */
static inline __attribute__((always_inline)) long enable_shadow_stack(void) {
    long result;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"((long)SYS_arch_prctl), "D"(0x5001L /* ARCH_SHSTK_ENABLE */), "S"(1L /* ARCH_SHSTK_SHSTK */)
                     : "rcx", "r11", "memory");
    return result;
}

static const struct resource {
    const char *name;
    void (*set)(void);
    void (*check)(void);
} resources[] = {
    {"socketpair", set_socketpair, check_connection}, {"tcp", set_tcp, check_connection},
    {"io_uring", set_io_uring, check_io_uring},
    {"seccomp", set_seccomp, check_seccomp},          {"child", set_child, check_child},
    {"shared-anonymous", set_shared_anonymous, check_shared_memory},
    {"shared-memfd", set_shared_memfd, check_shared_memory},
    {"open-memfd", set_open_memfd, check_open_memfd}, {"huge-memfd", set_huge_memfd, check_huge_memfd},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a resource that capture refuses by name, leaving it unharmed");
    if (variant_is("main-gone")) {
        start_thread(outlive_main, NULL);
        pthread_exit(NULL);
    }
    if (variant_is("shadow-stack")) {
        if (enable_shadow_stack() < 0)
            skip("this processor or kernel has no shadow stacks for programs: their refusal cannot be provoked here");
        ready_and_wait();
        pass();
    }
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
