// SPDX-License-Identifier: Apache-2.0
/*
 * Threads. The leader is the thread that the kernel started; it creates the others, each on a little stack. What a
 * thread can only set for itself it sets, then it waits. When all exist and the new thread ids are written where the
 * program remembers the old ones, all go on, each through its own signal frame.
 */
#include "restore/stub.h"

#define THREAD_FLAGS                                                                                             \
    (ABI_CLONE_VM | ABI_CLONE_FS | ABI_CLONE_FILES | ABI_CLONE_SIGHAND | ABI_CLONE_THREAD | ABI_CLONE_SYSVSEM | \
     ABI_CLONE_SETTLS)
#define RSEQ_CPU_ID 4              /* offset of cpu_id in struct rseq */
#define RSEQ_REGISTRATION_FAILED (-2) /* RSEQ_CPU_ID_REGISTRATION_FAILED: libc then asks the kernel */
#define SCHED_OTHER 0
#define SCHED_FIFO 1
#define SCHED_RR 2
#define SCHED_BATCH 3
#define SCHED_DEADLINE 6
#define NICE_ZERO_PRIORITY 20
#define XSTATE_TAIL 65536 /* bytes readable behind the last block, see allow_long_xstate() */
#define DESK_PLACE (IMAGE_PARK_VDSO + UINT64_C(0x200000)) /* in the slot, see make_desk() */
#define STACK_BYTES UINT64_C(1024) /* of a new thread until it resumes */
#define WAKE_AT_ONCE 2

/* ---- before the point of no return ---- */

/* sigreturn reads as many bytes as this processor's area has when a page of it is missing (fpu__restore_sig), also
 * where the image's is smaller. Every block but the last has another one behind it. */
static void allow_long_xstate(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    uint64_t end = STUB_ADDRESS(plan_at(plan, plan->plan_size + plan->blocks_size));

    if (state->machine.xsave_size > plan->thread_block_size - IMAGE_BLOCK_XSTATE)
        sys_mmap(end, XSTATE_TAIL, ABI_PROT_READ, ABI_MAP_FIXED_NOREPLACE | ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);
}

static void arrange_xstate(struct stub_state *state, const struct image_thread *thread)
{
    const struct stub_machine *machine = &state->machine;
    struct image_thread_block *block = plan_block(state->plan, thread);
    const struct xstate_software *software = (const void *)(block->xstate + XSTATE_SOFTWARE);
    uint64_t room = state->plan->thread_block_size - IMAGE_BLOCK_XSTATE;

    if (!machine->places_moved && software->xstate_size <= machine->xsave_size)
        return;
    if (room > STUB_BUFFER_BYTES ||
        xstate_arrange(block->xstate, room, machine->places, machine->place_count, state->buffer) < 0)
        stub_fail(state, "the registers of thread %u do not fit into its %u bytes on this processor",
                  (uint64_t)thread->old_tid, room);
}

void threads_prepare(struct stub_state *state)
{
    allow_long_xstate(state);
    for_each_record(thread, image_thread, state->plan, state->plan->threads)
        arrange_xstate(state, thread);
}

/* ---- what each thread does for itself ---- */

static void register_rseq(const struct image_thread *thread)
{
    int64_t result = sys_rseq(thread->rseq_address, thread->rseq_size, thread->rseq_signature);

    if (is_error(result) && result != -ABI_EFAULT)
        *(volatile int32_t *)(thread->rseq_address + RSEQ_CPU_ID) = RSEQ_REGISTRATION_FAILED;
}

