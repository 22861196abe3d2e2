// SPDX-License-Identifier: Apache-2.0
/*
 * The launch's terminal gets the modes that the program worked with. A job in the background stops until its shell gives it
 * the terminal (SIGTTOU), as one that sets modes does; also a program that ignores the signal, as shells do, for it was in
 * the foreground. When the terminal has another size than the program knows of, or
 * shows nothing yet of what the program has drawn, it is told so as after a change of the size.
 */
#include "restore/stub.h"

#include "restore/terminal_redraw.h"

#define SIGNALS 64
#define SIGNAL_BIT(signal) (UINT64_C(1) << ((signal) - 1))
#define STOPS_NOBODY \
    (SIGNAL_BIT(ABI_SIGCHLD) | SIGNAL_BIT(ABI_SIGCONT) | SIGNAL_BIT(ABI_SIGURG) | SIGNAL_BIT(ABI_SIGWINCH))

static bool is_ignored(uint32_t signal)
{
    struct abi_sigaction now;

    return !is_error(sys_get_sigaction(signal, &now)) && now.handler == ABI_SIG_IGN;
}

/* Does a signal wait that the program would take now, such as the shell's SIGTERM? */
static bool is_wanted(uint64_t program_mask)
{
    uint64_t pending = sys_pending_signals() & ~program_mask & ~STOPS_NOBODY;

    for (uint32_t signal = 1; signal <= SIGNALS; signal++) {
        if ((pending & SIGNAL_BIT(signal)) != 0 && !is_ignored(signal))
            return true;
    }
    return false;
}

static bool is_in_background(int fd)
{
    int32_t foreground;

    /* ENOTTY: not the controlling terminal, where everybody is in the foreground */
    return !is_error(sys_ioctl(fd, ABI_TIOCGPGRP, &foreground)) && foreground != sys_getpgrp();
}

/* Stops this job as the kernel does with one that sets modes from the background. Returns whether somebody continued it;
 * not, when nobody could: an orphaned process group is never stopped. */
static bool stop_job(void)
{
    const uint64_t blocked = ~UINT64_C(0), open = ~SIGNAL_BIT(ABI_SIGTTOU), continued = SIGNAL_BIT(ABI_SIGCONT);

    sys_kill(0, ABI_SIGTTOU);
    sys_set_signal_mask(&open); /* here it stands */
    sys_set_signal_mask(&blocked);
    return sys_take_pending_signal(&continued) == ABI_SIGCONT;
}

/* Waits for the foreground. Returns false when the program has to go on without: it is ended, or nobody will call it there. */
static bool await_foreground(struct stub_state *state, int fd, uint64_t program_mask)
{
    const struct abi_sigaction by_default = {.handler = 0};
    struct abi_sigaction programs;
    bool foreground = true, continued = false;

    if (!is_in_background(fd))
        return true;
    sys_get_sigaction(ABI_SIGTTOU, &programs);
    sys_sigaction(ABI_SIGTTOU, &by_default);
    while (foreground && is_in_background(fd)) {
        foreground = !is_wanted(program_mask) && stop_job();
        continued |= foreground;
    }
    sys_sigaction(ABI_SIGTTOU, &programs);
    if (continued) /* was for the program, too */
        sys_kill(state->pid, ABI_SIGCONT);
    return foreground;
}

static struct abi_termios changed(const struct abi_termios *now, const struct image_terminal *wanted)
{
    struct abi_termios next = *now;

    next.input = (now->input & ~wanted->input_mask) | (wanted->input_flags & wanted->input_mask);
    next.output = (now->output & ~wanted->output_mask) | (wanted->output_flags & wanted->output_mask);
    next.local = (now->local & ~wanted->local_mask) | (wanted->local_flags & wanted->local_mask);
    if (wanted->set_characters != 0) {
        next.line = wanted->line;
        memcpy(next.characters, wanted->characters, sizeof(next.characters));
    }
    return next;
}

/* The first thread that takes the signal; the kernel asks the main thread first, too (kernel/signal.c, complete_signal()). */
static const struct image_thread *receiver(const struct image_plan *plan)
{
    for_each_record(thread, image_thread, plan, plan->threads) {
        if ((plan_block(plan, thread)->frame.uc_sigmask & SIGNAL_BIT(ABI_SIGWINCH)) == 0)
            return thread;
    }
    return NULL;
}

/* As when a signal meets a thread in its call: the handler runs, and the call is over. */
static void interrupt_call(const struct image_plan *plan, const struct image_thread *thread)
{
    struct image_thread_block *block = plan_block(plan, thread);
    struct image_signal_frame *frame = &block->frame;
    const struct image_resume_call *call = &block->call;

    if (frame->rip == STUB_ADDRESS(undump_resume_call)) {
        frame->rdi = call->rdi;
        frame->rsi = call->rsi;
        frame->rdx = call->rdx;
        frame->r10 = call->r10;
        frame->r8 = call->r8;
        frame->r9 = call->r9;
        frame->rbx = call->rbx;
    }
    frame->rip = thread->interrupted_rip;
    frame->rax = (uint64_t)-ABI_EINTR;
}

static void send_size_signal(struct stub_state *state)
{
    const struct image_plan *plan = state->plan;
    const struct image_thread *first = plan_at(plan, plan->threads.offset), *thread = receiver(plan);

    if (thread == NULL) { /* taken by sigwait, or from a signalfd */
        sys_kill(state->pid, ABI_SIGWINCH);
        return;
    }
    if (thread->interrupted_rip != 0)
        interrupt_call(plan, thread);
    sys_tgkill(state->pid, state->tids[thread - first], ABI_SIGWINCH);
}

/* The size is told last: by then the program may be waiting for the foreground, where windows change. */
static void tell_size(struct stub_state *state, int fd, const struct image_terminal *wanted)
{
    struct abi_winsize size = {.rows = wanted->rows, .columns = wanted->columns};
    bool same;

    sys_ioctl(fd, ABI_TIOCGWINSZ, &size);
    same = size.rows == wanted->rows && size.columns == wanted->columns;
    if (same && wanted->redraw != 0)
        terminal_redraw_prepare((uint32_t)state->pid);
    if (!same || wanted->redraw != 0)
        send_size_signal(state);
}

static void set_up(struct stub_state *state, int fd, const struct abi_termios *now, const struct image_terminal *wanted)
{
    const struct image_plan *plan = state->plan;
    uint64_t program_mask = plan_block(plan, plan_at(plan, plan->threads.offset))->frame.uc_sigmask;
    struct abi_termios next = changed(now, wanted);

    if (memcmp(&next, now, sizeof(next)) != 0 && await_foreground(state, fd, program_mask)) {
        struct abi_termios here = *now;

        sys_ioctl(fd, ABI_TCGETS, &here); /* the shell may have changed them while the job stood */
        next = changed(&here, wanted);
        sys_ioctl(fd, ABI_TCSETS, &next);
    }
    tell_size(state, fd, wanted);
}

void terminal_restore(struct stub_state *state)
{
    for_each_record(op, image_file_op, state->plan, state->plan->file_ops) {
        struct image_terminal wanted;
        struct abi_termios now;

        if (op->kind != IMAGE_FILE_TERMINAL_MODES || is_error(sys_ioctl(op->fd, ABI_TCGETS, &now)))
            continue;
        memcpy(&wanted, plan_at(state->plan, op->path), sizeof(wanted));
        set_up(state, op->fd, &now, &wanted);
        return;
    }
}
