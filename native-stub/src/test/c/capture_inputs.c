/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ckpt --inputs: the list has what the program, its threads and its children have looked at, each path once and with its kind, and not
 * what they made themselves. Nothing else about them changes: signals, stops, statuses, waits. The test is its own program, by the
 * words with which it is started.
 *
 * Runs the ckpt that was built with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "src/test/c/support/inputs_run.h"

#define KILLS 30
#define PROGRAM_STATUS 5

/* ---- programs ---- */

static void complain(const char *what)
{
    fprintf(stderr, "the program: %s (errno %d)\n", what, errno);
    _exit(1);
}

static void read_file(const char *path)
{
    char byte;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, &byte, 1) < 0)
        complain(path);
    close(fd);
}

static void write_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, "text", 4) != 4)
        complain(path);
    close(fd);
}

static void *read_in_thread(void *path)
{
    read_file(path);
    return NULL;
}

static void list_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (!folder || !readdir(folder))
        complain(path);
    closedir(folder);
}

static int wait_for(pid_t child)
{
    int status = -1;
    if (waitpid(child, &status, 0) != child)
        complain("waitpid");
    return status;
}

static pid_t tracer_of_self(void)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = 0;
    return (pid_t)strtol(strstr(text, "TracerPid:") + 10, NULL, 10);
}

/* Looks at files in every way, is captured and goes on. */
static int look_at_files(void)
{
    pthread_t thread;
    struct stat status;
    char target[64];
    pthread_create(&thread, NULL, read_in_thread, (void *)(uintptr_t)"by-thread");
    pthread_join(thread, NULL);
    pid_t child = fork();
    if (child == 0) {
        if (chdir("folder") != 0)
            _exit(1);
        read_file("by-child");
        _exit(7);
    }
    if (WEXITSTATUS(wait_for(child)) != 7)
        complain("status of the child");
    child = vfork();
    if (child == 0) {
        execl("/nothing/here", "nothing", (char *)NULL);
        execl("./script", "script", (char *)NULL);
        _exit(127);
    }
    if (wait_for(child) != 0)
        complain("status of the script");
    list_folder("folder");
    int found = stat("asked", &status) + fstatat(AT_FDCWD, "./asked", &status, AT_SYMLINK_NOFOLLOW);
    if (found != 0 || stat("absent", &status) == 0 || access("asked/absent", F_OK) == 0 || readlink("link", target, sizeof(target)) < 1)
        complain("stat");
    read_file("link");
    if (access("made", F_OK) == 0 || access("kept", F_OK) == 0)
        complain("made");
    write_file("kept");
    write_file("made");
    read_file("made");
    if (rename("made", "moved") != 0)
        complain("rename");
    read_file("moved");
    read_file("taken");
    if (unlink("taken") != 0 || access("taken", F_OK) == 0)
        complain("unlink");
    read_file("rewritten");
    write_file("rewritten");
    read_file("/proc/self/status");
    if (kill(getpid(), SIGUSR2) != 0)
        complain("kill");
    child = fork();
    if (child == 0)
        _exit(tracer_of_self() != 0);
    if (wait_for(child) != 0)
        complain("a child after the checkpoint is traced");
    return PROGRAM_STATUS;
}

static void *execute_in_thread(void *path)
{
    execl(path, "test", "ends", (char *)NULL);
    return NULL;
}

static void sleep_ms(long ms)
{
    struct timespec wait = {0, ms * 1000000};
    nanosleep(&wait, NULL);
}

static volatile sig_atomic_t heard;

static void hear(int signal)
{
    heard = signal;
}

/* A child that tells by its status whether a wait was broken off by a signal that it ignores. */
static int wait_undisturbed(int ready)
{
    struct epoll_event event;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGWINCH, SIG_DFL);
    if (write(ready, "", 1) != 1)
        return 1;
    return epoll_wait(epoll, &event, 1, 300) != 0;
}