static void set_scheduling(struct stub_state *state, const struct image_thread *thread)
{
    struct abi_sched_attr wanted = {
        .size = sizeof(wanted), .policy = thread->policy, .flags = thread->policy_flags, .nice = thread->nice,
        .priority = thread->priority, .runtime = thread->runtime_ns, .deadline = thread->deadline_ns,
        .period = thread->period_ns,
    };
    bool is_realtime = wanted.policy == SCHED_FIFO || wanted.policy == SCHED_RR || wanted.policy == SCHED_DEADLINE;
    int64_t result = sys_sched_setattr(&wanted);

    if (!is_error(result))
        return;
    if (!is_realtime) { /* more favourable than this launch may have: a detail lost, the policy is not */
        wanted.nice = (int32_t)(NICE_ZERO_PRIORITY - sys_getpriority());
        sys_sched_setattr(&wanted);
        return;
    }
    if (__atomic_exchange_n(&state->warned_scheduling, 1, __ATOMIC_RELAXED) == 0)
        stub_warn(state, "thread %u had real-time scheduling (policy %u, priority %u), here: %e; going on without",
                  (uint64_t)thread->old_tid, (uint64_t)wanted.policy, (uint64_t)wanted.priority, result);
}

/* A new or woken thread of SCHED_BATCH does not take a processor away, so the leader gets to its first instruction while the
 * others begin elsewhere: a JVM is there in four fifths of the time. They end that as they go on. */
static void begin_as_batch(struct stub_state *state)
{
    struct abi_sched_attr batch;

    if (is_error(sys_sched_getattr(&state->scheduling)) || state->scheduling.policy != SCHED_OTHER) {
        state->scheduling.size = 0;
        return;
    }
    state->scheduling.runtime = 0; /* the slice that it is said to have would become one that was asked for */
    batch = state->scheduling;
    batch.policy = SCHED_BATCH;
    if (is_error(sys_sched_setattr(&batch)))
        state->scheduling.size = 0;
}

static void end_as_batch(const struct stub_state *state)
{
    if (state->scheduling.size != 0)
        sys_sched_setattr(&state->scheduling);
}

/* The kernel leaves out processors that do not exist; when none is left, it refuses, and the launch's stay. */
static void set_affinity(struct stub_state *state, const struct image_thread *thread)
{
    uint64_t found[sizeof(thread->affinity) / sizeof(thread->affinity[0])] = {0};
    int64_t result = sys_set_affinity(thread->affinity, sizeof(thread->affinity));

    if (!is_error(result))
        result = sys_get_affinity(found, sizeof(found));
    if (!is_error(result) && memcmp(found, thread->affinity, sizeof(found)) == 0)
        return;
    if (__atomic_exchange_n(&state->warned_affinity, 1, __ATOMIC_RELAXED) != 0)
        return;
    if (is_error(result))
        stub_warn(state, "none of the processors of thread %u (mask %x) is there: %e; those of this launch stay",
                  (uint64_t)thread->old_tid, thread->affinity[0], result);
    else
        stub_warn(state, "some of the processors of thread %u (mask %x) are not there: it goes on with the others (%x)",
                  (uint64_t)thread->old_tid, thread->affinity[0], found[0]);
}

static void queue_own_signals(struct stub_state *state, const struct image_thread *thread)
{
    int64_t tid = sys_gettid();

    for_each_record(pending, image_pending_signal, state->plan, thread->pending) {
        int64_t result = sys_queue_thread_signal(state->pid, tid, pending->signal, pending->info);

        if (is_error(result))
            stub_fail(state, "queueing signal %u for thread %u again: %e", (uint64_t)pending->signal,
                      (uint64_t)thread->old_tid, result);
    }
}

/* Runs on STACK_BYTES of stack. What new threads have anyway is not set again: thousands of threads come here. */
static void set_up_self(struct stub_state *state, const struct image_thread *thread)
{
    const struct image_thread *leader = plan_at(state->plan, state->plan->threads.offset);

    if (thread->gs_base != 0)
        sys_arch_prctl(ABI_ARCH_SET_GS, thread->gs_base);
    if (thread->robust_list != 0)
        sys_set_robust_list(thread->robust_list, thread->robust_list_size);
    if (thread->rseq_address != 0)
        register_rseq(thread);
    if (memcmp(thread->name, leader->name, sizeof(thread->name)) != 0)
        sys_prctl(ABI_PR_SET_NAME, STUB_ADDRESS(thread->name), 0, 0, 0);
    if (thread->set_affinity != 0)
        set_affinity(state, thread);
    if (thread->set_scheduling != 0) {
        end_as_batch(state);
        set_scheduling(state, thread);
    }
    if (thread->timer_slack_ns != 0)
        sys_prctl(ABI_PR_SET_TIMERSLACK, thread->timer_slack_ns, 0, 0, 0);
    if (thread->parent_death_signal != 0)
        sys_prctl(ABI_PR_SET_PDEATHSIG, thread->parent_death_signal, 0, 0, 0);
    if (thread->pending.count != 0)
        queue_own_signals(state, thread);
}

