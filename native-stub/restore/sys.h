/* SPDX-License-Identifier: Apache-2.0 */
/* Typed system calls: each returns what the kernel returns, a value or -errno. */
#ifndef UNDUMP_STUB_SYS_H
#define UNDUMP_STUB_SYS_H

#include <stddef.h>

#include "abi.h"
#include "restore/syscall.h"

#define STUB_ADDRESS(pointer) ((uint64_t)(uintptr_t)(pointer))

/* ---- files ---- */
#define WAIT_ALL 0x40000000 /* __WALL of wait4(2) */

static inline int64_t sys_open(const char *path, uint32_t flags)
{
    return syscall4(NR_openat, (uint64_t)ABI_AT_FDCWD, STUB_ADDRESS(path), flags, 0);
}

static inline int64_t sys_close(int fd)
{
    return syscall1(NR_close, (uint64_t)fd);
}

static inline int64_t sys_fstat(int fd, struct abi_stat *ret_stat)
{
    return syscall2(NR_fstat, (uint64_t)fd, STUB_ADDRESS(ret_stat));
}

static inline int64_t sys_statx(int fd, uint32_t mask, struct abi_statx *ret_stat)
{
    return syscall5(NR_statx, (uint64_t)fd, STUB_ADDRESS(""), ABI_AT_EMPTY_PATH, mask, STUB_ADDRESS(ret_stat));
}

static inline int64_t sys_statx_at(int directory, const char *path, uint32_t flags, struct abi_statx *ret_stat)
{
    return syscall5(NR_statx, (uint64_t)directory, STUB_ADDRESS(path), flags, ABI_STATX_BASIC_STATS, STUB_ADDRESS(ret_stat));
}

/* Returns the target's bytes, which have no zero behind them. */
static inline int64_t sys_readlink(const char *path, char *ret_target, uint64_t size)
{
    return syscall3(NR_readlink, STUB_ADDRESS(path), STUB_ADDRESS(ret_target), size);
}

static inline int64_t sys_pread(int fd, void *buffer, uint64_t size, uint64_t offset)
{
    return syscall4(NR_pread64, (uint64_t)fd, STUB_ADDRESS(buffer), size, offset);
}

static inline int64_t sys_pwrite(int fd, const void *buffer, uint64_t size, uint64_t offset)
{
    return syscall4(NR_pwrite64, (uint64_t)fd, STUB_ADDRESS(buffer), size, offset);
}

static inline int64_t sys_preadv(int fd, const struct abi_iovec *pieces, uint64_t count, uint64_t offset)
{
    return syscall5(NR_preadv, (uint64_t)fd, STUB_ADDRESS(pieces), count, offset, 0);
}

static inline int64_t sys_read(int fd, void *buffer, uint64_t size)
{
    return syscall3(NR_read, (uint64_t)fd, STUB_ADDRESS(buffer), size);
}

static inline int64_t sys_write(int fd, const void *buffer, uint64_t size)
{
    return syscall3(NR_write, (uint64_t)fd, STUB_ADDRESS(buffer), size);
}

static inline int64_t sys_lseek(int fd, uint64_t offset)
{
    return syscall3(NR_lseek, (uint64_t)fd, offset, ABI_SEEK_SET);
}

static inline int64_t sys_fcntl(int fd, int command, uint64_t argument)
{
    return syscall3(NR_fcntl, (uint64_t)fd, (uint64_t)command, argument);
}

static inline int64_t sys_ioctl(int fd, uint64_t command, void *argument)
{
    return syscall3(NR_ioctl, (uint64_t)fd, command, STUB_ADDRESS(argument));
}

static inline int64_t sys_dup3(int from, int to, uint32_t flags)
{
    return syscall3(NR_dup3, (uint64_t)from, (uint64_t)to, flags);
}

static inline int64_t sys_lock(int fd, int command, const struct abi_flock *lock)
{
    return syscall3(NR_fcntl, (uint64_t)fd, (uint64_t)command, STUB_ADDRESS(lock));
}

static inline int64_t sys_flock(int fd, uint32_t operation)
{
    return syscall2(NR_flock, (uint64_t)fd, operation);
}

static inline int64_t sys_pipe(int ret_ends[2], uint32_t flags)
{
    return syscall2(NR_pipe2, STUB_ADDRESS(ret_ends), flags);
}