/* What signals, stops and ends do to children, and how their parent hears of them. */
static int use_signals(const char *self)
{
    int status, ready[2];
    char byte;
    pthread_t thread;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    signal(SIGCHLD, hear);
    if (kill(child, SIGSTOP) != 0 || waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
        complain("a stop");
    if (waitpid(child, &status, WUNTRACED | WNOHANG) != 0)
        complain("a stop that was seen twice");
    if (kill(child, SIGCONT) != 0 || waitpid(child, &status, WCONTINUED) != child || !WIFCONTINUED(status))
        complain("going on");
    kill(child, SIGTERM);
    if (!WIFSIGNALED(status = wait_for(child)) || WTERMSIG(status) != SIGTERM || heard != SIGCHLD)
        complain("a signal's end");
    if (pipe(ready) != 0)
        complain("pipe");
    child = fork();
    if (child == 0)
        _exit(wait_undisturbed(ready[1]));
    if (read(ready[0], &byte, 1) != 1)
        complain("read");
    for (int i = 0; i < 5; i++) {
        sleep_ms(20);
        kill(child, SIGUSR1);
        kill(child, SIGWINCH);
    }
    if (wait_for(child) != 0)
        complain("a wait was broken off");
    child = fork();
    if (child == 0) {
        pthread_create(&thread, NULL, execute_in_thread, (void *)(uintptr_t)self);
        for (;;)
            pause();
    }
    if (WEXITSTATUS(wait_for(child)) != 42)
        complain("exec by a thread");
    return PROGRAM_STATUS;
}

static int untraced_child(void)
{
    pid_t child = (pid_t)syscall(SYS_clone, CLONE_UNTRACED | SIGCHLD, NULL, NULL, NULL, NULL);
    if (child == 0)
        syscall(SYS_exit_group, 0);
    wait_for(child);
    kill(getpid(), SIGUSR2);
    return PROGRAM_STATUS;
}

/* Waits for the capture from outside, in a call that the stop breaks off. */
static int sleep_long(void)
{
    struct timespec wait = {60, 0};
    read_file("asked");
    if (write(STDOUT_FILENO, "r", 1) != 1)
        return 1;
    nanosleep(&wait, NULL);
    return PROGRAM_STATUS;
}

static void *stat_for_ever(void *path)
{
    struct stat status;
    for (;;)
        if (stat(path, &status) != 0)
            complain("stat");
    return NULL;
}

/* Works on, with a thread and a child that never rest, until nobody reads its numbers any more. */
static int work_on(void)
{
    pthread_t thread;
    signal(SIGPIPE, SIG_IGN);
    pthread_create(&thread, NULL, stat_for_ever, (void *)(uintptr_t)"asked");
    pid_t child = fork();
    if (child == 0) {
        alarm(60);
        stat_for_ever((void *)(uintptr_t)"asked");
    }
    for (uint32_t number = 0;; number++) {
        if (write(STDOUT_FILENO, &number, sizeof(number)) != sizeof(number))
            break;
        read_file("asked");
    }
    kill(child, SIGKILL);
    _exit(0);
}

static int run_program(const char *self, const char *what)
{
    if (strcmp(what, "files") == 0)
        return look_at_files();
    if (strcmp(what, "signals") == 0)
        return use_signals(self);
    if (strcmp(what, "untraced") == 0)
        return untraced_child();
    if (strcmp(what, "sleep") == 0)
        return sleep_long();
    if (strcmp(what, "work") == 0)
        return work_on();
    return strcmp(what, "ends") == 0 ? 42 : 1;
}

/* ---- tests ---- */

static void put_files(void)
{
    static const char *const names[] = {"by-thread", "asked", "behind", "taken", "rewritten"};
    char path[WORK_PATH_BYTES];
    if (chdir(work_folder()) != 0)
        exit(1);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        write_file(names[i]);
    unlink("moved");
    unlink("kept");
    unlink("link");
    if (symlink("behind", "link") != 0 || (mkdir("folder", 0700) != 0 && errno != EEXIST))
        exit(1);
    write_file("folder/by-child");
    int script = open("script", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    expect(write(script, "#!/bin/true\n", 12) == 12, "the script");
    close(script);
    work_path(path, "script");
}

static void the_list_is_complete(const char *self)
{
    struct checkpoint checkpoint;
    struct run run = start(self, "files", "--inputs", "traced", "--continue", NULL);
    expect_status(&run, PROGRAM_STATUS);
    if (!read_checkpoint(run.checkpoint, &checkpoint)) {
        expect(said(&run, "wrote"), "there is a checkpoint");
        expect(false, "the checkpoint can be read");
        return;
    }
    const struct ckpt_process *process = (const void *)(checkpoint.bytes + section(&checkpoint, CKPT_SECTION_PROCESS)->offset);
    expect(process->input_mode == CKPT_INPUTS_TRACED, "how the inputs were found");
    expect_kind(&checkpoint, self, CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "by-thread", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "folder/by-child", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "folder", CKPT_INPUT_DIRECTORY);
    expect_kind(&checkpoint, "/nothing/here", CKPT_INPUT_MISSING);
    expect_kind(&checkpoint, "./script", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "/bin/true", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "asked", CKPT_INPUT_STATUS);
    expect_kind(&checkpoint, "./asked", CKPT_INPUT_STATUS);
    expect_kind(&checkpoint, "absent", CKPT_INPUT_MISSING);
    expect_kind(&checkpoint, "asked/absent", CKPT_INPUT_MISSING);
    expect_kind(&checkpoint, "link", CKPT_INPUT_LINK);
    expect_kind(&checkpoint, "behind", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "made", CKPT_INPUT_MISSING);
    expect_kind(&checkpoint, "kept", 0);
    expect_kind(&checkpoint, "moved", 0);
    expect_kind(&checkpoint, "taken", CKPT_INPUT_MISSING);
    expect_kind(&checkpoint, "rewritten", CKPT_INPUT_FILE);
    expect_kind(&checkpoint, "/proc/self/status", 0);
    munmap(checkpoint.bytes, checkpoint.size);
    unlink(run.checkpoint);
}

static void nothing_else_changes(const char *self)
{
    for (int traced = 0; traced < 2; traced++) {
        struct run run = start(self, "signals", "--inputs", traced ? "traced" : "none", NULL);
        expect_status(&run, PROGRAM_STATUS);
    }
}

static void what_cannot_be_followed_is_refused(const char *self)
{
    struct run run = start(self, "untraced", "--inputs", "traced", NULL);
    expect_status(&run, PROGRAM_STATUS);
    expect(said(&run, "CLONE_UNTRACED") && said(&run, "goes on"), "the reason is told");
    expect(access(run.checkpoint, F_OK) != 0, "no file");
}

/* Captured while it sleeps: from outside, with the thread's state as it is without. */
static void a_sleeping_thread_is_captured_alike(const char *self)
{
    static const char *const modes[] = {"none", "mapped", "traced"};
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        struct checkpoint checkpoint;
        char byte;
        struct run run = start(self, "sleep", "--inputs", modes[i], NULL);
        expect(read(run.output, &byte, 1) == 1, "it sleeps");
        sleep_ms(300);
        kill(run.ckpt, SIGUSR2);
        expect_status(&run, 0);
        if (!read_checkpoint(run.checkpoint, &checkpoint)) {
            expect(said(&run, "wrote"), "a checkpoint of a thread that sleeps");
            continue;
        }
        const struct ckpt_thread *thread = (const void *)(checkpoint.bytes + section(&checkpoint, CKPT_SECTION_THREADS)->offset);
        expect(thread->in_syscall && thread->syscall_number == SYS_clock_nanosleep && thread->syscall_result == -516, "its call");
        expect(thread->waited_ns > 100000000, "how long it had waited");
        if (i > 0)
            expect_kind(&checkpoint, self, CKPT_INPUT_FILE);
        if (i == 2)
            expect_kind(&checkpoint, "asked", CKPT_INPUT_FILE);
        munmap(checkpoint.bytes, checkpoint.size);
        unlink(run.checkpoint);
    }
}

static void what_others_change_is_refused(const char *self)
{
    char byte, path[WORK_PATH_BYTES];
    struct run run = start(self, "sleep", "--inputs", "traced", NULL);
    expect(read(run.output, &byte, 1) == 1, "it sleeps");
    work_path(path, "asked");
    write_file(path);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    expect(write(fd, "more", 4) == 4, "the file is changed");
    close(fd);
    kill(run.ckpt, SIGUSR2);
    for (int look = 0; look < 500; look++) {
        struct stat status;
        if (stat(run.messages, &status) == 0 && status.st_size > 0)
            break;
        sleep_ms(10);
    }
    expect(said(&run, "asked was changed by another program") && said(&run, "goes on"), "the change is told");
    expect(access(run.checkpoint, F_OK) != 0, "no file");
    kill(run.ckpt, SIGTERM); /* is passed on */
    int status = finish(&run);
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "ckpt dies as the program does");
}

