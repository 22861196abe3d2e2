// SPDX-License-Identifier: Apache-2.0
/* The stub's own numbers and structs against those of the system's headers: it compiles or it does not. */
#define _GNU_SOURCE
#include <asm/prctl.h>
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <linux/futex.h>
#include <linux/kcmp.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "restore/abi.h"
#include "restore/syscall.h"

#ifndef SYS_cachestat
#define SYS_cachestat 451 /* Linux 6.5 */
#endif
#ifndef SYS_mseal
#define SYS_mseal 462 /* Linux 6.10; the headers of Debian 12 are older */
#endif

#define COMPARE(name, value) _Static_assert((long long)(name) == (long long)(value), #name);
#define COMPARE_CALL(name, number) _Static_assert(SYS_##name == (number), "number of " #name);
#define COMPARE_SIZE(ours, theirs) _Static_assert(sizeof(struct ours) == sizeof(theirs), "size of " #ours)

/* MAP_FIXED_NOREPLACE and the like come from the same list as the stub's. */
STUB_ABI_CONSTANTS(COMPARE)
STUB_SYSCALLS(COMPARE_CALL)

COMPARE_SIZE(abi_timespec, struct timespec);
COMPARE_SIZE(abi_iovec, struct iovec);
COMPARE_SIZE(abi_itimerspec, struct itimerspec);
COMPARE_SIZE(abi_flock, struct flock);
COMPARE_SIZE(abi_owner, struct f_owner_ex);
COMPARE_SIZE(abi_sigevent, struct sigevent);
COMPARE_SIZE(abi_stat, struct stat);
COMPARE_SIZE(abi_shmid, struct shmid_ds);
COMPARE_SIZE(abi_semid, struct semid_ds);
COMPARE_SIZE(abi_sembuf, struct sembuf);
COMPARE_SIZE(abi_statx, struct statx);
COMPARE_SIZE(abi_utsname, struct utsname);
COMPARE_SIZE(abi_rlimit, struct rlimit);
COMPARE_SIZE(abi_epoll_event, struct epoll_event);
COMPARE_SIZE(abi_mm_map, struct prctl_mm_map);
COMPARE_SIZE(abi_elf_header, Elf64_Ehdr);
COMPARE_SIZE(abi_program_header, Elf64_Phdr);
COMPARE_SIZE(abi_dynamic, Elf64_Dyn);
COMPARE_SIZE(abi_symbol, Elf64_Sym);
COMPARE_SIZE(abi_winsize, struct winsize);
_Static_assert(sizeof(struct abi_termios) == 36, "struct termios of the kernel, asm-generic/termbits.h");
_Static_assert(offsetof(struct abi_stat, mode) == offsetof(struct stat, st_mode), "st_mode");
_Static_assert(offsetof(struct abi_stat, inode) == offsetof(struct stat, st_ino), "st_ino");
_Static_assert(offsetof(struct abi_shmid, size) == offsetof(struct shmid_ds, shm_segsz), "shm_segsz");
_Static_assert(offsetof(struct abi_shmid, changed) == offsetof(struct shmid_ds, shm_ctime), "shm_ctime");
_Static_assert(offsetof(struct abi_ipc_permissions, mode) == offsetof(struct ipc_perm, mode), "mode");
_Static_assert(offsetof(struct abi_ipc_permissions, creator_uid) == offsetof(struct ipc_perm, cuid), "cuid");
_Static_assert(offsetof(struct abi_semid, changed) == offsetof(struct semid_ds, sem_ctime), "sem_ctime");
_Static_assert(offsetof(struct abi_semid, count) == offsetof(struct semid_ds, sem_nsems), "sem_nsems");
_Static_assert(offsetof(struct abi_statx, mode) == offsetof(struct statx, stx_mode), "stx_mode");
_Static_assert(offsetof(struct abi_statx, inode) == offsetof(struct statx, stx_ino), "stx_ino");
_Static_assert(offsetof(struct abi_statx, change) == offsetof(struct statx, stx_ctime), "stx_ctime");
_Static_assert(offsetof(struct abi_statx, modification) == offsetof(struct statx, stx_mtime), "stx_mtime");
_Static_assert(offsetof(struct abi_directory_entry, type) == offsetof(struct dirent64, d_type), "d_type");
_Static_assert(offsetof(struct abi_directory_entry, name) == offsetof(struct dirent64, d_name), "d_name");
_Static_assert(offsetof(struct abi_statx, birth) == offsetof(struct statx, stx_btime), "stx_btime");
_Static_assert(offsetof(struct abi_stat, size) == offsetof(struct stat, st_size), "st_size");
_Static_assert(offsetof(struct abi_utsname, fields[2]) == offsetof(struct utsname, release), "release");
_Static_assert(offsetof(struct abi_mm_map, auxv_size) == offsetof(struct prctl_mm_map, auxv_size), "auxv_size");
_Static_assert(offsetof(struct abi_mm_map, arg_start) == offsetof(struct prctl_mm_map, arg_start), "arg_start");
_Static_assert(offsetof(struct abi_program_header, memory_size) == offsetof(Elf64_Phdr, p_memsz), "p_memsz");
_Static_assert(offsetof(struct abi_symbol, value) == offsetof(Elf64_Sym, st_value), "st_value");

int main(void)
{
    return 0;
}
