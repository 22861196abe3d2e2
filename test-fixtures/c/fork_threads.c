/* SPDX-License-Identifier: Apache-2.0 */
#include "fork_jobs.h"

#include <dirent.h>
#include <sys/wait.h>

#include "undump.h"

/*
 * undump_fork() of 64 threads that wait in all ways, hold locks, run signal handlers or calculate in vector registers. The child
 * finishes all of the parent's work by itself, and so does the parent. Variants: the child forks once more (`again`); a thread
 * that is not the main one calls (`caller`); the C library has a thread for its timers, too (`timers`).
 */

static int count_threads(void) {
    int count = 0;
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL, "errno %d", errno);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(tasks);
    return count;
}

/* The ckpt of this checkout or of the test's environment; else the library looks for it. */
static void choose_ckpt(void) {
    char path[4096];
    const char *given = getenv("CKPT");
    ssize_t length = MUST(readlink("/proc/self/exe", path, sizeof path - 128));
    path[length] = 0;
    char *folder = strstr(path, "/test-fixtures/");
    if (folder)
        strcpy(folder, "/native-stub/target/native/ckpt");
    if (given || (folder && access(path, X_OK) == 0))
        MUST(undump_set_commands(given ? given : path, NULL));
}

/* glibc sends the signals of such timers to a thread that it has made for the first of them. */
static volatile int timer_calls;
static void count_call(union sigval unused) {
    (void)unused;
    timer_calls++;
}

static void run_timer(void) {
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = count_call};
    struct itimerspec soon = {.it_value = to_timespec(NS_PER_MS)};
    timer_t timer;
    int before = timer_calls;
    MUST(timer_create(CLOCK_MONOTONIC, &event, &timer));
    MUST(timer_settime(timer, 0, &soon, NULL));
    while (timer_calls == before)
        sched_yield();
    MUST(timer_delete(timer));
}

static pid_t fork_checked(int least_threads) {
    int threads = count_threads();
    CHECK(threads >= least_threads, "%d threads", threads);
    pid_t parent = getpid(), caller = current_tid(), child = undump_fork();
    CHECK(child >= 0, "undump_fork gave %d: %s", (int)child, undump_error());
    CHECK_EQ(count_threads(), threads);
    if (child == 0) {
        CHECK_EQ(getppid(), parent);
        CHECK(getpid() != parent && current_tid() != caller, "the child has its parent's ids");
        CHECK((current_tid() == getpid()) == (caller == parent), "the child has another main thread");
    } else {
        CHECK_EQ(getpid(), parent);
        CHECK_EQ(current_tid(), caller);
    }
    return child;
}

static void fork_and_finish(int threads) {
    pid_t child = fork_checked(threads);
    bool is_child = child == 0;
    int status;
    if (is_child && variant_is("again"))
        child = fork_checked(threads);
    if (variant_is("timers"))
        run_timer();
    finish_jobs();
    if (child > 0) {
        CHECK_EQ(waitpid(child, &status, 0), child);
        CHECK_EQ(status, 0);
    }
    if (is_child)
        _exit(0);
}

static volatile int caller_go;
static void *call_in_thread(void *unused) {
    await_flag(&caller_go);
    fork_and_finish(THREADS + 2);
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "undump_fork: a child with all threads, which finish their work there and here");
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigset_t one;
    pthread_t caller = 0;
    sigemptyset(&one);
    sigaddset(&one, SIGUSR1);
    MUST0(pthread_sigmask(SIG_BLOCK, &one, NULL));
    MUST(sigaction(SIGUSR2, &action, NULL));
    choose_ckpt();
    make_locks();
    start_jobs();
    make_lookalikes();
    if (variant_is("timers"))
        run_timer();
    if (variant_is("caller"))
        caller = start_thread(call_in_thread, NULL);
    ready_and_wait();
    first_process = getpid();
    launched = was_launched();
    for (int i = 0; i < job_count; i++)
        CHECK(!jobs[i].done, "%s %d has ended before its time", jobs[i].kind->name, jobs[i].number);
    if (variant_is("caller")) {
        raise_flag(&caller_go);
        join_thread(caller);
    } else {
        fork_and_finish(THREADS + 1);
    }
    pass();
}
