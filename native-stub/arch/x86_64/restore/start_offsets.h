/* SPDX-License-Identifier: Apache-2.0 */
/* Offsets that start.S uses; start_offsets.c holds them against the structs. */
#ifndef UNDUMP_STUB_START_OFFSETS_H
#define UNDUMP_STUB_START_OFFSETS_H

#define STUB_STACK_BYTES 16384
#define STUB_SIGRETURN_RSP 8 /* bytes from the frame's start: where a handler's return address would have been popped */
#define STUB_NR_CLONE 56
#define STUB_NR_RT_SIGRETURN 15

/* struct image_resume_call */
#define STUB_CALL_RETURN_ADDRESS 0
#define STUB_CALL_RDI 8
#define STUB_CALL_RSI 16
#define STUB_CALL_RDX 24
#define STUB_CALL_R10 32
#define STUB_CALL_R8 40
#define STUB_CALL_R9 48
#define STUB_CALL_RBX 56

#endif
