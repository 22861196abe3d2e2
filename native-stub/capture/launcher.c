/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Running a program so that a signal captures it.
 *
 * ckpt is the program's parent and the tracer of all its threads: the kernel gives a signal for the process to any
 * thread that can take it. A thread stops for a moment when it makes another one, when it begins, and when it gets a
 * signal; else the program runs at full speed. The signal that asks for a checkpoint and came from kill(2) is taken, all
 * others go on unchanged. Child processes are not traced, unless the files that they look at are listed (follower.h).
 *
 * ckpt and the program share a process group, so the terminal's signals reach both. Those are left to the program;
 * signals sent to ckpt alone are passed on. When the program is stopped from the terminal, ckpt stops as well, so that
 * the shell gets its terminal back. Beside a program (beside.h) ckpt is in nobody's way, and none of this is needed.
 */
#define _GNU_SOURCE
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "capture.h"
#include "checkpoint_format.h"
#include "follower.h"
#include "freeze.h"
#include "handover.h"
#include "messages.h"
#include "state.h"
#include "tracing.h"

#define EXIT_CANNOT_RUN 126
#define EXIT_NOT_FOUND 127
#define LOOK_INTERVAL_NS UINT64_C(1000000000)
#define LOOKS_AT_ONCE 64
#define CHILDREN_LEAVE_NS UINT64_C(2000000000)

struct launch {
    const struct options *options;
    pid_t pid;
    unsigned number;      /* of the next checkpoint */
    uint64_t next_ns;     /* CLOCK_MONOTONIC of the next one by --interval; 0: none */
    sigset_t watched;     /* signals that ckpt waits for */
    sigset_t before;      /* mask that ckpt was started with, which is the program's */
    bool stopped;         /* the program is stopped by job control */
    struct follower *follower; /* NULL unless its files are listed */
    struct handover *handover; /* NULL: programs that ask themselves are refused */
    bool capturing;
    bool wanted;          /* a checkpoint was asked for meanwhile, */
    uint32_t wanted_by;   /* by whom: CKPT_TRIGGER_* */
    bool captured;        /* a checkpoint has ended the program */
    char written[PATH_MAX]; /* the last checkpoint */
    struct beside beside; /* of a program that ckpt runs beside of */
    bool leave;           /* it can do without its tracer from now on */
    bool ended;
    int status;           /* as waitpid gave it */
};

/* ---- starting ---- */

static void run_program(const struct launch *launch)
{
    char **program = launch->options->program;
    execvp(program[0], program);
    int error = errno;
    if (error == ENOENT || error == ENOTDIR)
        fprintf(stderr, "ckpt: running %s: not found; check the name or PATH\n", program[0]);
    else
        fprintf(stderr, "ckpt: running %s: %s\n", program[0], strerror(error));
    _exit(error == ENOENT || error == ENOTDIR ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN);
}

static void run_child(const struct launch *launch, int ready)
{
    char go;
    /* The parent seizes this process before it lets it read. */
    if (read(ready, &go, 1) != 1)
        _exit(EXIT_CANNOT_RUN);
    sigprocmask(SIG_SETMASK, &launch->before, NULL);
    run_program(launch);
}

static int seize(struct launch *launch)
{
    bool follows = launch->options->input_mode == CKPT_INPUTS_TRACED;
    if (follows)
        launch->follower = follower_new(launch->pid);
    if (follows && !launch->follower)
        return -ENOMEM;
    int error = launch->options->output_copy && follows ? follower_copy_output(launch->follower, launch->options->output_copy) : 0;
    if (error < 0)
        return error;
    return trace_seize(launch->pid, follower_options(launch->follower));
}

static int start_child(struct launch *launch)
{
    int ready[2];
    if (pipe2(ready, O_CLOEXEC) < 0) {
        fprintf(stderr, "ckpt: running %s: %s\n", launch->options->program[0], strerror(errno));
        return 1;
    }
    launch->pid = fork();
    if (launch->pid == 0) {
        close(ready[1]);
        run_child(launch, ready[0]);
    }
    close(ready[0]);
    signal(SIGCHLD, SIG_DFL); /* after the fork; where it is ignored, no child can be waited for */
    int error = launch->pid < 0 ? -errno : seize(launch);
    if (error < 0) {
        fprintf(stderr, "ckpt: running %s: %s; ptrace must be allowed here\n", launch->options->program[0],
                strerror(-error));
        close(ready[1]);
        return 1;
    }
    bool started = write(ready[1], "", 1) == 1;
    close(ready[1]);
    return started ? 0 : 1;
}