static inline int64_t sys_ftruncate(int fd, uint64_t size)
{
    return syscall2(NR_ftruncate, (uint64_t)fd, size);
}

static inline int64_t sys_fchmod(int fd, uint32_t mode)
{
    return syscall2(NR_fchmod, (uint64_t)fd, mode);
}

static inline int64_t sys_sendfile(int to, int from, uint64_t *offset, uint64_t size)
{
    return syscall4(NR_sendfile, (uint64_t)to, (uint64_t)from, STUB_ADDRESS(offset), size);
}

static inline int64_t sys_memfd_create(const char *name, uint32_t flags)
{
    return syscall2(NR_memfd_create, STUB_ADDRESS(name), flags);
}

/* ---- System V IPC ---- */
static inline int64_t sys_shmget(uint32_t key, uint64_t size, uint32_t flags)
{
    return syscall3(NR_shmget, key, size, flags);
}

static inline int64_t sys_shmat(int id, uint64_t address, uint32_t flags)
{
    return syscall3(NR_shmat, (uint64_t)id, address, flags);
}

static inline int64_t sys_shmctl(int id, uint32_t command, struct abi_shmid *status)
{
    return syscall3(NR_shmctl, (uint64_t)id, command, STUB_ADDRESS(status));
}

/* Needs no right to read the set, since Linux 4.17. It looks at the index in the number alone, so another number comes back of
 * another set there. */
static inline int64_t sys_semctl_stat(int id, struct abi_semid *ret_status)
{
    return syscall4(NR_semctl, (uint64_t)id, 0, ABI_SEM_STAT_ANY, STUB_ADDRESS(ret_status));
}

static inline int64_t sys_semop(int id, const struct abi_sembuf *operation)
{
    return syscall3(NR_semop, (uint64_t)id, STUB_ADDRESS(operation), 1);
}

static inline int64_t sys_eventfd(uint32_t flags)
{
    return syscall2(NR_eventfd2, 0, flags);
}

static inline int64_t sys_epoll_create(uint32_t flags)
{
    return syscall1(NR_epoll_create1, flags);
}

static inline int64_t sys_epoll_add(int epoll, int fd, struct abi_epoll_event *event)
{
    return syscall4(NR_epoll_ctl, (uint64_t)epoll, ABI_EPOLL_CTL_ADD, (uint64_t)fd, STUB_ADDRESS(event));
}

static inline int64_t sys_epoll_change(int epoll, int fd, struct abi_epoll_event *event)
{
    return syscall4(NR_epoll_ctl, (uint64_t)epoll, ABI_EPOLL_CTL_MOD, (uint64_t)fd, STUB_ADDRESS(event));
}

/* Without waiting. */
static inline int64_t sys_epoll_wait(int epoll, struct abi_epoll_event *ret_events, uint64_t count)
{
    return syscall4(NR_epoll_wait, (uint64_t)epoll, STUB_ADDRESS(ret_events), count, 0);
}

static inline int64_t sys_inotify_init(uint32_t flags)
{
    return syscall1(NR_inotify_init1, flags);
}

static inline int64_t sys_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
    return syscall3(NR_inotify_add_watch, (uint64_t)fd, STUB_ADDRESS(path), mask);
}

static inline int64_t sys_inotify_rm_watch(int fd, int number)
{
    return syscall2(NR_inotify_rm_watch, (uint64_t)fd, (uint64_t)number);
}

static inline int64_t sys_pidfd_open(int64_t pid, uint32_t flags)
{
    return syscall2(NR_pidfd_open, (uint64_t)pid, flags);
}

static inline int64_t sys_mq_open(const char *name, uint32_t flags)
{
    return syscall4(NR_mq_open, STUB_ADDRESS(name), flags, 0, 0);
}

static inline int64_t sys_timerfd_create(uint64_t clock, uint32_t flags)
{
    return syscall2(NR_timerfd_create, clock, flags);
}

static inline int64_t sys_timerfd_settime(int fd, uint32_t flags, const struct abi_itimerspec *value)
{
    return syscall4(NR_timerfd_settime, (uint64_t)fd, flags, STUB_ADDRESS(value), 0);
}

static inline int64_t sys_signalfd(const uint64_t *mask, uint32_t flags)
{
    return syscall4(NR_signalfd4, (uint64_t)-1, STUB_ADDRESS(mask), sizeof(*mask), flags);
}

