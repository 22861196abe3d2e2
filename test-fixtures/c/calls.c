/* SPDX-License-Identifier: Apache-2.0 */
/* The ways and the places of calling the kernel that areas.h offers. */
#include "areas.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

enum call_form { CALL_LIBC, CALL_RAW, CALL_ASM, CALL_UNKNOWN };

static enum call_form form;
static const char *place = "";

/* ---- ways ---- */

void areas_begin(int argc, char **argv, const char *description) {
    static const char *const forms[] = {"libc", "raw", "asm", "unknown"};
    fixture_begin(argc, argv, description);
    for (int i = 0; argc > 1 && i < 4; i++)
        if (strcmp(argv[1], forms[i]) == 0)
            form = (enum call_form)i;
    if (argc > 2)
        place = argv[2];
    if (place_is("chroot"))
        MUST(mkdir("empty", 0700) == 0 || errno == EEXIST ? 0 : -1);
}

bool place_is(const char *name) {
    return strcmp(place, name) == 0;
}

static long result_of(long result) {
    if (result < 0 && result > -4096) {
        errno = (int)-result;
        return -1;
    }
    return result;
}

/* Constant number right before the instruction, as hand-written runtimes have it. */
#define ASM_CALL(number, a, b, c, d, e, f)                                                                 \
    ({                                                                                                     \
        long asm_result;                                                                                   \
        register long asm_r10 __asm__("r10") = (long)(d);                                                  \
        register long asm_r8 __asm__("r8") = (long)(e);                                                    \
        register long asm_r9 __asm__("r9") = (long)(f);                                                    \
        __asm__ volatile("mov %1, %%eax\n\tsyscall"                                                        \
                         : "=&a"(asm_result)                                                               \
                         : "i"(number), "D"((long)(a)), "S"((long)(b)), "d"((long)(c)), "r"(asm_r10),      \
                           "r"(asm_r8), "r"(asm_r9)                                                        \
                         : "rcx", "r11", "memory", "cc");                                                  \
        result_of(asm_result);                                                                             \
    })

/* One site for every number: nothing near it tells which. */
__attribute__((noinline)) static long unknown_call(volatile const long *number, long a, long b, long c, long d,
                                                   long e, long f) {
    long result = *number;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall"
                     : "+a"(result)
                     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory", "cc");
    return result_of(result);
}

#define FORMED(number, a, b, c, d, e, f)                                                                   \
    (form == CALL_RAW   ? syscall(number, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f)) \
     : form == CALL_ASM ? ASM_CALL(number, a, b, c, d, e, f)                                               \
                        : unknown_call(&(const long){number}, (long)(a), (long)(b), (long)(c), (long)(d),  \
                                       (long)(e), (long)(f)))

int call_madvise(void *address, size_t size, int advice) {
    if (form == CALL_LIBC)
        return madvise(address, size, advice);
    return (int)FORMED(SYS_madvise, address, size, advice, 0, 0, 0);
}

void *call_mremap(void *old, size_t old_size, size_t new_size, int flags, void *target) {
    if (form == CALL_LIBC)
        return mremap(old, old_size, new_size, flags, target);
    return (void *)FORMED(SYS_mremap, old, old_size, new_size, flags, target, 0);
}

int call_munmap(void *address, size_t size) {
    if (form == CALL_LIBC)
        return munmap(address, size);
    return (int)FORMED(SYS_munmap, address, size, 0, 0, 0, 0);
}

void *call_mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    if (form == CALL_LIBC)
        return mmap(address, size, protection, flags, fd, offset);
    return (void *)FORMED(SYS_mmap, address, size, protection, flags, fd, offset);
}

int call_mprotect(void *address, size_t size, int protection) {
    if (form == CALL_LIBC)
        return mprotect(address, size, protection);
    return (int)FORMED(SYS_mprotect, address, size, protection, 0, 0, 0);
}

/* ---- places ---- */

static void (*current_suite)(void);

static void *in_thread(void *unused) {
    current_suite();
    return unused;
}

static void in_handler(int unused) {
    (void)unused;
    note_handler();
    current_suite();
}

static void in_signal(bool other_stack) {
    struct sigaction action = {.sa_flags = other_stack ? SA_ONSTACK : 0};
    stack_t stack = {.ss_size = 256 * 1024};
    action.sa_handler = in_handler;
    if (other_stack) {
        stack.ss_sp = map_memory(stack.ss_size, PROT_READ | PROT_WRITE, 0);
        MUST(sigaltstack(&stack, NULL));
    }
    MUST(sigaction(SIGUSR1, &action, NULL));
    MUST0(pthread_kill(pthread_self(), SIGUSR1));
}

static void await_child(pid_t child) {
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    CHECK(status == 0, "the child ended with wait status 0x%x", status);
}

void in_child(void (*body)(void)) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        body();
        _exit(0);
    }
    await_child(child);
}

static int shared_body(void *body) {
    (*(void (**)(void))body)();
    return 0;
}

void in_sharing_child(void (*body)(void)) {
    size_t size = 256 * 1024;
    unsigned char *stack = map_memory(size, PROT_READ | PROT_WRITE, 0);
    await_child((pid_t)MUST(clone(shared_body, stack + size, CLONE_VM | CLONE_VFORK | SIGCHLD, &body)));
}

static void take_descriptors(void) {
    struct rlimit limit;
    MUST(getrlimit(RLIMIT_NOFILE, &limit));
    limit.rlim_cur = 32;
    MUST(setrlimit(RLIMIT_NOFILE, &limit));
    while (dup(STDOUT_FILENO) >= 0)
        ;
    CHECK_EQ(errno, EMFILE);
}

static void forbid_files(void) {
#define REFUSE(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        REFUSE(SYS_open), REFUSE(SYS_openat), REFUSE(SYS_openat2), REFUSE(SYS_ioctl),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        skip("no seccomp filters here: errno %d", errno);
}

/* Every second page of a reservation gets another protection, until no further mapping can be had. */
void crowd_mappings(size_t spare) {
    enum { MOST = 1 << 18 };
    unsigned char *all = map_memory(MOST * PAGE, PROT_NONE, MAP_NORESERVE);
    size_t page = 1;
    while (page < MOST && mprotect(all + page * PAGE, PAGE, PROT_READ) == 0)
        page += 2;
    if (page >= MOST)
        skip("vm.max_map_count is too large to be reached");
    CHECK_EQ(errno, ENOMEM);
    for (size_t i = 0; i < spare; i += 2)
        MUST(mprotect(all + (1 + i) * PAGE, PAGE, PROT_NONE));
}

bool place_hides_proc(void) {
    return place_is("nofds") || place_is("chroot") || place_is("seccomp");
}

void in_place(void (*suite)(void)) {
    current_suite = suite;
    if (place_is("nofds"))
        take_descriptors();
    if (place_is("chroot")) {
        MUST(chroot("empty"));
        MUST(chdir("/"));
    }
    if (place_is("seccomp"))
        forbid_files();
    if (place_is("crowded"))
        crowd_mappings(4);
    if (place_is("thread"))
        join_thread(start_thread(in_thread, NULL));
    else if (place_is("signal") || place_is("altstack"))
        in_signal(place_is("altstack"));
    else if (place_is("fork"))
        in_child(suite);
    else if (place_is("vm"))
        in_sharing_child(suite);
    else
        suite();
    check_all_areas();
}
