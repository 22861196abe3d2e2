/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "observe.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS UINT64_C(2000000000) /* between SIGTERM and SIGKILL */

struct trial {
    const struct observation *observation;
    pid_t pid;
    uint64_t begin_ns;    /* of the program; 0: not yet */
    uint64_t deadline_ns; /* of what is waited for */
    uint64_t duration_ns;
    bool looked;          /* at its pages */
    bool asked_to_end;
    bool replaced;
    bool given_up;        /* somebody wants observe itself to end */
    int status;           /* as waitpid gave it */
    sigset_t before;
};

static void run_child(const struct trial *trial, int ready)
{
    char go;

    /* The parent seizes this process before it lets it read. */
    if (read(ready, &go, 1) != 1)
        _exit(1);
    sigprocmask(SIG_SETMASK, &trial->before, NULL);
    execv(trial->observation->image, trial->observation->arguments);
    observe_failed(trial->observation, "running", trial->observation->image);
    _exit(1);
}

static int start_child(struct trial *trial)
{
    int ready[2];
    bool started;

    if (pipe2(ready, O_CLOEXEC) < 0)
        return observe_failed(trial->observation, "making a pipe for", trial->observation->image);
    trial->pid = fork();
    if (trial->pid == 0) {
        close(ready[1]);
        run_child(trial, ready[0]);
    }
    close(ready[0]);
    if (trial->pid < 0)
        return observe_failed(trial->observation, "making a process for", trial->observation->image);
    uintptr_t options = PTRACE_O_TRACEEXIT | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, trial->pid, 0, options) < 0) {
        observe_failed(trial->observation, "tracing", trial->observation->image);
        close(ready[1]); /* without its byte the child ends */
        waitpid(trial->pid, NULL, 0);
        return 1;
    }
    started = write(ready[1], "", 1) == 1;
    close(ready[1]);
    return started ? 0 : 1;
}

/* Looks once, while there is an address space to look at. */
static void look(struct trial *trial)
{
    if (trial->looked || trial->begin_ns == 0)
        return;
    trial->looked = true;
    trial->duration_ns = observe_now_ns() - trial->begin_ns;
    if (!trial->replaced && page_tables_look(trial->pid, trial->observation) < 0)
        trial->replaced = true;
}

static void on_event(struct trial *trial, int event, int signal)
{
    if (event == PTRACE_EVENT_EXEC && trial->begin_ns == 0) {
        trial->begin_ns = observe_now_ns();
        trial->deadline_ns = trial->begin_ns + trial->observation->limit_ns;
    } else if (event == PTRACE_EVENT_EXEC) {
        trial->replaced = true;
    } else if (event == PTRACE_EVENT_EXIT) {
        look(trial);
    }
    if (event == PTRACE_EVENT_STOP && signal != SIGTRAP)
        ptrace(PTRACE_LISTEN, trial->pid, 0, 0); /* stopped by job control */
    else
        ptrace(PTRACE_CONT, trial->pid, 0, 0);
}

/* Returns whether the program has ended. */
static bool take_stops(struct trial *trial)
{
    int status;

    while (waitpid(trial->pid, &status, WNOHANG | __WALL) == trial->pid) {
        if (!WIFSTOPPED(status)) {
            trial->status = status;
            return true;
        }
        if (status >> 16 != 0)
            on_event(trial, status >> 16, WSTOPSIG(status));
        else
            ptrace(PTRACE_CONT, trial->pid, 0, WSTOPSIG(status));
    }
    return false;
}

static void on_deadline(struct trial *trial)
{
    look(trial);
    kill(trial->pid, trial->asked_to_end ? SIGKILL : SIGTERM);
    kill(trial->pid, SIGCONT); /* a program that is stopped does not hear it otherwise */
    trial->asked_to_end = true;
    trial->deadline_ns = observe_now_ns() + PATIENCE_NS;
}

static void wait_for_signal(struct trial *trial, const sigset_t *watched)
{
    uint64_t now = observe_now_ns(), left = trial->deadline_ns > now ? trial->deadline_ns - now : 0;
    struct timespec limit = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
    int signal = sigtimedwait(watched, NULL, &limit);

    if (signal == SIGTERM || signal == SIGHUP || signal == SIGINT || signal == SIGQUIT) {
        trial->given_up = true;
        kill(trial->pid, SIGKILL);
    }
}

static int report_end(const struct trial *trial)
{
    FILE *report = trial->observation->report;

    if (trial->given_up) {
        fprintf(report, "failed running %s: interrupted\n", trial->observation->image);
        return 1;
    }
    if (trial->begin_ns == 0) /* it has said why */
        return 1;
    if (trial->asked_to_end)
        fprintf(report, "ended stopped\n");
    else
        fprintf(report, WIFEXITED(trial->status) ? "ended exited %d\n" : "ended killed %d\n",
                WIFEXITED(trial->status) ? WEXITSTATUS(trial->status) : WTERMSIG(trial->status));
    fprintf(report, "nanoseconds %" PRIu64 "\nreplaced %d\n", trial->duration_ns, trial->replaced);
    return 0;
}

int observe_trial(const struct observation *observation)
{
    static const int signals[] = {SIGCHLD, SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    struct trial trial = {.observation = observation};
    sigset_t watched;

    sigemptyset(&watched);
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        sigaddset(&watched, signals[i]);
    sigprocmask(SIG_BLOCK, &watched, &trial.before);
    fprintf(observation->report, "cached-before %" PRIu64 "\n", page_cache_bytes(observation->image_fd));
    if (start_child(&trial) != 0)
        return 1;
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    trial.deadline_ns = observe_now_ns() + observation->limit_ns + PATIENCE_NS; /* until its exec sets another */
    while (!take_stops(&trial)) {
        if (observe_now_ns() >= trial.deadline_ns)
            on_deadline(&trial);
        wait_for_signal(&trial, &watched);
    }
    return report_end(&trial);
}
