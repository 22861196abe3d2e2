/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Snapshots (ckpt --cow) of programs that have something to lose by one: children of their own and their statuses, the
 * last place that a limit on processes leaves, open descriptors whose other end waits for them to be closed, and the
 * roles of a subreaper and of a container's first process. The snapshot must not show, or be refused in one line. One that
 * is killed must not give a checkpoint with holes.
 *
 * Runs the ckpt that was built with it.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/expect.h"
#include "src/test/c/support/work_folder.h"

#define CAPTURES 10
#define KILLS 20
#define MEMORY_BYTES (64u << 20) /* so that the snapshot is read for a while */
#define PIECE_BYTES (32u << 10)
#define NOBODY 65534

static void complain(const char *what)
{
    fprintf(stderr, "the captured program: %s\n", what);
    _exit(1);
}

struct place {
    const char *ckpt;
    char output[WORK_PATH_BYTES];
    char log[WORK_PATH_BYTES];
};

/* ---- the programs: each writes one byte when it is ready, and one for each round ---- */

static void say(int to)
{
    if (write(to, "", 1) != 1)
        complain("write failed");
}

static volatile sig_atomic_t ended_children;

static void on_child(int signal)
{
    (void)signal;
    ended_children++;
}

/* Whatever wait(2) gives is a child that was made, with the status that it ended with, and one signal came for it. */
static void make_children(int to)
{
    signal(SIGCHLD, on_child);
    for (int round = 0;; round++) {
        int status = 0, expected = round % 251;
        pid_t child = fork();
        if (child == 0)
            _exit(expected);
        if (child < 0)
            complain("fork failed");
        pid_t found;
        while ((found = waitpid(-1, &status, __WALL)) < 0 && errno == EINTR)
            ;
        if (found != child || !WIFEXITED(status) || WEXITSTATUS(status) != expected)
            complain("wait gave another process or status");
        while (ended_children < round + 1)
            sched_yield();
        if (ended_children != round + 1)
            complain("a signal came for no child");
        say(to);
    }
}

/* Its user may have no process more. */
static void be_limited(int to)
{
    struct rlimit none = {0, 0};
    int null = open("/dev/null", O_RDWR);
    dup2(null, 0);
    dup2(null, 2); /* a file that ckpt could not look at as that user */
    close(null);
    if (setrlimit(RLIMIT_NPROC, &none) != 0 || setresgid(NOBODY, NOBODY, NOBODY) != 0 ||
        setresuid(NOBODY, NOBODY, NOBODY) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        complain("becoming nobody failed");
    for (;;) {
        say(to);
        usleep(1000);
    }
}

/* Closes a pipe and sees its end at once: nobody else holds it. */
static void close_pipes(int to)
{
    for (;;) {
        int ends[2];
        if (pipe(ends) != 0)
            complain("pipe failed");
        usleep(1000);
        close(ends[1]);
        struct pollfd end = {.fd = ends[0], .events = POLLIN};
        if (poll(&end, 1, 0) != 1 || !(end.revents & POLLHUP))
            complain("a closed pipe is still open");
        close(ends[0]);
        say(to);
    }
}

static void complain_of_child(int signal)
{
    (void)signal;
    complain("a signal came for no child");
}

/* Who gets the children of others must not get the snapshot. */
static void look_for_children(int to)
{
    signal(SIGCHLD, complain_of_child);
    for (;;) {
        if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
            complain("it has a child");
        say(to);
        usleep(1000);
    }
}

static void be_subreaper(int to)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0)
        complain("becoming a subreaper failed");
    look_for_children(to);
}

/* One that is killed for what makes and reaps a snapshot, and for what gives the engine memory. */
static void be_filtered_subreaper(int to)
{
    static const struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_wait4, 5, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 4, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_munmap, 3, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 1, 0), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
    };
    const struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), (struct sock_filter *)filter};
    signal(SIGCHLD, complain_of_child);
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        complain("becoming a filtered subreaper failed");
    for (;;) {
        say(to);
        usleep(1000);
    }
}

/* ---- the test ---- */

struct subject {
    pid_t pid;
    int rounds;
};

static void await_round(const struct subject *subject)
{
    char rounds[4096];
    if (read(subject->rounds, rounds, sizeof(rounds)) <= 0) {
        fprintf(stderr, "failed: the program has ended\n");
        exit(1);
    }
}