static inline int64_t sys_clock_gettime(uint64_t clock, struct abi_timespec *ret_time)
{
    return syscall2(NR_clock_gettime, clock, STUB_ADDRESS(ret_time));
}

static inline int64_t sys_timer_create(uint64_t clock, const struct abi_sigevent *event, int32_t *id)
{
    return syscall3(NR_timer_create, clock, STUB_ADDRESS(event), STUB_ADDRESS(id));
}

static inline int64_t sys_timer_delete(int32_t id)
{
    return syscall1(NR_timer_delete, (uint64_t)id);
}

static inline int64_t sys_timer_settime(int32_t id, uint32_t flags, const struct abi_itimerspec *value)
{
    return syscall4(NR_timer_settime, (uint64_t)id, flags, STUB_ADDRESS(value), 0);
}

static inline int64_t sys_timer_gettime(int32_t id, struct abi_itimerspec *ret_value)
{
    return syscall2(NR_timer_gettime, (uint64_t)id, STUB_ADDRESS(ret_value));
}

/* ---- sockets ---- */
static inline int64_t sys_socket(uint32_t family, uint32_t type, uint32_t protocol)
{
    return syscall3(NR_socket, family, type, protocol);
}

static inline int64_t sys_socketpair(uint32_t family, uint32_t type, int ret_ends[2])
{
    return syscall4(NR_socketpair, family, type, 0, STUB_ADDRESS(ret_ends));
}

static inline int64_t sys_bind(int fd, const void *address, uint32_t size)
{
    return syscall3(NR_bind, (uint64_t)fd, STUB_ADDRESS(address), size);
}

static inline int64_t sys_connect(int fd, const void *address, uint32_t size)
{
    return syscall3(NR_connect, (uint64_t)fd, STUB_ADDRESS(address), size);
}

static inline int64_t sys_listen(int fd, uint32_t backlog)
{
    return syscall2(NR_listen, (uint64_t)fd, backlog);
}

static inline int64_t sys_shutdown(int fd, uint32_t how)
{
    return syscall2(NR_shutdown, (uint64_t)fd, how);
}

static inline int64_t sys_send(int fd, const void *bytes, uint64_t size, uint32_t flags)
{
    return syscall6(NR_sendto, (uint64_t)fd, STUB_ADDRESS(bytes), size, flags, 0, 0);
}

static inline int64_t sys_getsockname(int fd, void *ret_address, uint32_t *size)
{
    return syscall3(NR_getsockname, (uint64_t)fd, STUB_ADDRESS(ret_address), STUB_ADDRESS(size));
}

static inline int64_t sys_setsockopt(int fd, uint32_t level, uint32_t name, const void *value, uint32_t size)
{
    return syscall5(NR_setsockopt, (uint64_t)fd, level, name, STUB_ADDRESS(value), size);
}

static inline int64_t sys_getsockopt(int fd, uint32_t level, uint32_t name, void *ret_value, uint32_t *size)
{
    return syscall5(NR_getsockopt, (uint64_t)fd, level, name, STUB_ADDRESS(ret_value), STUB_ADDRESS(size));
}

static inline int64_t sys_poll(struct abi_pollfd *files, uint64_t count, int timeout_ms)
{
    return syscall3(NR_poll, STUB_ADDRESS(files), count, (uint64_t)timeout_ms);
}

static inline int64_t sys_lstat(const char *path, struct abi_stat *ret_stat)
{
    return syscall2(NR_lstat, STUB_ADDRESS(path), STUB_ADDRESS(ret_stat));
}

static inline int64_t sys_rename(const char *from, const char *to, uint32_t flags)
{
    return syscall5(NR_renameat2, (uint64_t)ABI_AT_FDCWD, STUB_ADDRESS(from), (uint64_t)ABI_AT_FDCWD, STUB_ADDRESS(to), flags);
}

static inline int64_t sys_link(const char *from, const char *to)
{
    return syscall2(NR_link, STUB_ADDRESS(from), STUB_ADDRESS(to));
}

static inline int64_t sys_unlink(const char *path)
{
    return syscall1(NR_unlink, STUB_ADDRESS(path));
}