static int start_beside(struct launch *launch)
{
    int talk = beside_split(&launch->beside, launch->options, &launch->before, &launch->pid);
    if (talk < 0)
        run_program(launch);
    sigaddset(&launch->watched, SIGIO);
    sigprocmask(SIG_BLOCK, &launch->watched, NULL);
    int error = seize(launch);
    if (error < 0)
        fprintf(stderr, "ckpt: tracing %s: %s; ptrace must be allowed here\n", launch->options->program[0], strerror(-error));
    if (error < 0 || beside_go_on(talk) < 0)
        return EXIT_FAILURE;
    error = beside_start_helper(&launch->beside, launch->options);
    if (error < 0)
        fprintf(stderr, "ckpt: starting %s: %s\n", launch->options->helper[0], strerror(-error));
    launch->leave = error < 0;
    return 0;
}

/* ---- capturing ---- */

static bool look_at_children(struct launch *launch);

static void serve_stops(void *context)
{
    while (look_at_children(context))
        ;
}

/* Adds what is the same for all requests. Returns 0 or -errno with a line. */
static int capture(struct launch *launch, struct capture_request *request, struct report *report)
{
    const struct options *options = launch->options;
    struct capture_outcome outcome;
    request->pid = launch->pid;
    request->number = launch->number;
    request->seized = true;
    request->trigger_signal = options->signal;
    request->allow |= options->allow;
    request->input_mode = options->input_mode;
    request->follower = launch->follower;
    request->given = launch->beside.given;
    request->given_count = launch->beside.given_count;
    request->serve = serve_stops;
    request->context = launch;
    launch->capturing = true;
    int error = capture_program(request, &outcome, report);
    launch->capturing = false;
    if (error < 0)
        return error;
    launch->number++;
    launch->captured = !request->keep_running;
    strcpy(launch->written, outcome.path);
    print_success(&outcome, options->verbose);
    return 0;
}

/* Beside a program, one attempt is all there is. */
static void tell_helper(struct launch *launch, int error, const struct report *report)
{
    if (!launch->options->helper)
        return;
    if (error < 0)
        beside_tell_failed(&launch->beside, report);
    else
        beside_tell_captured(&launch->beside, launch->written);
    launch->leave = true;
}

static void capture_now(struct launch *launch, uint32_t trigger, pid_t asker)
{
    const struct options *options = launch->options;
    struct capture_request request = {.output = options->output, .trigger = trigger, .asker = asker,
                                      .keep_running = options->keep_running, .cow = options->cow};
    struct report report = {0};
    if (launch->ended)
        return;
    int error = capture(launch, &request, &report);
    if (error < 0)
        print_failure(&report, true);
    tell_helper(launch, error, &report);
    report_clear(&report);
}

/* Requests of the program itself, which its own ckpt has handed over. */
static bool serve_requests(struct launch *launch)
{
    struct handed_request handed;
    bool any = false;
    while (!launch->ended && handover_take(launch->handover, launch->pid, &handed)) {
        struct report report = {0};
        int error = capture(launch, &handed.request, &report);
        handover_answer(&handed, error, &report);
        if (launch->options->signal) /* a helper that waits for something else has no use for what the program asks for */
            tell_helper(launch, error, &report);
        report_clear(&report);
        any = true; /* the capture has consumed signals of stops */
    }
    return any;
}

/* Moves the time of the next periodic checkpoint behind now, without a burst after a long pause. */
static void plan_next(struct launch *launch)
{
    uint64_t interval = (uint64_t)launch->options->interval * 1000000000, now = now_ns(CLOCK_MONOTONIC);
    launch->next_ns += interval;
    if (launch->next_ns <= now)
        launch->next_ns = now + interval;
}

