// SPDX-License-Identifier: Apache-2.0
#include "restore/intercept_offsets.h"

#include "restore/abi.h"
#include "restore/intercept.h"
#include "restore/syscall.h"

_Static_assert(INTERCEPT_NR_IOCTL == NR_ioctl && INTERCEPT_NR_MREMAP == NR_mremap && INTERCEPT_NR_MADVISE == NR_madvise &&
                   INTERCEPT_NR_PRCTL == NR_prctl && INTERCEPT_NR_MBIND == NR_mbind &&
                   INTERCEPT_NR_PKEY_MPROTECT == NR_pkey_mprotect && INTERCEPT_NR_PROCESS_MADVISE == NR_process_madvise,
               "numbers of system calls");
_Static_assert(INTERCEPT_PR_SET_VMA == ABI_PR_SET_VMA, "PR_SET_VMA");
_Static_assert(sizeof(struct intercept_registers) == INTERCEPT_REGISTERS_BYTES, "what is pushed");
_Static_assert(offsetof(struct intercept_registers, ax) == 0 && offsetof(struct intercept_registers, bp) == 64 &&
                   offsetof(struct intercept_registers, flags) == 72,
               "the order of pushing");

/* Every number of the format's list is compared with in intercept.S, and no other. */
#define INTERCEPT_KNOWN(number)                                                                              \
    _Static_assert((number) == NR_ioctl || (number) == NR_mremap || (number) == NR_madvise ||                \
                       (number) == NR_prctl || (number) == NR_mbind || (number) == NR_pkey_mprotect ||       \
                       (number) == NR_process_madvise,                                                       \
                   "intercept.S does not know call " #number);
IMAGE_INTERCEPTED_CALLS(INTERCEPT_KNOWN)
