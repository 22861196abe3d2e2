/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the stub needs of Linux's interface for programs (include/uapi, generic and x86).
 * The stub includes no system header, so that it depends on nothing that a build machine has; the host test
 * src/test/c/stub_abi.c compares every value here with the system's headers.
 */
#ifndef UNDUMP_STUB_ABI_H
#define UNDUMP_STUB_ABI_H

#include <stdint.h>

#define STUB_PAGE UINT64_C(4096)

/* X(name, value): becomes ABI_name here */
#define STUB_ABI_CONSTANTS(X)                                                                                   \
    /* errno */                                                                                                 \
    X(EPERM, 1) X(ENOENT, 2) X(ESRCH, 3) X(EINTR, 4) X(EIO, 5) X(ENXIO, 6) X(EBADF, 9) X(EAGAIN, 11) X(ENOMEM, 12) X(EACCES, 13)        \
    X(EFAULT, 14) X(EEXIST, 17) X(EISDIR, 21) X(EINVAL, 22) X(ENFILE, 23) X(EMFILE, 24) X(ENOTTY, 25) X(ESPIPE, 29)               \
    X(ENOSYS, 38) X(EMSGSIZE, 90) X(EADDRINUSE, 98) X(EADDRNOTAVAIL, 99) X(ENOTCONN, 107) X(ETIMEDOUT, 110)     \
    X(ENOTDIR, 20) X(ECONNREFUSED, 111) X(EINPROGRESS, 115)                                                                                               \
    /* mmap and its family */                                                                                   \
    X(PROT_READ, 1) X(PROT_WRITE, 2) X(PROT_EXEC, 4)                                                            \
    X(MAP_SHARED, 1) X(MAP_PRIVATE, 2) X(MAP_FIXED, 0x10) X(MAP_ANONYMOUS, 0x20) X(MAP_GROWSDOWN, 0x100)        \
    X(MAP_LOCKED, 0x2000) X(MAP_NORESERVE, 0x4000) X(MAP_POPULATE, 0x8000) X(MAP_STACK, 0x20000)                \
    X(MAP_FIXED_NOREPLACE, 0x100000) X(MREMAP_MAYMOVE, 1) X(MREMAP_FIXED, 2)                                    \
    X(MREMAP_DONTUNMAP, 4) X(MADV_DONTNEED, 4) X(MADV_FREE, 8) X(MADV_REMOVE, 9) X(MADV_DONTFORK, 10) X(MADV_DOFORK, 11)           \
    X(MADV_NORMAL, 0) X(MADV_MERGEABLE, 12) X(MADV_DONTDUMP, 16) X(MADV_WIPEONFORK, 18) X(MADV_COLD, 20)  \
    X(MADV_POPULATE_READ, 22) X(MADV_POPULATE_WRITE, 23) X(MLOCK_ONFAULT, 1)                                    \
    /* files */                                                                                                 \
    X(AT_FDCWD, -100) X(O_RDONLY, 0) X(O_WRONLY, 1) X(O_RDWR, 2) X(O_ACCMODE, 3) X(O_CREAT, 0100)               \
    X(O_EXCL, 0200) X(O_NOCTTY, 0400) X(O_TRUNC, 01000) X(O_APPEND, 02000) X(O_NONBLOCK, 04000)                 \
    X(O_DIRECT, 040000) X(O_DIRECTORY, 0200000) X(O_NOATIME, 01000000) X(O_CLOEXEC, 02000000) X(O_PATH, 010000000)                      \
    X(SEEK_SET, 0) X(POSIX_FADV_WILLNEED, 3)                                                                                              \
    X(F_GETFD, 1) X(F_SETFD, 2) X(F_GETFL, 3) X(F_SETFL, 4) X(F_DUPFD_CLOEXEC, 1030) X(F_SETPIPE_SZ, 1031)      \
    X(F_ADD_SEALS, 1033) X(MFD_ALLOW_SEALING, 2) X(F_SETSIG, 10) X(F_SETOWN_EX, 15) X(O_ASYNC, 020000)          \
    X(S_IFIFO, 0010000) X(S_IFDIR, 0040000) X(S_IFREG, 0100000) X(S_IFLNK, 0120000) X(DT_UNKNOWN, 0) X(DT_DIR, 4) X(DT_REG, 8) X(DT_LNK, 10)                                                               \
    X(FD_CLOEXEC, 1) X(S_IFMT, 0170000) X(MFD_CLOEXEC, 1) X(TCGETS, 0x5401) X(TCSETS, 0x5402) X(TIOCGPGRP, 0x540f) X(TIOCGWINSZ, 0x5413) X(EPOLL_CTL_ADD, 1) X(EPOLL_CTL_MOD, 3) X(EPOLLIN, 1) X(EPOLLPRI, 2) X(EPOLLOUT, 4) X(EPOLLRDHUP, 0x2000) \
    X(FIONREAD, 0x541b) X(IN_DELETE_SELF, 0x400) X(IN_DONT_FOLLOW, 0x2000000)                 \
    X(EFD_SEMAPHORE, 1) X(TFD_TIMER_ABSTIME, 1) X(F_RDLCK, 0) X(F_WRLCK, 1) X(F_SETLK, 6) X(F_OFD_SETLK, 37) \
    X(LOCK_SH, 1) X(LOCK_EX, 2) X(LOCK_NB, 4)                                                                 \
    /* System V IPC */                                                                                          \
    X(IPC_CREAT, 01000) X(IPC_EXCL, 02000) X(IPC_NOWAIT, 04000) X(IPC_RMID, 0) X(IPC_SET, 1) X(IPC_STAT, 2) X(SEM_STAT_ANY, 20) \
    X(SHM_RDONLY, 010000) X(SHM_REMAP, 040000) X(SEM_UNDO, 0x1000) X(EIDRM, 43)                                 \
    X(AT_EMPTY_PATH, 0x1000) X(AT_SYMLINK_NOFOLLOW, 0x100) X(STATX_BASIC_STATS, 0x7ff) X(STATX_BTIME, 0x800) X(RENAME_NOREPLACE, 1)                                       \
    /* sockets */                                                                                               \
    X(AF_UNIX, 1) X(AF_INET, 2) X(AF_INET6, 10) X(SOCK_STREAM, 1) X(SOCK_DGRAM, 2) X(IPPROTO_MPTCP, 262)        \
    X(SOL_SOCKET, 1) X(SO_ERROR, 4) X(SO_SNDBUF, 7) X(MSG_DONTWAIT, 0x40) X(MSG_NOSIGNAL, 0x4000)               \
    X(POLLOUT, 4) X(POLLRDHUP, 0x2000) X(S_IFSOCK, 0140000)                                                     \
    /* signals, scheduling, process */                                                                          \
    X(SIG_SETMASK, 2) X(SIGHUP, 1) X(SIGINT, 2) X(SIGQUIT, 3) X(SIGKILL, 9) X(SIGSTOP, 19) X(SIGCHLD, 17) X(SIGCONT, 18) X(SIGTTOU, 22) X(SIGURG, 23) X(SIGWINCH, 28) X(SIGEV_SIGNAL, 0) X(PRIO_PROCESS, 0)        \
    X(CLOCK_REALTIME, 0) X(CLOCK_MONOTONIC, 1) X(CLOCK_BOOTTIME, 7) X(CLOCK_REALTIME_ALARM, 8) X(CLOCK_BOOTTIME_ALARM, 9) X(TIMER_ABSTIME, 1)                                                                                         \
    X(RLIMIT_STACK, 3) X(RLIMIT_NPROC, 6) X(RLIMIT_NOFILE, 7)                                                   \
    X(PR_SET_PDEATHSIG, 1) X(PR_SET_DUMPABLE, 4) X(PR_SET_NAME, 15) X(PR_SET_TIMERSLACK, 29) X(PR_SET_MM, 35)   \
    X(PR_SET_MM_MAP, 14) X(PR_SET_CHILD_SUBREAPER, 36) X(PR_SET_NO_NEW_PRIVS, 38) X(PR_SET_THP_DISABLE, 41)     \
    X(PR_SET_VMA, 0x53564d41) X(PR_SET_VMA_ANON_NAME, 0) X(READ_IMPLIES_EXEC, 0x0400000)                        \
    X(MMAP_PAGE_ZERO, 0x0100000) X(ARCH_SET_GS, 0x1001) X(ARCH_SET_FS, 0x1002)                                  \
    X(FUTEX_WAIT, 0) X(FUTEX_WAKE, 1) X(FUTEX_PRIVATE_FLAG, 128)                                                \
    X(CLONE_VM, 0x100) X(CLONE_FS, 0x200) X(CLONE_FILES, 0x400) X(CLONE_SIGHAND, 0x800) X(CLONE_VFORK, 0x4000)   \
    X(CLONE_THREAD, 0x10000) X(CLONE_SYSVSEM, 0x40000) X(CLONE_SETTLS, 0x80000)                                 \
    X(CLONE_CHILD_CLEARTID, 0x200000) X(CLONE_NEWNS, 0x20000) X(WNOHANG, 1) X(KCMP_VM, 1)                       \
    X(PTRACE_PEEKUSER, 3) X(PTRACE_POKEUSER, 6) X(PTRACE_CONT, 7) X(PTRACE_DETACH, 17) X(PTRACE_SETOPTIONS, 0x4200) \
    X(PTRACE_SEIZE, 0x4206) X(PTRACE_INTERRUPT, 0x4207) X(PTRACE_O_EXITKILL, 0x100000) X(PTRACE_EVENT_STOP, 128) \
    X(PR_SET_SECCOMP, 22) X(PR_SET_PTRACER, 0x59616d61) X(SECCOMP_SET_MODE_FILTER, 1) X(MS_REMOUNT, 0x20)       \
    X(MS_UNBINDABLE, 0x20000) X(MS_PRIVATE, 0x40000) X(MS_SLAVE, 0x80000) X(MS_SHARED, 0x100000)                \
    /* rights and namespaces */                                                                                 \
    X(PR_SET_KEEPCAPS, 8) X(PR_CAPBSET_DROP, 24) X(PR_SET_SECUREBITS, 28) X(PR_CAP_AMBIENT, 47)                 \
    X(PR_CAP_AMBIENT_RAISE, 2) X(PR_CAP_AMBIENT_CLEAR_ALL, 4) X(SECCOMP_MODE_STRICT, 1)                         \
    X(SECCOMP_MODE_FILTER, 2) X(CLONE_NEWUSER, 0x10000000)                                                      \
    /* auxiliary vector */                                                                                      \
    X(AT_NULL, 0) X(AT_EUID, 12) X(AT_SECURE, 23) X(AT_EXECFN, 31) X(AT_SYSINFO_EHDR, 33)                                                       \
    /* ELF */                                                                                                   \
    X(PT_LOAD, 1) X(PT_DYNAMIC, 2) X(DT_NULL, 0) X(DT_HASH, 4) X(DT_STRTAB, 5) X(DT_SYMTAB, 6) X(DT_STRSZ, 10)  \
    X(DT_GNU_HASH, 0x6ffffef5)