static inline int64_t sys_chmod(const char *path, uint32_t mode)
{
    return syscall2(NR_chmod, STUB_ADDRESS(path), mode);
}

static inline int64_t sys_fchdir(int fd)
{
    return syscall1(NR_fchdir, (uint64_t)fd);
}

/* ---- memory ---- */
static inline int64_t sys_mmap(uint64_t address, uint64_t length, uint32_t protection, uint32_t flags, int fd, uint64_t offset)
{
    return syscall6(NR_mmap, address, length, protection, flags, (uint64_t)fd, offset);
}

static inline int64_t sys_munmap(uint64_t address, uint64_t length)
{
    return syscall2(NR_munmap, address, length);
}

static inline int64_t sys_mprotect(uint64_t address, uint64_t length, uint32_t protection)
{
    return syscall3(NR_mprotect, address, length, protection);
}

/* Moves without a change of size. */
static inline int64_t sys_move(uint64_t from, uint64_t length, uint64_t to)
{
    return syscall5(NR_mremap, from, length, length, ABI_MREMAP_MAYMOVE | ABI_MREMAP_FIXED, to);
}

static inline int64_t sys_cachestat(int fd, const struct abi_cachestat_range *range, struct abi_cachestat *ret)
{
    return syscall4(NR_cachestat, (uint64_t)fd, STUB_ADDRESS(range), STUB_ADDRESS(ret), 0);
}

static inline int64_t sys_fadvise(int fd, uint64_t offset, uint64_t length, uint32_t advice)
{
    return syscall4(NR_fadvise64, (uint64_t)fd, offset, length, advice);
}

static inline int64_t sys_madvise(uint64_t address, uint64_t length, uint32_t advice)
{
    return syscall3(NR_madvise, address, length, advice);
}

static inline int64_t sys_mincore(uint64_t address, uint64_t length, uint8_t *ret_pages)
{
    return syscall3(NR_mincore, address, length, STUB_ADDRESS(ret_pages));
}

/* Of this process, without a fault where memory cannot be reached: bytes copied, or -EFAULT when none could. */
static inline int64_t sys_process_vm_readv(const struct abi_iovec *to, uint64_t to_count, const struct abi_iovec *from,
                                           uint64_t from_count)
{
    return syscall6(NR_process_vm_readv, (uint64_t)syscall1(NR_getpid, 0), STUB_ADDRESS(to), to_count, STUB_ADDRESS(from),
                    from_count, 0);
}

static inline int64_t sys_process_vm_writev(const struct abi_iovec *from, uint64_t from_count, const struct abi_iovec *to,
                                            uint64_t to_count)
{
    return syscall6(NR_process_vm_writev, (uint64_t)syscall1(NR_getpid, 0), STUB_ADDRESS(from), from_count,
                    STUB_ADDRESS(to), to_count, 0);
}

static inline int64_t sys_mlock2(uint64_t address, uint64_t length, uint32_t flags)
{
    return syscall3(NR_mlock2, address, length, flags);
}

static inline int64_t sys_mseal(uint64_t address, uint64_t length)
{
    return syscall3(NR_mseal, address, length, 0);
}

/* ---- process and threads ---- */
static inline int64_t sys_uname(struct abi_utsname *ret_name)
{
    return syscall1(NR_uname, STUB_ADDRESS(ret_name));
}

static inline int64_t sys_prctl(int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    return syscall5(NR_prctl, (uint64_t)option, a, b, c, d);
}

static inline int64_t sys_get_capabilities(const struct abi_capability_header *header, struct abi_capability_data ret_data[2])
{
    return syscall2(NR_capget, STUB_ADDRESS(header), STUB_ADDRESS(ret_data));
}

static inline int64_t sys_set_capabilities(const struct abi_capability_header *header, const struct abi_capability_data data[2])
{
    return syscall2(NR_capset, STUB_ADDRESS(header), STUB_ADDRESS(data));
}

static inline int64_t sys_getgroups(uint64_t room, uint32_t *ret_groups)
{
    return syscall2(NR_getgroups, room, STUB_ADDRESS(ret_groups));
}

static inline int64_t sys_setgroups(uint64_t count, const uint32_t *groups)
{
    return syscall2(NR_setgroups, count, STUB_ADDRESS(groups));
}

static inline int64_t sys_geteuid(void)
{
    return syscall1(NR_geteuid, 0);
}