/* ---- stops of the program ---- */

static void resume(const struct launch *launch, pid_t tid, int signal)
{
    if (launch->follower)
        follower_resume(launch->follower, tid, signal);
    else
        trace_resume(tid, signal);
}

/* A program that sends itself the signal wants to become a command; from others it is a request to resume there. */
static bool asks_for_checkpoint(const struct launch *launch, pid_t tid, int signal, uint32_t *ret_trigger)
{
    siginfo_t info;
    if (signal != launch->options->signal || ptrace(PTRACE_GETSIGINFO, tid, 0, &info) < 0 ||
        (info.si_code != SI_USER && info.si_code != SI_QUEUE))
        return false;
    *ret_trigger = info.si_pid == launch->pid ? CKPT_TRIGGER_SELF : CKPT_TRIGGER_SIGNAL;
    /* Beside a program, its users know nothing of us. */
    return !launch->options->helper || (*ret_trigger == CKPT_TRIGGER_SELF && !launch->leave);
}

/* Whether the thread has sent the signal itself and has not come back from kill(2) yet. */
static bool stands_behind_kill(pid_t tid)
{
    struct user_regs_struct registers;
    return trace_get_registers(tid, &registers) == 0 && registers.orig_rax == SYS_kill;
}

static void on_signal(struct launch *launch, pid_t tid, int signal)
{
    uint32_t trigger = 0;
    bool asks = asks_for_checkpoint(launch, tid, signal, &trigger);
    pid_t asker = trigger == CKPT_TRIGGER_SELF && stands_behind_kill(tid) ? tid : 0;
    int delivered = asks ? 0 : signal;
    mend_call(tid, delivered);
    if (asks && !launch->capturing)
        trace_interrupt(tid); /* keeps the thread from running on between here and the capture */
    resume(launch, tid, delivered);
    if (asks && launch->capturing) {
        launch->wanted = true;
        launch->wanted_by = trigger;
    } else if (asks) {
        capture_now(launch, trigger, asker);
    }
}

/* Every thread reports that it has stopped, the main one for the program. */
static void on_job_stop(struct launch *launch, pid_t tid, int signal)
{
    ptrace(PTRACE_LISTEN, tid, 0, 0);
    if (tid != launch->pid)
        return;
    launch->stopped = true;
    /* The terminal's stops reach the whole job: show the shell that it is stopped. A stop of the program alone, by
     * SIGSTOP, must leave us awake, for it may be continued alone as well. */
    if (!launch->options->helper && (signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU))
        raise(SIGSTOP);
}

/* A thread begins, goes on after a stop of job control, or was interrupted too late by a capture that failed. */
static void on_event(struct launch *launch, pid_t tid)
{
    if (tid == launch->pid)
        launch->stopped = false;
    mend_call(tid, 0);
    /* clone(2) with a signal other than SIGCHLD makes processes that are traced like threads. */
    if (tid != launch->pid && syscall(SYS_tgkill, launch->pid, tid, 0) < 0 && errno == ESRCH)
        trace_detach(tid);
    else
        resume(launch, tid, 0);
}

static void on_stop(struct launch *launch, pid_t tid, const struct stop *stop)
{
    if (launch->follower && follower_takes(launch->follower, tid, stop))
        return;
    switch (stop->kind) {
    case STOP_SIGNAL:
        on_signal(launch, tid, stop->signal);
        break;
    case STOP_GROUP:
        on_job_stop(launch, tid, stop->signal);
        break;
    case STOP_EVENT:
        on_event(launch, tid);
        break;
    case STOP_GONE:
        break;
    default:
        resume(launch, tid, 0);
    }
}

/* Who has to learn the program's end only when the helper is done, does not while the tracer does not ask for it. */
static bool holds_end(struct launch *launch)
{
    siginfo_t info = {.si_pid = 0};
    if (!launch->options->hold || launch->beside.helper <= 0 ||
        waitid(P_PID, (id_t)launch->pid, &info, WEXITED | WNOWAIT | WNOHANG | __WALL) < 0 || info.si_pid != launch->pid ||
        (info.si_code != CLD_EXITED && info.si_code != CLD_KILLED && info.si_code != CLD_DUMPED)) /* stops are told as well */
        return false;
    if (launch->capturing) /* its checkpoint is being written; that is what the helper has to hear */
        return true;
    if (!launch->leave)
        beside_tell_ended(&launch->beside);
    launch->leave = true;
    return true;
}