/* In many mappings, each with a look and a read of its own, between which a snapshot may be killed. */
static void fill_memory(void)
{
    char *memory = mmap(NULL, 2 * MEMORY_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (char *piece = memory; piece < memory + 2 * MEMORY_BYTES; piece += 2 * PIECE_BYTES) {
        if (mprotect(piece, PIECE_BYTES, PROT_READ | PROT_WRITE) != 0)
            complain("mprotect failed");
        memset(piece, 1, PIECE_BYTES);
    }
}

static struct subject start_program(void (*body)(int), bool first_of_namespace)
{
    int ends[2];
    if (pipe(ends) != 0)
        exit(1);
    pid_t pid = first_of_namespace ? (pid_t)syscall(SYS_clone, CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0) : fork();
    struct subject subject = {pid, ends[0]};
    if (pid == 0) {
        dup2(ends[1], 1);
        for (int fd = 3; fd < 256; fd++) /* also pipes that the test's own starter left open */
            close(fd);
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        fill_memory();
        body(1);
    }
    close(ends[1]);
    if (pid > 0)
        await_round(&subject);
    return subject;
}

static void end_program(struct subject *subject)
{
    int status;
    for (int i = 0; i < 3; i++)
        await_round(subject);
    expect(waitpid(subject->pid, &status, WNOHANG) == 0, "the program is alive");
    kill(subject->pid, SIGKILL);
    waitpid(subject->pid, &status, 0);
    close(subject->rounds);
}

/* Runs ckpt as user; what it says is in place->log. */
static pid_t start_capture(const struct place *place, pid_t pid, uid_t user)
{
    char number[16];
    snprintf(number, sizeof(number), "%d", pid);
    pid_t child = fork();
    if (child == 0) {
        int log = open(place->log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        dup2(log, 2);
        if (user && (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0))
            _exit(126);
        execl(place->ckpt, "ckpt", "--pid", number, "--cow", "--allow", "children", "-o", place->output, (char *)NULL);
        _exit(127);
    }
    return child;
}

/* The same to its end. Returns its status. */
static int capture(const struct place *place, pid_t pid, uid_t user)
{
    int status;
    waitpid(start_capture(place, pid, user), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool log_has(const struct place *place, const char *text)
{
    char log[4096] = "";
    int fd = open(place->log, O_RDONLY | O_CLOEXEC);
    bool read_it = read(fd, log, sizeof(log) - 1) > 0;
    close(fd);
    const char *end = strchr(log, '\n');
    bool one_line = end && !end[1];
    if (read_it && one_line && strstr(log, text))
        return true;
    fprintf(stderr, "ckpt said: %s", log);
    return false;
}

/* As the kernel lists them, zombies of any kind included. */
static bool has_children(pid_t pid)
{
    char path[64], text[64];
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? 0 : read(fd, text, sizeof(text));
    close(fd);
    return size > 0;
}

static void is_not_seen(const struct place *place, struct subject subject, const char *what)
{
    for (int i = 0; i < CAPTURES; i++) {
        expect(capture(place, subject.pid, 0) == 0, what);
        await_round(&subject);
    }
    end_program(&subject);
}

static void leaves_no_child(const struct place *place, struct subject subject, const char *what)
{
    expect(capture(place, subject.pid, 0) == 0, what);
    expect(!has_children(subject.pid), what);
    is_not_seen(place, subject, what);
}

/* The snapshot, or the middle process on the way to it, is the other process in the program's group. */
static pid_t find_snapshot(pid_t program)
{
    pid_t found = 0;
    DIR *entries = opendir("/proc");
    for (struct dirent *entry; !found && (entry = readdir(entries)); ) {
        pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
        if (pid > 0 && pid != program && getpgid(pid) == program)
            found = pid;
    }
    closedir(entries);
    return found;
}

/* A snapshot that somebody kills gives no checkpoint, or it was read to its end before. */
static void killed_snapshot_gives_nothing(const struct place *place)
{
    struct subject subject = start_program(look_for_children, false);
    for (int i = 0; i < KILLS; i++) {
        int status = -1;
        pid_t copy = 0;
        unlink(place->output);
        pid_t engine = start_capture(place, subject.pid, 0);
        while (!copy && waitpid(engine, &status, WNOHANG) == 0)
            copy = find_snapshot(subject.pid);
        usleep((useconds_t)(i * 1000));
        if (copy) {
            kill(copy, SIGKILL);
            waitpid(engine, &status, 0);
        }
        struct stat file;
        if (status == 0)
            expect(stat(place->output, &file) == 0 && file.st_blocks * 512 > (off_t)MEMORY_BYTES, "it is whole");
        else
            expect(log_has(place, "it was killed"), "why there is none");
        await_round(&subject);
    }
    end_program(&subject);
}

static void is_refused(const struct place *place, struct subject subject, uid_t user, const char *words)
{
    unlink(place->output);
    expect(capture(place, subject.pid, user) == 1, words);
    expect(log_has(place, words), words);
    expect(log_has(place, "go without --cow"), "the advice");
    expect(access(place->output, F_OK) != 0, "no checkpoint");
    end_program(&subject);
}

int main(void)
{
    struct place place = {.ckpt = built_path("ckpt")};

    work_path(place.output, "saved.dat");
    work_path(place.log, "log");
    is_not_seen(&place, start_program(make_children, false), "a snapshot of a program with children");
    is_not_seen(&place, start_program(close_pipes, false), "a snapshot of a program that closes pipes");
    killed_snapshot_gives_nothing(&place);
    leaves_no_child(&place, start_program(look_for_children, false), "a snapshot");
    leaves_no_child(&place, start_program(be_subreaper, false), "a snapshot of a subreaper");
    if (geteuid() == 0) {
        expect(chown(work_folder(), NOBODY, NOBODY) == 0, "chown");
        is_refused(&place, start_program(be_limited, false), NOBODY, "it may have no more processes");
        leaves_no_child(&place, start_program(be_filtered_subreaper, false), "a snapshot of a subreaper under a filter");
        struct subject first = start_program(look_for_children, true);
        if (first.pid > 0)
            leaves_no_child(&place, first, "a snapshot of a container's first process");
        else
            fprintf(stderr, "skipped: no process namespaces here\n");
    } else {
        fprintf(stderr, "skipped: only root can become another user or make a process namespace\n");
    }
    unlink(place.output);
    unlink(place.log);
    expect(rmdir(work_folder()) == 0, "the directory is empty");
    return failures ? 1 : 0;
}