#define STUB_ABI_VALUE(name, value) ABI_##name = (value),
enum stub_abi { STUB_ABI_CONSTANTS(STUB_ABI_VALUE) };

/* Newer than the headers of some build machines, so not compared. */
#define ABI_MADV_DONTNEED_LOCKED 24                       /* 5.18 */
#define ABI_MADV_GUARD_INSTALL 102                        /* 6.13 */
#define ABI_MADV_GUARD_REMOVE 103
#define ABI_PIDFD_SELF_THREAD (-10000)                    /* 6.14 */
#define ABI_PIDFD_SELF_THREAD_GROUP (-10001)
#define ABI_MAP_DROPPABLE 0x08                            /* 6.11 */
#define ABI_MFD_NOEXEC_SEAL 8                             /* 6.3 */
#define ABI_MFD_EXEC 0x10                                 /* 6.3 */
#define ABI_F_SEAL_EXEC 0x20                              /* 6.3 */
#define ABI_TFD_IOC_SET_TICKS UINT64_C(0x40085400)        /* 3.17 with CONFIG_CHECKPOINT_RESTORE */

#define ABI_PR_TIMER_CREATE_RESTORE_IDS 77                /* 6.16 */
#define ABI_CLONE_NEWTIME 0x80                            /* 5.6 */

