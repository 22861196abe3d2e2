/* SPDX-License-Identifier: Apache-2.0 */
/* ckpt: captures programs, either one that it runs or any running one. See capture.h for the engine. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture.h"
#include "checkpoint_format.h"
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
        return capture_running(options, &give_up);
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
