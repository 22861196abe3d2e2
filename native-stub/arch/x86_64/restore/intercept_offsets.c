// SPDX-License-Identifier: Apache-2.0
#include "restore/intercept_offsets.h"

#include "restore/abi.h"
#include "restore/intercept.h"
#include "restore/syscall.h"

_Static_assert(INTERCEPT_NR_IOCTL == NR_ioctl && INTERCEPT_NR_MREMAP == NR_mremap && INTERCEPT_NR_MADVISE == NR_madvise &&
                   INTERCEPT_NR_PRCTL == NR_prctl && INTERCEPT_NR_MBIND == NR_mbind &&
                   INTERCEPT_NR_PKEY_MPROTECT == NR_pkey_mprotect && INTERCEPT_NR_PROCESS_MADVISE == NR_process_madvise &&
                   INTERCEPT_NR_PIVOT_ROOT == NR_pivot_root && INTERCEPT_NR_CHROOT == NR_chroot &&
                   INTERCEPT_NR_MOUNT == NR_mount && INTERCEPT_NR_UMOUNT2 == NR_umount2 &&
                   INTERCEPT_NR_UNSHARE == NR_unshare && INTERCEPT_NR_SETNS == NR_setns &&
                   INTERCEPT_NR_SECCOMP == NR_seccomp && INTERCEPT_NR_MOVE_MOUNT == NR_move_mount &&
                   INTERCEPT_NR_LANDLOCK_RESTRICT_SELF == NR_landlock_restrict_self,
               "numbers of system calls");
_Static_assert(INTERCEPT_PR_SET_VMA == ABI_PR_SET_VMA && INTERCEPT_PR_SET_SECCOMP == ABI_PR_SET_SECCOMP &&
                   INTERCEPT_PR_SET_PTRACER == ABI_PR_SET_PTRACER,
               "PR_*");
_Static_assert(INTERCEPT_TIOCGWINSZ == ABI_TIOCGWINSZ, "TIOCGWINSZ");
_Static_assert(sizeof(struct intercept_registers) == INTERCEPT_REGISTERS_BYTES, "what is pushed");
_Static_assert(offsetof(struct intercept_registers, ax) == 0 && offsetof(struct intercept_registers, bp) == 64 &&
                   offsetof(struct intercept_registers, flags) == 72,
               "the order of pushing");

/* Every number of the format's list is compared with in intercept.S, and no other. */
#define INTERCEPT_KNOWN(number)                                                                              \
    _Static_assert((number) == NR_ioctl || (number) == NR_mremap || (number) == NR_madvise ||                \
                       (number) == NR_prctl || (number) == NR_mbind || (number) == NR_pkey_mprotect ||       \
                       (number) == NR_process_madvise || (number) == NR_pivot_root || (number) == NR_chroot || \
                       (number) == NR_mount || (number) == NR_umount2 || (number) == NR_unshare ||           \
                       (number) == NR_setns || (number) == NR_seccomp || (number) == NR_move_mount ||        \
                       (number) == NR_landlock_restrict_self,                                                \
                   "intercept.S does not know call " #number);
IMAGE_INTERCEPTED_CALLS(INTERCEPT_KNOWN)

#define INTERCEPT_COUNT(number) +1
_Static_assert(IMAGE_INTERCEPTED_CALLS(INTERCEPT_COUNT) <= 16, "a detour's jrcxz reaches over 15 comparisons");