/* Each thread comes here when it needs the plan no more, the leader last or not. The one that finds itself to be the last
 * of all unmaps it, so that a later capture of this program does not carry it along. */
static void leave_plan(struct stub_state *state)
{
    uint64_t address = STUB_ADDRESS(state->plan);
    uint64_t size = state->plan->plan_size;
    uint64_t count = state->plan->threads.count;
    bool is_filtered = state->plan->filtered != 0; /* filters are set from it, when each thread has left it otherwise */
    uint64_t left = __atomic_add_fetch(&state->arrived, 1, __ATOMIC_ACQ_REL);

    if (left == count && !is_filtered)
        sys_munmap(address, size);
    else if (left == count - 1)
        sys_futex_wake(&state->arrived, 1); /* the leader, if it waits for all others */
}

/* First and last C function of every thread but the leader. Waking 1,000 threads takes a millisecond, so each that was
 * woken wakes the next ones, and the leader goes on. */
_Noreturn void stub_thread_main(const struct image_thread *thread)
{
    struct stub_state *state = &stub;
    struct image_signal_frame *frame = &plan_block(state->plan, thread)->frame;
    bool has_policy = thread->set_scheduling != 0;
    bool is_filtered = state->plan->filtered != 0; /* then the plan stays */

    set_up_self(state, thread);
    rights_take(state, thread);
    leave_plan(state);
    while (__atomic_load_n(&state->go, __ATOMIC_ACQUIRE) == 0) {
        sys_futex_wait(&state->go, 0);
        sys_futex_wake(&state->go, WAKE_AT_ONCE);
    }
    if (!has_policy)
        end_as_batch(state);
    if (is_filtered)
        filters_set(state, thread);
    stub_resume(frame);
}

/* ---- the leader ---- */

/*
 * Memory of the leader's work: the new thread ids, and the threads' first stacks. Their blocks have room for stacks, too,
 * but writing there would copy a page per thread, and four of these share one. The single thread of most programs needs
 * none of it. Returns the address where the stacks begin.
 */
static uint64_t make_desk(struct stub_state *state)
{
    static uint32_t only_tid;
    uint64_t place = state->slot + DESK_PLACE;
    uint64_t count = state->plan->threads.count;
    uint64_t table = (count * sizeof(uint32_t) + STACK_BYTES - 1) / STACK_BYTES * STACK_BYTES;
    int64_t result;

    state->tids = &only_tid;
    if (count == 1)
        return 0;
    result = sys_mmap(place, table + count * STACK_BYTES, ABI_PROT_READ | ABI_PROT_WRITE,
                      ABI_MAP_FIXED_NOREPLACE | ABI_MAP_PRIVATE | ABI_MAP_ANONYMOUS, -1, 0);
    if (is_error(result))
        stub_fail(state, "making room for %u threads: %e", count, result);
    state->tids = (uint32_t *)place;
    return place + table;
}

static int64_t create(const struct image_thread *thread, uint64_t stack_top)
{
    uint64_t flags = THREAD_FLAGS | (thread->clear_child_tid != 0 ? ABI_CLONE_CHILD_CLEARTID : 0);

    return stub_clone(flags, stack_top, thread->clear_child_tid, thread->fs_base, thread);
}

