/* SPDX-License-Identifier: Apache-2.0 */
/* What the capture engine needs to know about x86-64. */
#ifndef UNDUMP_CAPTURE_ARCH_H
#define UNDUMP_CAPTURE_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "capture/buffer.h"
#include "checkpoint_format.h"

/* ---- capture_syscall.c ---- */

/* What a stopped thread is in the middle of. */
struct syscall_state {
    bool inside;
    int64_t number; /* -1 unknown */
    int64_t result; /* pending result of the kernel */
};

/* Decides whether registers are those of a system call that was broken off by the stop. Before the stop the thread
 * waited in wait_channel. code holds the code_size bytes in front of rip (at most 7 are looked at). explained: a
 * signal with a handler is pending, so that -EINTR is the program's own to see. */
void decode_syscall(const struct user_regs_struct *registers, const char *wait_channel, const uint8_t *code,
                    size_t code_size, bool explained, struct syscall_state *ret);

/* Makes the call again that registers are in the middle of. */
void wind_back(struct user_regs_struct *registers);

/* Takes the time that a call has waited already from its timeout, when registers hold that and are wound back: else a
 * wait of ten seconds would never end in a program that is captured every five. That register is not the program's any
 * more after the call, by the C calling convention. Timeouts in memory are left alone: they are the program's. */
void shorten_wait(struct user_regs_struct *registers, uint64_t waited_ns);

/* Whether the kernel does that by itself when the thread goes on with these registers. */
bool kernel_restarts(const struct user_regs_struct *registers);

/* Whether it does so by restart_syscall(2), which goes on with what remains of a wait, and not by the call's own number.
 * False when the call that was broken off is restart_syscall already. */
bool kernel_renumbers(const struct user_regs_struct *registers);

/* Has it done by the call's own number, which begins the wait anew. A handler still ends the call with EINTR. */
void keep_number(struct user_regs_struct *registers);

/* And takes that back. */
void allow_renumbering(struct user_regs_struct *registers);

/* Where a call that waits for a span of time, and that the kernel would renumber, has it. */
struct wait_span {
    uint64_t address; /* of a struct timespec; 0: there is none in memory */
    uint64_t rest;    /* of where the kernel writes what remains of it; 0: nowhere */
    int32_t ms;       /* in a register, when positive */
};
struct wait_span find_wait_span(const struct user_regs_struct *registers);
void set_wait_ms(struct user_regs_struct *registers, int32_t ms);

/* ---- capture_gadget.c ---- */

/* A place in the program's code that makes a system call and returns. */
struct gadget {
    uint64_t address;      /* 0: none found */
    uint32_t displacement; /* bytes that it pops in front of the return address */
};

/* Looks through code, mapped at address, for a gadget, a bare syscall instruction, and the sequence that calls
 * rt_sigreturn. Fills only what is found and was zero before. */
struct gadgets {
    struct gadget returning;
    uint64_t bare;     /* syscall with anything behind it */
    uint64_t restorer; /* mov $15,%rax; syscall */
    uint64_t tail;     /* CODE_BYTES of zeros at the end of a mapping of code; filled by code.c */
};
void find_gadgets(const uint8_t *code, size_t size, uint64_t address, struct gadgets *gadgets);

/* Writes such code, to stand at address. */
#define CODE_BYTES 16
void provide_gadgets(uint8_t code[CODE_BYTES], uint64_t address, struct gadgets *ret);

/* ---- capture_sigframe.c ---- */

/* Bytes that build_signal_frame() needs for a thread with this xstate. */
size_t signal_frame_size(size_t xstate_size);

/* Builds at frame, which will stand at address in the program (64-byte aligned), what rt_sigreturn(2) takes to
 * resume registers, mask and xstate, with the return address of the gadget in front. Returns the stack pointer with
 * which to enter the gadget. Alternate stack, FS and GS base stay as they are. */
uint64_t build_signal_frame(uint8_t *frame, uint64_t address, const struct gadgets *gadgets,
                            const struct user_regs_struct *registers, uint64_t mask, const uint8_t *xstate,
                            size_t xstate_size);

/* Where in such a frame, at address, a call's first argument stands, as 8 bytes. */
uint64_t signal_frame_argument(uint64_t address);

/* Registers that make a system call at an address with a stack pointer. */
void set_syscall(struct user_regs_struct *registers, uint64_t address, uint64_t stack, long number,
                 const uint64_t arguments[6]);

/* ---- capture_cpu.c ---- */

/* Describes the processor, but for min_sigstack, which the program's auxv tells. Appends ckpt_cpuid records. */
void describe_cpu(struct ckpt_cpu *ret, struct buffer *cpuid);

#endif
