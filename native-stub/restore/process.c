// SPDX-License-Identifier: Apache-2.0
/* What belongs to the process as a whole. It is done while there is one thread: registering for membarrier is cheap
 * then, and new threads inherit name, personality and no_new_privs. */
#include "restore/stub.h"

#define LAST_SIGNAL 64
#define MEMBARRIER_COMMANDS 32

void process_set_personality(struct stub_state *state)
{
    const uint32_t while_mapping = ABI_READ_IMPLIES_EXEC | ABI_MMAP_PAGE_ZERO;

    /* READ_IMPLIES_EXEC, the launch's or the program's, would make readable pages executable. */
    sys_personality(state->plan->personality & ~while_mapping);
}

/* What /proc shows of this process, and brk. Every kernel may refuse it (CONFIG_CHECKPOINT_RESTORE, newer
 * restrictions): then ps shows nothing, and brk fails in a way that malloc copes with. */
static void set_memory_map(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct stub_launch *launch = &state->launch;
    struct abi_mm_map map = {
        .start_code = plan->start_code, .end_code = plan->end_code,
        .start_data = plan->start_data, .end_data = plan->end_data,
        .start_brk = plan->start_brk, .brk = plan->brk, .start_stack = plan->start_stack,
        .arg_start = launch->arg_start, .arg_end = launch->arg_end,
        .env_start = launch->env_start, .env_end = launch->env_end,
        .auxv = STUB_ADDRESS(plan_at(plan, plan->auxv.offset)),
        .auxv_size = (uint32_t)(plan->auxv.count * 2 * sizeof(uint64_t)),
        .exe_fd = UINT32_MAX,
    };

    if (launch->arg_start == 0) /* zero is no valid address: an empty range in the plan */
        map.arg_start = map.arg_end = STUB_ADDRESS(plan);
    if (launch->env_start == 0)
        map.env_start = map.env_end = STUB_ADDRESS(plan);
    if (!is_error(sys_prctl(ABI_PR_SET_MM, ABI_PR_SET_MM_MAP, STUB_ADDRESS(&map), sizeof(map), 0)))
        return;
    map.auxv = 0; /* another kernel's may be longer than this one stores */
    map.auxv_size = 0;
    sys_prctl(ABI_PR_SET_MM, ABI_PR_SET_MM_MAP, STUB_ADDRESS(&map), sizeof(map), 0);
}

static void change_directory(struct stub_state *state)
{
    const char *path;
    int64_t result;

    if (state->plan->working_directory == 0)
        return;
    path = plan_string(state->plan, state->plan->working_directory);
    result = sys_chdir(path);
    if (is_error(result))
        stub_warn(state, "the program's working directory %s: %e; it stays in that of this launch", path, result);
}

/* What nohup(1) and a shell's background jobs tell a program by ignoring these holds for a launch as well, unless the
 * program has decided otherwise. */
static bool is_told_to_ignore(uint32_t signal)
{
    struct abi_sigaction now = {.handler = 0};

    if (signal != ABI_SIGHUP && signal != ABI_SIGINT && signal != ABI_SIGQUIT)
        return false;
    return !is_error(sys_get_sigaction(signal, &now)) && now.handler == ABI_SIG_IGN;
}

/* Exec leaves handlers behind but not SIG_IGN, so every signal is set. */
static void set_signal_actions(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct abi_sigaction by_default = {.handler = 0};
    uint64_t done = 0;

    for_each_record(planned, image_signal_action, plan, plan->actions) {
        struct abi_sigaction action = {.handler = planned->handler, .flags = planned->flags,
                                       .restorer = planned->restorer, .mask = planned->mask};
        int64_t result = sys_sigaction((uint32_t)planned->signal, &action);

        if (is_error(result))
            stub_fail(state, "setting the action of signal %u: %e", planned->signal, result);
        done |= UINT64_C(1) << (planned->signal - 1);
    }
    for (uint32_t signal = 1; signal <= LAST_SIGNAL; signal++) {
        if (signal != ABI_SIGKILL && signal != ABI_SIGSTOP && (done >> (signal - 1) & 1) == 0 && !is_told_to_ignore(signal))
            sys_sigaction(signal, &by_default);
    }
}

/* A command that this kernel does not know fails later, where the program asks for it. */
static void register_membarrier(const struct image_plan *plan)
{
    for (uint32_t bit = 0; bit < MEMBARRIER_COMMANDS; bit++) {
        if ((plan->membarrier >> bit & 1) != 0)
            sys_membarrier(UINT32_C(1) << bit);
    }
}

/* Bits but the first are conditions that kernels before 6.18 do not know: without them it is done for all memory. */
static void disable_huge_pages(uint32_t disabled)
{
    if (is_error(sys_prctl(ABI_PR_SET_THP_DISABLE, 1, disabled & ~1u, 0, 0)))
        sys_prctl(ABI_PR_SET_THP_DISABLE, 1, 0, 0, 0);
}

static void set_attributes(const struct image_plan *plan)
{
    const struct image_thread *leader = plan_at(plan, plan->threads.offset);

    sys_prctl(ABI_PR_SET_NAME, STUB_ADDRESS(leader->name), 0, 0, 0);
    if (plan->thp_disable != 0)
        disable_huge_pages(plan->thp_disable);
    if (plan->child_subreaper != 0)
        sys_prctl(ABI_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    if (plan->no_new_privs != 0)
        sys_prctl(ABI_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (plan->dumpable != 1) /* exec has set 1, unless this launch has more rights than its user: then that stays */
        sys_prctl(ABI_PR_SET_DUMPABLE, 0, 0, 0, 0);
}

void process_restore(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;

    set_memory_map(state);
    if ((plan->personality & (ABI_READ_IMPLIES_EXEC | ABI_MMAP_PAGE_ZERO)) != 0)
        sys_personality(plan->personality);
    if (plan->umask != IMAGE_UMASK_OF_LAUNCH)
        sys_umask(plan->umask);
    change_directory(state);
    set_signal_actions(state);
    register_membarrier(plan);
    set_attributes(plan);
}

/* All signals are blocked in all threads, so they wait for the masks of the frames. */
void process_queue_signals(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct image_posix_timer *timers = plan_at(plan, plan->posix_timers.offset);

    for_each_record(pending, image_pending_signal, plan, plan->pending) {
        const struct image_posix_timer *timer = pending->timer == 0 ? NULL : &timers[pending->timer - 1];
        int64_t result;

        if (timer != NULL && posix_timer_fire(state, timer))
            continue;
        if (timer != NULL && timer->thread != IMAGE_NO_THREAD)
            result = sys_queue_thread_signal(state->pid, state->tids[timer->thread], pending->signal, pending->info);
        else
            result = sys_queue_process_signal(state->pid, pending->signal, pending->info);

        if (is_error(result))
            stub_fail(state, "queueing signal %u again: %e", (uint64_t)pending->signal, result);
    }
}

/* A timer that the program had not set stays as the launch has it, such as an alarm() before exec. */
void process_start_timers(struct stub_state *state)
{
    const uint64_t million = 1000000;

    for (uint32_t which = 0; which < 3; which++) {
        uint64_t interval = state->plan->itimer_us[2 * which];
        uint64_t remaining = state->plan->itimer_us[2 * which + 1];
        uint64_t value[4] = {interval / million, interval % million, remaining / million, remaining % million};

        if (remaining != 0)
            sys_setitimer(which, value);
    }
}
