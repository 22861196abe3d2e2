/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls of x86-64 Linux, without a C library.
 *
 * Input: rax number; rdi, rsi, rdx, r10, r8, r9 arguments. Output: rax, a value or -errno.
 * Clobbered: rcx, r11 and memory. Source: arch/x86/entry/entry_64.S, psABI A.2.1.
 */
#ifndef UNDUMP_STUB_SYSCALL_H
#define UNDUMP_STUB_SYSCALL_H

#include <stdint.h>

static inline int64_t syscall6(int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f)
{
    register uint64_t r10 __asm__("r10") = d;
    register uint64_t r8 __asm__("r8") = e;
    register uint64_t r9 __asm__("r9") = f;
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return result;
}

static inline int64_t syscall4(int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    register uint64_t r10 __asm__("r10") = d;
    int64_t result;

    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
}

static inline int64_t syscall3(int64_t number, uint64_t a, uint64_t b, uint64_t c)
{
    int64_t result;

    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
    return result;
}

static inline int64_t syscall5(int64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
    return syscall6(number, a, b, c, d, e, 0);
}

static inline int64_t syscall2(int64_t number, uint64_t a, uint64_t b)
{
    return syscall3(number, a, b, 0);
}

static inline int64_t syscall1(int64_t number, uint64_t a)
{
    return syscall3(number, a, 0, 0);
}

/* Numbers: arch/x86/entry/syscalls/syscall_64.tbl; the host test stub_abi.c compares them with the system's headers. */
#define STUB_SYSCALLS(X)                                                                                        \
    X(read, 0) X(write, 1) X(close, 3) X(fstat, 5) X(lseek, 8) X(mmap, 9) X(mprotect, 10) X(munmap, 11)         \
    X(rt_sigaction, 13) X(rt_sigprocmask, 14) X(ioctl, 16) X(pread64, 17) X(pwrite64, 18) X(mremap, 25) X(mincore, 27)          \
    X(madvise, 28) X(pause, 34) X(setitimer, 38) X(getpid, 39) X(sendfile, 40) X(uname, 63)          \
    X(lstat, 6) X(poll, 7) X(socket, 41) X(connect, 42) X(sendto, 44) X(shutdown, 48) X(bind, 49) X(listen, 50) \
    X(getsockname, 51) X(socketpair, 53) X(setsockopt, 54) X(getsockopt, 55) X(link, 86) X(unlink, 87) X(chmod, 90)         \
    X(fcntl, 72) X(flock, 73) X(ftruncate, 77) X(getcwd, 79) X(chdir, 80) X(fchdir, 81) X(fchmod, 91) X(umask, 95) X(rt_sigqueueinfo, 129)               \
    X(rt_sigpending, 127) X(rt_sigtimedwait, 128) X(personality, 135) X(tgkill, 234)            \
    X(getpriority, 140) X(prctl, 157) X(gettid, 186) X(getpgrp, 111) X(arch_prctl, 158) X(futex, 202)           \
    X(sched_setaffinity, 203) X(set_tid_address, 218) X(fadvise64, 221) X(timer_create, 222) X(timer_settime, 223) X(timer_gettime, 224) X(timer_delete, 226) \
    X(clock_gettime, 228) X(exit_group, 231) X(epoll_ctl, 233) \
    X(epoll_wait, 232) X(mq_open, 240) X(inotify_add_watch, 254) X(inotify_rm_watch, 255) X(inotify_init1, 294) \
    X(pidfd_open, 434) X(openat, 257) X(set_robust_list, 273) X(timerfd_create, 283) X(timerfd_settime, 286) X(signalfd4, 289)     \
    X(eventfd2, 290) X(epoll_create1, 291) X(dup3, 292) X(pipe2, 293) X(preadv, 295)                \
    X(rt_tgsigqueueinfo, 297)                 \
    X(prlimit64, 302) X(sched_setattr, 314) X(sched_getattr, 315) X(memfd_create, 319) X(membarrier, 324) X(mlock2, 325)              \
    X(rseq, 334) X(cachestat, 451) X(mseal, 462)                                                                                  \
    X(clone, 56) X(execve, 59) X(exit, 60) X(wait4, 61) X(process_vm_readv, 310) X(process_vm_writev, 311) X(pkey_mprotect, 329) X(mbind, 237) \
    X(process_madvise, 440) X(unshare, 272) X(fsopen, 430) X(fsconfig, 431) X(fsmount, 432)       \
    X(sched_yield, 24) X(nanosleep, 35) X(kill, 62) X(readlink, 89) X(ptrace, 101) X(getppid, 110) X(pivot_root, 155) \
    X(chroot, 161) X(mount, 165) X(umount2, 166) X(getdents64, 217) X(setns, 308) X(kcmp, 312) X(seccomp, 317) X(getrandom, 318)   \
    X(move_mount, 429) X(landlock_restrict_self, 446) X(shmget, 29) X(shmat, 30) X(shmctl, 31) X(semop, 65) X(semctl, 66) \
    X(statx, 332) X(renameat2, 316) \
    X(geteuid, 107) X(getegid, 108) X(getgroups, 115) X(setgroups, 116) \
    X(capget, 125) X(capset, 126) X(sched_getaffinity, 204) X(set_mempolicy, 238) X(ioprio_set, 251)

#define STUB_SYSCALL_NUMBER(name, number) NR_##name = (number),
enum { STUB_SYSCALLS(STUB_SYSCALL_NUMBER) };

#endif