/* The program goes on when its tracer is killed, wherever its threads stand. */
static void a_killed_tracer_harms_nobody(const char *self)
{
    unsigned seed = (unsigned)getpid();
    fprintf(stderr, "seed %u\n", seed);
    for (int i = 0; i < KILLS; i++) {
        uint32_t numbers[1024], next = 0;
        struct run run = start(self, "work", "--inputs", "traced", NULL);
        struct timespec wait = {0, rand_r(&seed) % 3000000};
        expect(read(run.output, &next, sizeof(next)) == sizeof(next) && next++ == 0, "it works");
        nanosleep(&wait, NULL);
        kill(run.ckpt, SIGKILL);
        waitpid(run.ckpt, NULL, 0);
        for (int rounds = 0; rounds < 20; rounds++) {
            ssize_t size = read(run.output, numbers, sizeof(numbers));
            expect(size > 0, "it goes on");
            for (ssize_t number = 0; number < size / (ssize_t)sizeof(*numbers); number++)
                expect(numbers[number] == next++, "numbers are complete and in order");
        }
        close(run.output); /* which ends it */
    }
}

static void usage_is_told(void)
{
    char number[16];
    int status;
    snprintf(number, sizeof(number), "%d", getpid());
    pid_t child = fork();
    if (child == 0) {
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
        execl(built_path("ckpt"), "ckpt", "--pid", number, "--inputs", "traced", (char *)NULL);
    }
    waitpid(child, &status, 0);
    expect(WIFEXITED(status) && WEXITSTATUS(status) == 2, "--pid does not go with traced");
}

int main(int argc, char **argv)
{
    char self[4096];
    ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (argc > 1)
        return run_program(argv[0][0] == '/' ? argv[0] : "/proc/self/exe", argv[1]);
    self[length > 0 ? length : 0] = 0;
    alarm(120); /* to hang is to fail */
    put_files();
    the_list_is_complete(self);
    put_files();
    nothing_else_changes(self);
    what_cannot_be_followed_is_refused(self);
    a_sleeping_thread_is_captured_alike(self);
    what_others_change_is_refused(self);
    a_killed_tracer_harms_nobody(self);
    usage_is_told();
    unlink("folder/by-child");
    expect(rmdir("folder") == 0, "the folder is empty");
    return failures != 0;
}