#define ABI_CAPABILITY_VERSION 0x20080522 /* linux/capability.h, as the next ones, which go with no other header */
#define ABI_CAP_SETGID 6
#define ABI_CAP_SETPCAP 8
#define ABI_CAP_SYS_ADMIN 21
#define ABI_SECBIT_NOROOT 1u
#define ABI_SECBIT_KEEP_CAPS 0x10u
#define ABI_IOPRIO_WHO_PROCESS 1          /* linux/ioprio.h */
#define ABI_IOPRIO_CLASS_SHIFT 13
#define ABI_IOPRIO_CLASS_REALTIME 1
#define ABI_IOPRIO_CLASS_BEST_EFFORT 2

#define ABI_SIG_IGN 1 /* a pointer in the headers */

struct abi_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

struct abi_cachestat_range {
    uint64_t offset;
    uint64_t length;
};

struct abi_cachestat { /* Linux 6.5 */
    uint64_t cached; /* pages */
    uint64_t dirty, writeback, evicted, recently_evicted;
};

struct abi_iovec {
    uint64_t address;
    uint64_t length;
};

struct abi_itimerspec {
    struct abi_timespec interval;
    struct abi_timespec value;
};

struct abi_sigevent { /* struct sigevent of include/uapi/asm-generic/siginfo.h */
    uint64_t value;
    int32_t signal;
    int32_t notify;
    int32_t tid;
    int32_t padding[11];
};

