/* SPDX-License-Identifier: Apache-2.0 */
/* ckpt: captures programs, either one that it runs or any running one. See capture.h for the engine. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>

#include "capture.h"
#include "checkpoint_format.h"
#include "launcher.h"
#include "messages.h"
#include "options.h"

/* Captures a program that runs already. Ctrl-C and the like undo everything first. */
static int capture_running(const struct options *options)
{
    static const int give_up_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
    sigset_t give_up;
    sigemptyset(&give_up);
    for (size_t i = 0; i < sizeof(give_up_signals) / sizeof(give_up_signals[0]); i++)
        sigaddset(&give_up, give_up_signals[i]);
    sigprocmask(SIG_BLOCK, &give_up, NULL);
    capture_prepare_process();
    struct capture_request request = {
        .pid = options->pid, .output = options->output, .number = 1, .trigger = CKPT_TRIGGER_PID,
        .keep_running = options->keep_running, .allow = options->allow, .give_up = &give_up,
    };
    struct capture_outcome outcome;
    struct report report = {0};
    int error = capture_program(&request, &outcome, &report);
    if (error < 0)
        print_failure(&report, false);
    else
        print_success(&outcome);
    report_clear(&report);
    return error < 0 ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = parse_options(argc, argv, &options);
    if (status >= 0)
        return status;
    return options.pid ? capture_running(&options) : launch_program(&options);
}