static inline int64_t sys_getegid(void)
{
    return syscall1(NR_getegid, 0);
}

static inline int64_t sys_unshare(uint64_t flags)
{
    return syscall1(NR_unshare, flags);
}

static inline int64_t sys_setns(int fd, uint64_t kind)
{
    return syscall2(NR_setns, (uint64_t)fd, kind);
}

static inline int64_t sys_seccomp(uint32_t operation, uint32_t flags, const void *argument)
{
    return syscall3(NR_seccomp, operation, flags, STUB_ADDRESS(argument));
}

static inline int64_t sys_set_memory_policy(uint32_t mode, const uint64_t *nodes, uint64_t bits)
{
    return syscall3(NR_set_mempolicy, mode, STUB_ADDRESS(nodes), bits);
}

static inline int64_t sys_bind_memory(uint64_t address, uint64_t length, uint32_t mode, const uint64_t *nodes, uint64_t bits)
{
    return syscall6(NR_mbind, address, length, mode, STUB_ADDRESS(nodes), bits, 0);
}

/* Of the calling thread. */
static inline int64_t sys_set_io_priority(uint32_t priority)
{
    return syscall3(NR_ioprio_set, ABI_IOPRIO_WHO_PROCESS, 0, priority);
}

static inline int64_t sys_get_affinity(uint64_t *ret_mask, uint64_t size)
{
    return syscall3(NR_sched_getaffinity, 0, size, STUB_ADDRESS(ret_mask));
}

static inline int64_t sys_arch_prctl(int option, uint64_t value)
{
    return syscall2(NR_arch_prctl, (uint64_t)option, value);
}

static inline int64_t sys_personality(uint32_t value)
{
    return syscall1(NR_personality, value);
}

static inline int64_t sys_umask(uint32_t mask)
{
    return syscall1(NR_umask, mask);
}

static inline int64_t sys_getcwd(uint8_t *buffer, uint64_t size)
{
    return syscall2(NR_getcwd, STUB_ADDRESS(buffer), size);
}

static inline int64_t sys_getrandom(uint8_t *buffer, uint64_t size)
{
    return syscall3(NR_getrandom, STUB_ADDRESS(buffer), size, 0);
}

static inline int64_t sys_chdir(const char *path)
{
    return syscall1(NR_chdir, STUB_ADDRESS(path));
}

static inline int64_t sys_prlimit(uint32_t resource, const struct abi_rlimit *limit, struct abi_rlimit *ret_old)
{
    return syscall4(NR_prlimit64, 0, resource, STUB_ADDRESS(limit), STUB_ADDRESS(ret_old));
}

static inline int64_t sys_getdents(int fd, void *entries, uint64_t size)
{
    return syscall3(NR_getdents64, (uint64_t)fd, STUB_ADDRESS(entries), size);
}

static inline int64_t sys_setitimer(uint32_t which, const uint64_t interval_and_value[4])
{
    return syscall3(NR_setitimer, which, STUB_ADDRESS(interval_and_value), 0);
}

static inline int64_t sys_sigaction(uint32_t signal, const struct abi_sigaction *action)
{
    return syscall4(NR_rt_sigaction, signal, STUB_ADDRESS(action), 0, sizeof(action->mask));
}

static inline int64_t sys_get_sigaction(uint32_t signal, struct abi_sigaction *ret_action)
{
    return syscall4(NR_rt_sigaction, signal, 0, STUB_ADDRESS(ret_action), sizeof(ret_action->mask));
}

static inline int64_t sys_swap_signal_mask(const uint64_t *mask, uint64_t *ret_old)
{
    return syscall4(NR_rt_sigprocmask, ABI_SIG_SETMASK, STUB_ADDRESS(mask), STUB_ADDRESS(ret_old), sizeof(*mask));
}

static inline int64_t sys_set_signal_mask(const uint64_t *mask)
{
    return syscall4(NR_rt_sigprocmask, ABI_SIG_SETMASK, STUB_ADDRESS(mask), 0, sizeof(*mask));
}

/* Of the calling thread and its process; what is blocked. */
static inline uint64_t sys_pending_signals(void)
{
    uint64_t pending = 0;

    syscall2(NR_rt_sigpending, STUB_ADDRESS(&pending), sizeof(pending));
    return pending;
}