struct abi_owner { /* struct f_owner_ex */
    int32_t type;
    int32_t pid;
};

struct abi_flock { /* struct flock */
    int16_t type;
    int16_t whence;
    int32_t padding1;
    int64_t start;
    int64_t length;
    int32_t pid;
    int32_t padding2;
};

struct abi_termios { /* struct termios of include/uapi/asm-generic/termbits.h, not libc's */
    uint32_t input, output, control, local;
    uint8_t line;
    uint8_t characters[19];
};

struct abi_winsize {
    uint16_t rows, columns;
    uint16_t width, height; /* pixels */
};

struct abi_stat { /* struct stat of arch/x86/include/uapi/asm/stat.h */
    uint64_t device;
    uint64_t inode;
    uint64_t links;
    uint32_t mode;
    uint32_t uid;
    uint32_t gid;
    uint32_t padding;
    uint64_t rdevice;
    int64_t size;
    int64_t rest[11];
};

struct abi_ipc_permissions { /* struct ipc64_perm */
    int32_t key;
    uint32_t uid;
    uint32_t gid;
    uint32_t creator_uid;
    uint32_t creator_gid;
    uint32_t mode;
    uint16_t sequence;
    uint16_t padding[3];
    uint64_t unused[2];
};

struct abi_shmid { /* struct shmid64_ds */
    struct abi_ipc_permissions permissions;
    uint64_t size;
    int64_t attached_at;
    int64_t detached_at;
    int64_t changed;
    int32_t creator;
    int32_t last;
    uint64_t attachments;
    uint64_t unused[2];
};

struct abi_semid { /* struct semid64_ds of x86 */
    struct abi_ipc_permissions permissions;
    int64_t used, unused_high, changed, unused_high_too; /* seconds of CLOCK_REALTIME: sem_otime, sem_ctime */
    uint64_t count;
    uint64_t unused[2];
};

struct abi_sembuf {
    uint16_t number;
    int16_t operation;
    int16_t flags;
};

struct abi_statx_time {
    int64_t seconds;
    uint32_t nanoseconds;
    uint32_t reserved;
};

struct abi_statx {
    uint32_t mask;
    uint32_t block_size;
    uint64_t attributes;
    uint32_t links, uid, gid;
    uint16_t mode;
    uint16_t reserved;
    uint64_t inode, size, blocks, attributes_mask;
    struct abi_statx_time access, birth, change, modification;
    uint8_t behind[128];
};

struct abi_directory_entry { /* struct linux_dirent64, getdents64(2) */
    uint64_t inode;
    int64_t next;
    uint16_t size; /* bytes of this entry */
    uint8_t type;  /* DT_* */
    char name[];
};

struct abi_sockaddr_in6 { /* struct sockaddr_in has its address at flow, and ends 8 bytes behind that */
    uint16_t family;
    uint16_t port; /* network order */
    uint32_t flow;
    uint8_t address[16];
    uint32_t scope;
};
#define ABI_SOCKADDR_IN_BYTES 16

struct abi_sockaddr_un {
    uint16_t family;
    char path[108];
};

struct abi_pollfd {
    int32_t fd;
    uint16_t events, revents;
};

struct abi_utsname {
    char fields[6][65]; /* sysname, nodename, release, version, machine, domainname */
};

struct abi_rlimit {
    uint64_t soft;
    uint64_t hard;
};

struct abi_sigaction { /* struct sigaction as rt_sigaction takes it */
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};

struct abi_epoll_event {
    uint32_t events;
    uint64_t data;
} __attribute__((packed));

struct abi_sched_attr { /* SCHED_ATTR_SIZE_VER0 of include/uapi/linux/sched/types.h */
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};

struct abi_capability_header { /* struct __user_cap_header_struct of include/uapi/linux/capability.h */
    uint32_t version;
    int32_t pid;
};

struct abi_capability_data { /* two of them: the low and the high 32 capabilities */
    uint32_t effective, permitted, inheritable;
};

struct abi_filter_program { /* struct sock_fprog of include/uapi/linux/filter.h */
    uint16_t length; /* instructions */
    uint64_t instructions;
};

struct abi_mm_map { /* struct prctl_mm_map of include/uapi/linux/prctl.h */
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
    uint64_t arg_start, arg_end, env_start, env_end;
    uint64_t auxv;
    uint32_t auxv_size;
    uint32_t exe_fd;
};

struct abi_elf_header {
    uint8_t ident[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, section_names;
};

struct abi_program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_size, memory_size, alignment;
};

struct abi_dynamic {
    uint64_t tag, value;
};

struct abi_symbol {
    uint32_t name;
    uint8_t info, other;
    uint16_t section;
    uint64_t value, size;
};

#endif
