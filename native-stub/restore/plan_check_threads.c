// SPDX-License-Identifier: Apache-2.0
/* The plan's threads, their blocks and the signals that wait. See plan_check.c. */
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan_check.h"
#include "restore/xstate.h"

#define IMAGE_RSEQ_BYTES 32  /* ORIG_RSEQ_SIZE, kernel/rseq.c; also the least alignment */

static int check_pending(struct plan_checker *checker, struct image_table pending, const char *where, uint64_t owner)
{
    int error = check_table(checker, where, pending, sizeof(struct image_pending_signal));

    if (error < 0)
        return error;
    for_each_record(signal, image_pending_signal, checker->plan, pending) {
        if (signal->signal < 1 || signal->signal > 64)
            return check_fault(checker, where, owner, "signal");
        if (!good_timer_of_signal(checker, signal))
            return check_fault(checker, where, owner, "timer");
    }
    return 0;
}

static const char *frame_problem(const struct plan_checker *checker, const struct image_thread_block *block)
{
    uint64_t room = checker->plan->thread_block_size - IMAGE_BLOCK_XSTATE;

    if (block->frame.cs != IMAGE_FRAME_CS || block->frame.ss != IMAGE_FRAME_SS)
        return "segment";
    if (block->frame.rip >= IMAGE_ADDRESS_LIMIT || block->frame.rsp >= IMAGE_ADDRESS_LIMIT)
        return "program address";
    if (block->frame.fpstate != (uint64_t)(uintptr_t)block->xstate)
        return "fpstate";
    return xstate_is_sound(block->xstate, room, checker->plan->xcr0) ? NULL : "xstate";
}

/* What the kernel, and the stub for it, writes to by itself. Addresses of zero are none. */
static const char *kernel_word_problem(const struct plan_checker *checker, const struct image_thread *thread)
{
    if (thread->clear_child_tid != 0 && !check_bytes(checker, thread->clear_child_tid, sizeof(uint32_t)))
        return "clear_child_tid";
    if (thread->rseq_address == 0)
        return NULL;
    if (thread->rseq_size < IMAGE_RSEQ_BYTES || thread->rseq_address % IMAGE_RSEQ_BYTES != 0 ||
        !check_bytes(checker, thread->rseq_address, thread->rseq_size))
        return "rseq_address";
    return NULL;
}

int check_threads(struct plan_checker *checker)
{
    const struct image_plan *plan = checker->plan;
    uint64_t blocks_end = plan->plan_size + plan->blocks_size;
    uint64_t next_block = plan->plan_size; /* blocks stand in the order of the threads, so no two share one */
    uint64_t index = 0;
    int error = check_table(checker, "thread", plan->threads, sizeof(struct image_thread));

    if (error < 0)
        return error;
    for_each_record(thread, image_thread, plan, plan->threads) {
        const char *problem;

        if (thread->block < next_block || thread->block > blocks_end || thread->block % STUB_PAGE != 0 ||
            plan->thread_block_size > blocks_end - thread->block)
            return check_fault(checker, "thread", index, "block");
        problem = frame_problem(checker, plan_block(plan, thread));
        if (problem == NULL && thread->interrupted_rip >= IMAGE_ADDRESS_LIMIT)
            problem = "interrupted_rip";
        if (problem == NULL)
            problem = kernel_word_problem(checker, thread);
        if (problem != NULL)
            return check_fault(checker, "thread", index, problem);
        error = check_pending(checker, thread->pending, "pending signal of thread", index);
        if (error == 0)
            error = check_rights(checker, thread, index);
        if (error < 0)
            return error;
        next_block = thread->block + plan->thread_block_size;
        index++;
    }
    return check_pending(checker, plan->pending, "pending signal", 0);
}
