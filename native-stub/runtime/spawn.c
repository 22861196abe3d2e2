/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK_BYTES 65536
#define FIRST_DESCRIPTOR 3 /* behind the standard ones */

struct spawn {
    const char *path;
    char *const *arguments;
    char *const *environment;
    int input;
    int output;
    char *stack;  /* two of STACK_BYTES */
    pid_t pid;    /* of the program, or -errno */
};

extern char **environ;

static int open_null(int fd)
{
    return fd >= 0 ? fd : open("/dev/null", O_RDWR);
}

/* Shares the memory of the thread that waits for it: system calls only. */
static int run_program(void *argument)
{
    struct spawn *spawn = argument;
    sigset_t none;
    int input = open_null(spawn->input), output = open_null(spawn->output);
    sigemptyset(&none);
    setsid(); /* what a terminal sends to the program's group is not meant for this one */
    /* Above the standard descriptors, or one dup2 would close what the next one needs. */
    if (input < 0 || output < 0 || (input = fcntl(input, F_DUPFD, FIRST_DESCRIPTOR)) < 0 ||
        (output = fcntl(output, F_DUPFD, FIRST_DESCRIPTOR)) < 0 || dup2(input, STDIN_FILENO) < 0 ||
        dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0 || syscall(SYS_close_range, FIRST_DESCRIPTOR, ~0U, 0) < 0)
        goto failed;
    for (int signal = 1; signal < NSIG; signal++) { /* handlers end with exec, what is ignored does not */
        struct sigaction action;
        if (sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN) {
            action.sa_handler = SIG_DFL;
            sigaction(signal, &action, NULL);
        }
    }
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(spawn->path, spawn->arguments, spawn->environment);
failed:
    spawn->pid = -errno;
    _exit(127);
}

/* Its end makes the program an orphan at once. */
static int run_middle(void *argument)
{
    struct spawn *spawn = argument;
    pid_t pid = clone(run_program, spawn->stack + 2 * STACK_BYTES, CLONE_VM | CLONE_VFORK, spawn);
    if (pid < 0)
        spawn->pid = -errno;
    else if (spawn->pid == 0)
        spawn->pid = pid;
    _exit(0);
}

pid_t spawn_detached(const char *path, char *const *arguments, int input, int output)
{
    static char *const nobodys[] = {"PATH=/usr/bin:/bin", NULL};
    struct spawn spawn = {.path = path, .arguments = arguments, .environment = is_privileged() ? nobodys : environ,
                          .input = input, .output = output};
    sigset_t all, before;
    int cancel_state;
    spawn.stack = mmap(NULL, 2 * STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (spawn.stack == MAP_FAILED)
        return -errno;
    /* No handler may run in the memory that is shared meanwhile, and nothing may unwind it. */
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    /* An exit signal of 0: neither SIGCHLD nor an ordinary wait(2) of the program meets it. */
    pid_t middle = clone(run_middle, spawn.stack + STACK_BYTES, CLONE_VM | CLONE_VFORK, &spawn);
    if (middle < 0)
        spawn.pid = -errno;
    else
        while (waitpid(middle, NULL, __WALL) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_setcancelstate(cancel_state, &cancel_state);
    munmap(spawn.stack, 2 * STACK_BYTES);
    return spawn.pid;
}

/* A process that reaps orphans (PR_SET_CHILD_SUBREAPER, a container's first one) has become its parent; others get ECHILD at once. */
void reap_detached(pid_t pid)
{
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
}

/* kill(2) finds zombies, and somebody else's child stays one as long as its parent likes. Reading memory finds none, and needs
 * neither a descriptor nor a permission that matters. */
bool is_running(pid_t pid)
{
    char byte;
    struct iovec to = {&byte, 1}, from = {(void *)(uintptr_t)4096, 1};
    if (process_vm_readv(pid, &to, 1, &from, 1, 0) < 0 && errno == ESRCH)
        return false;
    return kill(pid, 0) == 0 || errno != ESRCH; /* where a filter forbids the first, it still hears of what init has reaped */
}
