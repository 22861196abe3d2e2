/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets and numbers that intercept.S uses; intercept_offsets.c holds them against the C side. */
#ifndef UNDUMP_STUB_INTERCEPT_OFFSETS_H
#define UNDUMP_STUB_INTERCEPT_OFFSETS_H

#define INTERCEPT_NR_IOCTL 16
#define INTERCEPT_NR_MREMAP 25
#define INTERCEPT_NR_MADVISE 28
#define INTERCEPT_NR_PRCTL 157
#define INTERCEPT_NR_MBIND 237
#define INTERCEPT_NR_PKEY_MPROTECT 329
#define INTERCEPT_NR_PIVOT_ROOT 155
#define INTERCEPT_NR_CHROOT 161
#define INTERCEPT_NR_MOUNT 165
#define INTERCEPT_NR_UMOUNT2 166
#define INTERCEPT_NR_UNSHARE 272
#define INTERCEPT_NR_SETNS 308
#define INTERCEPT_NR_SECCOMP 317
#define INTERCEPT_NR_MOVE_MOUNT 429
#define INTERCEPT_NR_LANDLOCK_RESTRICT_SELF 446
#define INTERCEPT_NR_PROCESS_MADVISE 440
#define INTERCEPT_UFFDIO_REGISTER 0xc020aa00
#define INTERCEPT_UFFDIO_MOVE 0xc028aa05
#define INTERCEPT_PR_SET_VMA 0x53564d41
#define INTERCEPT_PR_SET_SECCOMP 22
#define INTERCEPT_PR_SET_PTRACER 0x59616d61

#define INTERCEPT_RED_ZONE 128     /* psABI 3.2.2 */
#define INTERCEPT_SYSCALL_BYTES 2  /* 0f 05 */
#define INTERCEPT_REGISTERS_BYTES 80 /* struct intercept_registers */

#define INTERCEPT_PASS 0 /* what intercept_enter() returns: the kernel makes the call */
#define INTERCEPT_DONE 1 /* the result is in the registers */

#endif
