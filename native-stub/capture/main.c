/* SPDX-License-Identifier: Apache-2.0 */
/* ckpt: captures programs, either one that it runs or any running one. See capture.h for the engine. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "caller.h"
#include "capture.h"
#include "checkpoint_format.h"
#include "fork.h"
#include "handover.h"
#include "launcher.h"
#include "messages.h"
#include "options.h"

static const int GIVE_UP_SIGNALS[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

/* Captures a program that runs already. */
static int capture_running(const struct options *options, const sigset_t *give_up)
{
    struct capture_request request = {
        .pid = options->pid, .output = options->output, .number = 1, .trigger = CKPT_TRIGGER_PID,
        .keep_running = options->keep_running, .cow = options->cow, .allow = options->allow, .give_up = give_up,
        .input_mode = options->input_mode,
    };
    struct capture_outcome outcome;
    struct report report = {0};
    capture_prepare_process();
    int error = capture_program(&request, &outcome, &report);
    if (error < 0)
        print_failure(&report, false);
    else
        print_success(&outcome, options->verbose);
    report_clear(&report);
    return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Captures the program that has started this one and waits. Nobody reads what would be printed. */
static int capture_caller(const struct options *options, const sigset_t *give_up)
{
    struct caller caller = {.pid = options->pid, .mem = -1, .record = options->record, .cookie = options->cookie};
    struct capture_request request = {
        .pid = options->pid, .output = options->output, .number = 1,
        .trigger = options->resume ? CKPT_TRIGGER_PID : CKPT_TRIGGER_API, .launch_record = options->record,
        .launch_cookie = options->cookie, .keep_running = options->keep_running, .cow = options->cow, .allow = options->allow, .give_up = give_up,
    };
    struct capture_outcome outcome;
    struct report report = {0};
    capture_prepare_process();
    if (caller_meet(&caller) < 0)
        return EXIT_FAILURE;
    int error;
    if (!hand_over(options, &error, &report))
        error = capture_program(&request, &outcome, &report);
    caller_answer(&caller, error, &report);
    report_clear(&report);
    return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int fork_running(const struct options *options, const sigset_t *give_up)
{
    struct fork_request request = {.pid = options->pid, .give_up = give_up};
    struct fork_outcome outcome;
    struct report report = {0};
    capture_prepare_process();
    int error = fork_program(&request, &outcome, &report);
    if (error < 0)
        print_failure(&report, false);
    else
        printf("%d\n", outcome.child);
    if (error == 0 && options->verbose)
        fprintf(stderr, "ckpt: forked %u threads: the program stood for %.2f ms, the child was complete after %.2f ms\n",
                outcome.threads, (double)outcome.stopped_ns / 1e6, (double)outcome.forked_ns / 1e6);
    report_clear(&report);
    return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Forks the program that has started this one and waits. */
static int fork_caller(const struct options *options, const sigset_t *give_up)
{
    struct caller caller = {.pid = options->pid, .mem = -1, .record = options->record, .cookie = options->cookie};
    struct fork_request request = {.pid = options->pid, .caller = &caller, .give_up = give_up};
    struct fork_outcome outcome;
    struct report report = {0};
    capture_prepare_process();
    if (caller_meet(&caller) < 0)
        return EXIT_FAILURE;
    int error = fork_program(&request, &outcome, &report);
    report_clear(&report);
    return error < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int do_work(const struct options *options, const sigset_t *give_up)
{
    if (options->fork)
        return options->record ? fork_caller(options, give_up) : fork_running(options, give_up);
    return options->record ? capture_caller(options, give_up) : capture_running(options, give_up);
}

/* Does that in a process of its own, which outlives this one: Ctrl-C and the like, and also kill -9 of the ckpt that
 * the user sees, become an orderly undo. (A kill -9 of the inner process is survived as inject.h tells.) */
static int capture_in_child(const struct options *options)
{
    sigset_t give_up;
    signal(SIGCHLD, SIG_DFL); /* where it is ignored, no child can be waited for */
    sigemptyset(&give_up);
    for (size_t i = 0; i < sizeof(GIVE_UP_SIGNALS) / sizeof(GIVE_UP_SIGNALS[0]); i++)
        sigaddset(&give_up, GIVE_UP_SIGNALS[i]);
    sigprocmask(SIG_BLOCK, &give_up, NULL);
    pid_t parent = getpid();
    pid_t child = fork();
    if (child < 0) {
        fprintf(stderr, "ckpt: capturing process %d: fork: %s\n", options->pid, strerror(errno));
        return EXIT_FAILURE;
    }
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() != parent) /* it died before the call above */
            kill(getpid(), SIGTERM);
        return do_work(options, &give_up);
    }
    sigaddset(&give_up, SIGCHLD);
    sigprocmask(SIG_BLOCK, &give_up, NULL);
    int status = 0;
    while (waitpid(child, &status, WNOHANG) == 0) {
        int signal = sigwaitinfo(&give_up, NULL);
        if (signal > 0 && signal != SIGCHLD)
            kill(child, signal);
    }
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    int signal = WTERMSIG(status);
    fprintf(stderr, "ckpt: capturing process %d: the capturing process was ended by signal %d (%s); try again\n",
            options->pid, signal, strsignal(signal));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    return options.pid ? capture_in_child(&options) : launch_program(&options);
}
