/* SPDX-License-Identifier: Apache-2.0 */
/* Locks on files: flock(2), fcntl(2) of processes (POSIX) and of open file descriptions (OFD). fdinfo tells those that were
 * taken through a descriptor (fs/locks.c, show_fd_locks). */
#ifndef UNDUMP_CAPTURE_FILE_LOCKS_H
#define UNDUMP_CAPTURE_FILE_LOCKS_H

#include "descriptors.h"

/* Notes the locks of one open file, of kind CKPT_FILE_*, for the launch. Returns 0, or -ENOTSUP with a line for what it cannot take again. */
int describe_locks(struct capture *capture, const struct open_file *file, uint32_t file_kind);

/* ---- file_lock_text.c ---- */

/* Takes the text behind "lock:" of a line of fdinfo. Returns 0, -ENOTSUP for a lease or the like, or -EINVAL. */
int parse_lock(const char *text, struct ckpt_file_lock *ret);

#endif