/* Takes one of the set's signals, without waiting. */
static inline int64_t sys_take_pending_signal(const uint64_t *set)
{
    const struct abi_timespec at_once = {.seconds = 0};

    return syscall4(NR_rt_sigtimedwait, STUB_ADDRESS(set), 0, STUB_ADDRESS(&at_once), sizeof(*set));
}

/* To a process, or with 0 to all of this process's group. */
static inline int64_t sys_kill(int64_t pid, uint32_t signal)
{
    return syscall2(NR_kill, (uint64_t)pid, signal);
}

static inline int64_t sys_tgkill(int64_t pid, uint32_t tid, uint32_t signal)
{
    return syscall3(NR_tgkill, (uint64_t)pid, tid, signal);
}

static inline int64_t sys_execve(const char *path, const char *const *arguments, const char *const *environment)
{
    return syscall3(NR_execve, STUB_ADDRESS(path), STUB_ADDRESS(arguments), STUB_ADDRESS(environment));
}

static inline int64_t sys_getpid(void)
{
    return syscall1(NR_getpid, 0);
}

/* The calling thread must be the leader: the kernel lets a process forge si_code only to itself. */
static inline int64_t sys_queue_process_signal(int64_t pid, uint32_t signal, const uint8_t info[128])
{
    return syscall3(NR_rt_sigqueueinfo, (uint64_t)pid, signal, STUB_ADDRESS(info));
}

/* The calling thread is the leader or tid itself, for the same reason. */
static inline int64_t sys_queue_thread_signal(int64_t pid, int64_t tid, uint32_t signal, const uint8_t info[128])
{
    return syscall4(NR_rt_tgsigqueueinfo, (uint64_t)pid, (uint64_t)tid, signal, STUB_ADDRESS(info));
}

static inline int64_t sys_set_tid_address(uint64_t address)
{
    return syscall1(NR_set_tid_address, address);
}

static inline int64_t sys_set_robust_list(uint64_t head, uint64_t size)
{
    return syscall2(NR_set_robust_list, head, size);
}

static inline int64_t sys_rseq(uint64_t address, uint32_t size, uint32_t signature)
{
    return syscall4(NR_rseq, address, size, 0, signature);
}

static inline int64_t sys_set_affinity(const uint64_t *mask, uint64_t size)
{
    return syscall3(NR_sched_setaffinity, 0, size, STUB_ADDRESS(mask));
}

/* Of the calling thread: 20 - nice. */
static inline int64_t sys_getpriority(void)
{
    return syscall2(NR_getpriority, ABI_PRIO_PROCESS, 0);
}

static inline int64_t sys_getpgrp(void)
{
    return syscall1(NR_getpgrp, 0);
}

static inline int64_t sys_gettid(void)
{
    return syscall1(NR_gettid, 0);
}

static inline int64_t sys_sched_setattr(const struct abi_sched_attr *attributes)
{
    return syscall3(NR_sched_setattr, 0, STUB_ADDRESS(attributes), 0);
}

static inline int64_t sys_sched_getattr(struct abi_sched_attr *attributes)
{
    return syscall4(NR_sched_getattr, 0, STUB_ADDRESS(attributes), sizeof(*attributes), 0);
}

static inline int64_t sys_membarrier(uint32_t command)
{
    return syscall3(NR_membarrier, command, 0, 0);
}

static inline int64_t sys_yield(void)
{
    return syscall1(NR_sched_yield, 0);
}

static inline int64_t sys_futex_wait(const uint32_t *word, uint32_t value)
{
    return syscall4(NR_futex, STUB_ADDRESS(word), ABI_FUTEX_WAIT | ABI_FUTEX_PRIVATE_FLAG, value, 0);
}

static inline int64_t sys_futex_wake(const uint32_t *word, uint32_t count)
{
    return syscall3(NR_futex, STUB_ADDRESS(word), ABI_FUTEX_WAKE | ABI_FUTEX_PRIVATE_FLAG, count);
}

static inline _Noreturn void sys_exit_group(int status)
{
    for (;;)
        syscall1(NR_exit_group, (uint64_t)status);
}

/* Waits until the process is ended by another thread; all signals are blocked. */
static inline _Noreturn void sys_wait_for_end(void)
{
    for (;;)
        syscall1(NR_pause, 0);
}

#endif