static void create_all(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    uint64_t stack_top = make_desk(state);
    uint32_t index = 0;

    for_each_record(thread, image_thread, plan, plan->threads) {
        int64_t tid = index == 0 ? state->pid : create(thread, stack_top);

        if (is_error(tid))
            stub_fail(state, "creating thread %u, one of %u: %e", (uint64_t)thread->old_tid, plan->threads.count, tid);
        state->tids[index++] = (uint32_t)tid;
        stack_top += STACK_BYTES;
    }
}

/* The leader's own settings come after the others exist, for they would inherit them. */
void threads_create(struct stub_state *state)
{
    const struct image_thread *leader = plan_at(state->plan, state->plan->threads.offset);
    int64_t result;

    if (state->plan->threads.count > 1)
        begin_as_batch(state);
    create_all(state);
    end_as_batch(state);
    result = sys_arch_prctl(ABI_ARCH_SET_FS, leader->fs_base);
    if (is_error(result))
        stub_fail(state, "setting FS base %x of thread %u: %e", leader->fs_base, (uint64_t)leader->old_tid, result);
    sys_set_tid_address(leader->clear_child_tid);
    set_up_self(state, leader);
}

/* May the leader go on while this thread still sets itself up? Not when that could fail, or when the limits that the
 * leader is about to lower matter for it. */
static bool must_be_awaited(const struct image_thread *thread)
{
    return thread->set_scheduling != 0 || thread->set_affinity != 0 || thread->pending.count != 0;
}

void threads_await(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    uint32_t others = (uint32_t)plan->threads.count - 1, arrived;
    bool await = !state->rights_are_common;

    for_each_record(thread, image_thread, plan, plan->threads)
        await |= must_be_awaited(thread);
    while (await && (arrived = __atomic_load_n(&state->arrived, __ATOMIC_ACQUIRE)) != others)
        sys_futex_wait(&state->arrived, arrived);
}

/* Memory that the system shares, such as a System V segment, may hold somebody else's id by now: only the old one is replaced. */
static void patch_int(uint32_t *word, uint32_t keep, uint32_t old, uint32_t tid)
{
    uint32_t now = __atomic_load_n(word, __ATOMIC_RELAXED);

    while ((now & ~keep) == old && !__atomic_compare_exchange_n(word, &now, (now & keep) | tid, false, __ATOMIC_ACQ_REL,
                                                                __ATOMIC_RELAXED))
        ;
}

void threads_patch_ids(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct image_thread *threads = plan_at(plan, plan->threads.offset);

    for_each_record(patch, image_tid_patch, plan, plan->tid_patches) {
        bool group = patch->thread == IMAGE_GROUP_ID;
        uint64_t tid = group ? (uint64_t)sys_getpgrp() : state->tids[patch->thread];

        if (patch->width != sizeof(uint32_t)) {
            volatile uint64_t *word = (volatile uint64_t *)patch->address;
            *word = (*word & patch->keep_mask) | tid;
        } else if (group) {
            *(volatile uint32_t *)patch->address = (uint32_t)tid;
        } else {
            patch_int((uint32_t *)patch->address, (uint32_t)patch->keep_mask, threads[patch->thread].old_tid, (uint32_t)tid);
        }
    }
}

/* The text stays for undump_resume_call, the blocks for what interrupted calls point at. */
_Noreturn void threads_resume(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct image_thread *leader = plan_at(plan, plan->threads.offset);
    struct image_signal_frame *frame = &plan_block(plan, leader)->frame;
    bool is_filtered = plan->filtered != 0;

    rights_take(state, leader);
    sys_close(state->image_fd);
    if (state->report_fd != 2 && state->report_fd != STUB_NO_FD)
        sys_close(state->report_fd);
    __atomic_store_n(&state->go, 1, __ATOMIC_RELEASE);
    if (plan->threads.count > 1)
        sys_futex_wake(&state->go, WAKE_AT_ONCE);
    leave_plan(state);
    if (is_filtered)
        filters_set(state, leader);
    stub_resume(frame);
}
