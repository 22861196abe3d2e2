/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>

#include "traced_calls.h"

/* Younger than the headers of older systems. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif

#define NONE NO_ARGUMENT
#define PATH(action, path) {action, NONE, path, NONE, NONE, NONE, false}
#define LINK_PATH(action, path) {action, NONE, path, NONE, NONE, NONE, true}
#define AT(action, flags) {action, 0, 1, flags, NONE, NONE, false}
#define LINK_AT(action) {action, 0, 1, NONE, NONE, NONE, true}
#define NO_PATH(action) {action, NONE, NONE, NONE, NONE, NONE, false}
#define OPEN_FILE(action) {action, 0, NONE, NONE, NONE, NONE, false}

static const struct traced_call CALLS[] = {
    [SYS_open] = {CALL_OPEN, NONE, 0, 1, NONE, NONE, false},
    [SYS_creat] = PATH(CALL_OPEN, 0),
    [SYS_openat] = AT(CALL_OPEN, 2),
    [SYS_openat2] = AT(CALL_OPEN, NONE),
    [SYS_open_by_handle_at] = NO_PATH(CALL_OPEN_HANDLE),
    [SYS_stat] = PATH(CALL_STAT, 0),
    [SYS_lstat] = LINK_PATH(CALL_STAT, 0),
    [SYS_newfstatat] = AT(CALL_STAT, 3),
    [SYS_statx] = AT(CALL_STATX, 2),
    [SYS_access] = PATH(CALL_LOOK, 0),
    [SYS_faccessat] = AT(CALL_LOOK, NONE),
    [SYS_faccessat2] = AT(CALL_LOOK, 3),
    [SYS_chdir] = PATH(CALL_LOOK, 0),
    [SYS_getxattr] = PATH(CALL_LOOK, 0),
    [SYS_lgetxattr] = LINK_PATH(CALL_LOOK, 0),
    [SYS_listxattr] = PATH(CALL_LOOK, 0),
    [SYS_llistxattr] = LINK_PATH(CALL_LOOK, 0),
    [SYS_getxattrat] = AT(CALL_LOOK, 2),
    [SYS_listxattrat] = AT(CALL_LOOK, 2),
    [SYS_name_to_handle_at] = LINK_AT(CALL_LOOK),
    [SYS_inotify_add_watch] = PATH(CALL_LOOK, 1),
    [SYS_open_tree] = AT(CALL_LOOK, 2),
    [SYS_readlink] = LINK_PATH(CALL_READ_LINK, 0),
    [SYS_readlinkat] = LINK_AT(CALL_READ_LINK),
    [SYS_execve] = PATH(CALL_EXECUTE, 0),
    [SYS_execveat] = AT(CALL_EXECUTE, 4),
    [SYS_getdents] = OPEN_FILE(CALL_ENTRIES),
    [SYS_getdents64] = OPEN_FILE(CALL_ENTRIES),
    [SYS_mkdir] = LINK_PATH(CALL_MAKE, 0),
    [SYS_mkdirat] = LINK_AT(CALL_MAKE),
    [SYS_mknod] = LINK_PATH(CALL_MAKE, 0),
    [SYS_mknodat] = LINK_AT(CALL_MAKE),
    [SYS_symlink] = LINK_PATH(CALL_MAKE, 1),
    [SYS_symlinkat] = {CALL_MAKE, 1, 2, NONE, NONE, NONE, true},
    [SYS_rmdir] = LINK_PATH(CALL_REMOVE, 0),
    [SYS_unlink] = LINK_PATH(CALL_REMOVE, 0),
    [SYS_unlinkat] = LINK_AT(CALL_REMOVE),
    [SYS_rename] = {CALL_RENAME, NONE, 0, NONE, NONE, 1, true},
    [SYS_renameat] = {CALL_RENAME, 0, 1, NONE, 2, 3, true},
    [SYS_renameat2] = {CALL_RENAME, 0, 1, NONE, 2, 3, true},
    [SYS_link] = {CALL_LINK, NONE, 0, NONE, NONE, 1, true},
    [SYS_linkat] = {CALL_LINK, 0, 1, NONE, 2, 3, true},
    [SYS_truncate] = PATH(CALL_CHANGE, 0),
    [SYS_chmod] = PATH(CALL_CHANGE, 0),
    [SYS_fchmodat] = AT(CALL_CHANGE, NONE),
    [SYS_fchmodat2] = AT(CALL_CHANGE, 3),
    [SYS_chown] = PATH(CALL_CHANGE, 0),
    [SYS_lchown] = LINK_PATH(CALL_CHANGE, 0),
    [SYS_fchownat] = AT(CALL_CHANGE, 4),
    [SYS_utime] = PATH(CALL_CHANGE, 0),
    [SYS_utimes] = PATH(CALL_CHANGE, 0),
    [SYS_futimesat] = AT(CALL_CHANGE, NONE),
    [SYS_utimensat] = AT(CALL_CHANGE, 3),
    [SYS_setxattr] = PATH(CALL_CHANGE, 0),
    [SYS_lsetxattr] = LINK_PATH(CALL_CHANGE, 0),
    [SYS_removexattr] = PATH(CALL_CHANGE, 0),
    [SYS_lremovexattr] = LINK_PATH(CALL_CHANGE, 0),
    [SYS_setxattrat] = AT(CALL_CHANGE, 2),
    [SYS_removexattrat] = AT(CALL_CHANGE, 2),
    [SYS_fchmod] = OPEN_FILE(CALL_CHANGE_OPEN),
    [SYS_fchown] = OPEN_FILE(CALL_CHANGE_OPEN),
    [SYS_fsetxattr] = OPEN_FILE(CALL_CHANGE_OPEN),
    [SYS_fremovexattr] = OPEN_FILE(CALL_CHANGE_OPEN),
    [SYS_clone] = NO_PATH(CALL_MAKE_PROCESS),
    [SYS_clone3] = NO_PATH(CALL_MAKE_PROCESS),
    [SYS_chroot] = NO_PATH(CALL_NAME_SPACE),
    [SYS_pivot_root] = NO_PATH(CALL_NAME_SPACE),
    [SYS_mount] = NO_PATH(CALL_NAME_SPACE),
    [SYS_umount2] = NO_PATH(CALL_NAME_SPACE),
    [SYS_move_mount] = NO_PATH(CALL_NAME_SPACE),
    [SYS_unshare] = NO_PATH(CALL_NAME_SPACE),
    [SYS_setns] = NO_PATH(CALL_NAME_SPACE),
    [SYS_recvmsg] = NO_PATH(CALL_RECEIVE),
    [SYS_io_uring_setup] = NO_PATH(CALL_RING),
};

const struct traced_call *find_traced_call(uint64_t number)
{
    if (number >= sizeof(CALLS) / sizeof(CALLS[0]) || CALLS[number].action == CALL_OTHER)
        return NULL;
    return &CALLS[number];
}