/* Ends are left alone while that of the program is; stops are not, for they stand in the way of children. */
static pid_t next_stop(int *ret_status)
{
    siginfo_t info = {.si_pid = 0};
    if (waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | __WALL) < 0 || info.si_pid == 0)
        return 0;
    *ret_status = (int)((unsigned)info.si_status << 8 | 0x7f);
    return info.si_pid;
}

static pid_t next_child(struct launch *launch, int *ret_status)
{
    if (!holds_end(launch))
        return waitpid(-1, ret_status, WNOHANG | __WALL);
    pid_t helper = waitpid(launch->beside.helper, ret_status, WNOHANG);
    return helper ? helper : next_stop(ret_status);
}

static void on_helper_gone(struct launch *launch)
{
    launch->beside.helper = 0;
    launch->leave = true;
}

/* Returns whether there may be more: threads that are followed stop as fast as they are looked at, and ckpt has other things to do. */
static bool look_at_children(struct launch *launch)
{
    int status;
    for (int looks = 0; !launch->ended; looks++) {
        if (looks == LOOKS_AT_ONCE)
            return true;
        pid_t tid = next_child(launch, &status);
        if (tid <= 0)
            return false;
        struct stop stop = decode_stop(status);
        if (launch->options->helper && tid == launch->beside.helper) {
            on_helper_gone(launch);
            continue;
        }
        on_stop(launch, tid, &stop);
        if (tid == launch->pid && stop.kind == STOP_GONE) {
            launch->ended = true;
            launch->status = status;
        }
    }
    return false;
}

/* ---- signals to ckpt ---- */

static void pass_on(const struct launch *launch, siginfo_t *info)
{
    if (info->si_code == SI_QUEUE) /* with its value */
        sigqueue(launch->pid, info->si_signo, info->si_value);
    else
        kill(launch->pid, info->si_signo);
}

/* Nobody takes this process for the program: what ends processes ends it, and the program goes on. */
static void on_signal_beside(struct launch *launch, int signal)
{
    if (signal == SIGTERM || signal == SIGINT || signal == SIGQUIT)
        launch->leave = true;
}

static void listen_to_helper(struct launch *launch)
{
    bool gone = false;
    if (beside_asked(&launch->beside, &gone))
        capture_now(launch, CKPT_TRIGGER_SIGNAL, 0);
    else if (gone && !launch->options->hold)
        launch->leave = true;
}

static void on_own_signal(struct launch *launch, siginfo_t *info)
{
    if (info->si_signo == SIGCHLD || (info->si_signo == HANDOVER_SIGNAL && info->si_code > 0))
        return;
    if (launch->options->helper) {
        on_signal_beside(launch, info->si_signo);
        return;
    }
    if (info->si_signo == launch->options->signal)
        capture_now(launch, CKPT_TRIGGER_SIGNAL, 0);
    else if (info->si_code <= 0 && info->si_pid != launch->pid) /* not from the terminal: sent to us by somebody */
        pass_on(launch, info);
}

