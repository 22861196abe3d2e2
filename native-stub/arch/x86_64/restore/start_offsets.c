// SPDX-License-Identifier: Apache-2.0
#include "restore/start_offsets.h"

#include "image_format.h"

#define ASSERT_CALL_OFFSET(field, number) \
    _Static_assert(offsetof(struct image_resume_call, field) == (number), "offset of " #field)

ASSERT_CALL_OFFSET(return_address, STUB_CALL_RETURN_ADDRESS);
ASSERT_CALL_OFFSET(rdi, STUB_CALL_RDI);
ASSERT_CALL_OFFSET(rsi, STUB_CALL_RSI);
ASSERT_CALL_OFFSET(rdx, STUB_CALL_RDX);
ASSERT_CALL_OFFSET(r10, STUB_CALL_R10);
ASSERT_CALL_OFFSET(r8, STUB_CALL_R8);
ASSERT_CALL_OFFSET(r9, STUB_CALL_R9);
ASSERT_CALL_OFFSET(rbx, STUB_CALL_RBX);
_Static_assert(offsetof(struct image_signal_frame, uc_flags) == STUB_SIGRETURN_RSP, "sigreturn finds the ucontext at rsp");
