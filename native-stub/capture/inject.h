/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System calls made by a thread of the program on the engine's behalf.
 *
 * Rule: kill -9 of the engine at any moment must leave the program unharmed. When a tracer dies, the kernel lets its
 * threads go on with whatever registers they have. So a borrowed thread never has registers that it could not go on
 * with: it stands at a `syscall; ret` of the program's own code, and its stack pointer at the address of the program's
 * rt_sigreturn call, followed by a signal frame with its own registers, mask and vector state. Left alone, it makes
 * one harmless call more and resumes what it did, a broken-off call made again.
 *
 * The frame stands in a mapping of its own (the scratch), because memory below a stack pointer is not free in every
 * language. That mapping is made, and given back, by one call whose frame lies on a borrowed place of an existing stack:
 * unused zero bytes at the low end of [stack] if there are any, else the bytes below the red zone of a thread, else zero
 * bytes of other memory.
 *
 * A program without such code (no `syscall; ret`, or no rt_sigreturn call, as in a small static program that handles no
 * signals) gets it, in zero bytes that fill up the last page of its vdso or other code; bytes that nobody runs harm
 * nobody when they stay behind. Where there is no such place either, injection is plain: then, and only then, is there a
 * window of some microseconds per call in which a kill -9 of the engine harms the program.
 */
#ifndef UNDUMP_CAPTURE_INJECT_H
#define UNDUMP_CAPTURE_INJECT_H

#include "capture_arch.h"
#include "state.h"

#define LEAST_ARGUMENTS 512 /* bytes that a call's arguments may always use */
#define ALL_SIGNALS (~UINT64_C(0))

struct borrowed_place {
    uint64_t address; /* 64-byte aligned; 0: none */
    uint64_t size;
    uint8_t *bytes;   /* what was there */
    struct thread *thread;
};

struct injector {
    struct capture *capture;
    struct gadgets gadgets;
    uint64_t code;         /* address of CODE_BYTES that were written behind the program's code; 0: none */
    size_t frame_size;
    uint64_t scratch;      /* address of the scratch in the program; 0: none */
    uint64_t scratch_size;
    uint64_t arguments;    /* address of memory for the arguments of calls */
    uint64_t arguments_size; /* bytes, at least LEAST_ARGUMENTS */
    struct borrowed_place place;
    struct thread *thread; /* borrowed at the moment */
    uint64_t stack;        /* its stack pointer meanwhile */
};

/* Finds code and place and makes the scratch, with arguments_size bytes for arguments if the program's limits allow.
 * Returns 0, or -errno with a line; injector_close() in either case. */
int injector_open(struct injector *injector, struct capture *capture, uint64_t arguments_size);

/* Borrows a thread, makes calls with it, gives it back. A call's result, also a negative errno of the program's kernel
 * call, goes to ret_result. They return 0, or -errno with a line when the thread is gone or out of hand. */
int inject_begin(struct injector *injector, struct thread *thread);
int inject_call(struct injector *injector, int64_t *ret_result, long number, const uint64_t arguments[6]);
int inject_end(struct injector *injector);

/* Whether calls are made in the way that a kill -9 of the engine does not harm, told above. */
bool survivable(const struct injector *injector);

/* Writes one more frame of the same kind at an address of the program (64-byte aligned, frame_size bytes): whoever
 * returns from a call with the stack pointer in ret_stack goes on with registers and mask, and with the vector state of
 * thread. Returns 0 or -errno. */
int inject_frame(struct injector *injector, const struct thread *thread, uint64_t address,
                 const struct user_regs_struct *registers, uint64_t mask, uint64_t *ret_stack);

/* inject_call with a stack pointer that leads into such a frame. The thread or process that the call makes goes to
 * ret_child, as seen from here, when it is traced; may be NULL. */
int inject_call_from(struct injector *injector, uint64_t stack, int64_t *ret_result, pid_t *ret_child, long number,
                     const uint64_t arguments[6]);

/* Reads what a call has left in the scratch. Returns 0 or -errno. */
int inject_read(struct injector *injector, size_t offset, void *ret, size_t size);

/* Gives everything back. */
void injector_close(struct injector *injector);

#endif