static void watch_signals(struct launch *launch)
{
    static const int watched[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGWINCH, SIGCONT,
                                  SIGTSTP, SIGTTIN, SIGTTOU, SIGALRM, SIGPIPE, HANDOVER_SIGNAL};
    sigemptyset(&launch->watched);
    for (size_t i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
        sigaddset(&launch->watched, watched[i]);
    sigaddset(&launch->watched, launch->options->signal);
    sigprocmask(SIG_BLOCK, &launch->watched, &launch->before);
}

/* Waits for the next signal, at most for a second or until the next periodic checkpoint is due; not at all when there is more to do.
 * SIGCHLD, which never ends then, gives way to those with higher numbers. */
static void wait_for_signal(struct launch *launch, bool more, siginfo_t *ret)
{
    uint64_t now = now_ns(CLOCK_MONOTONIC), wait = LOOK_INTERVAL_NS;
    sigset_t others = launch->watched;
    struct timespec none = {0, 0};
    sigdelset(&others, SIGCHLD);
    if (more) {
        if (sigtimedwait(&others, ret, &none) < 0)
            ret->si_signo = 0;
        return;
    }
    if (launch->next_ns && launch->next_ns < now + wait)
        wait = launch->next_ns > now ? launch->next_ns - now : 0;
    struct timespec limit = {(time_t)(wait / 1000000000), (long)(wait % 1000000000)};
    if (sigtimedwait(&launch->watched, ret, &limit) < 0)
        ret->si_signo = 0;
}

/* ---- the end ---- */

/* Children that live on are detached in order: what they wait in is not broken off. */
static void let_children_go(struct launch *launch)
{
    uint64_t deadline = now_ns(CLOCK_MONOTONIC) + CHILDREN_LEAVE_NS;
    sigset_t children;
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    if (!launch->follower)
        return;
    follower_end(launch->follower);
    while (follower_has_children(launch->follower) && now_ns(CLOCK_MONOTONIC) < deadline) {
        struct timespec moment = {0, 10000000};
        int status;
        pid_t tid;
        while ((tid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
            struct stop stop = decode_stop(status);
            follower_takes(launch->follower, tid, &stop);
        }
        if (tid < 0 && errno == ECHILD)
            break;
        if (follower_has_children(launch->follower))
            sigtimedwait(&children, NULL, &moment);
    }
    follower_free(launch->follower);
    launch->follower = NULL;
}

static int end_like_program(const struct launch *launch)
{
    if (launch->captured)
        return 0;
    if (WIFEXITED(launch->status))
        return WEXITSTATUS(launch->status);
    int signal = WTERMSIG(launch->status);
    struct rlimit no_core = {0, 0};
    sigset_t one;
    setrlimit(RLIMIT_CORE, &no_core);
    prctl(PR_SET_DUMPABLE, 0);
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(signal, &standard, NULL);
    raise(signal);
    sigemptyset(&one);
    sigaddset(&one, signal);
    sigprocmask(SIG_UNBLOCK, &one, NULL);
    return 128 + signal;
}

/* Whether the program, which goes on, has no use for a tracer any more. */
static bool is_done(const struct launch *launch)
{
    return launch->leave && !(launch->options->hold && launch->beside.helper > 0);
}

int launch_program(const struct options *options)
{
    struct launch launch = {.options = options, .number = 1, .beside = {.channel = -1}};
    watch_signals(&launch);
    int error = options->helper ? start_beside(&launch) : start_child(&launch);
    if (error)
        return error;
    capture_prepare_process(); /* after the fork: the program gets what we were given */
    launch.handover = handover_open();
    if (options->interval)
        launch.next_ns = now_ns(CLOCK_MONOTONIC) + (uint64_t)options->interval * 1000000000;
    bool more = false;
    while (!launch.ended && !is_done(&launch)) {
        siginfo_t info = {0};
        wait_for_signal(&launch, more, &info);
        if (info.si_signo)
            on_own_signal(&launch, &info);
        if (launch.next_ns && now_ns(CLOCK_MONOTONIC) >= launch.next_ns) {
            if (!launch.stopped)
                capture_now(&launch, CKPT_TRIGGER_INTERVAL, 0);
            plan_next(&launch);
        }
        if (launch.beside.channel >= 0 && !launch.leave)
            listen_to_helper(&launch);
        more = look_at_children(&launch);
        while (launch.wanted) {
            launch.wanted = false;
            capture_now(&launch, launch.wanted_by, 0);
            more |= look_at_children(&launch);
        }
        if (launch.handover)
            more |= serve_requests(&launch);
    }
    handover_close(launch.handover);
    let_children_go(&launch);
    if (options->helper) {
        beside_tell_ended(&launch.beside);
        return EXIT_SUCCESS; /* lets go of what it traces */
    }
    return end_like_program(&launch);
}
