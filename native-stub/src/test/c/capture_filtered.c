/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program whose threads wait under seccomp filters that kill for restart_syscall(2), by which the kernel goes on with a
 * wait that a stop broke off. After a capture, whether it succeeds or is refused, they wait on for what remained, and find
 * the times that they had asked for as they were. Where filters allow that call, it is what they go on by. Under ckpt, where
 * signals break waits off that nobody else would notice, they live on as well.
 *
 * Runs the ckpt that was built with it. Only root can capture threads under filters, and become the user who cannot.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "capture/filter_program.c"

#include "src/test/c/support/built_path.h"
#include "src/test/c/support/expect.h"
#include "src/test/c/support/work_folder.h"

#define NOBODY 65534
#define WAIT_MS 3000
#define CAPTURE_MS 2000
#define SIGNAL_MS 500
#define NUMBER offsetof(struct seccomp_data, nr)
#define COUNT(filter) (sizeof(filter) / sizeof((filter)[0]))

static const struct sock_filter kills[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_restart_syscall, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};
static const struct sock_filter allows[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mount, 0, 1),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
};

/* ---- the program ---- */

static int unchanged_word;
static struct timespec wait_time = {WAIT_MS / 1000, WAIT_MS % 1000 * 1000000}, rest, time_and_rest;
static char nothing;

static struct wait {
    long number, arguments[4];
    const struct sock_filter *filter;
    pid_t tid;
    /* filled by the thread */
    long result, third_argument;
    int64_t took_ms;
} waits[] = {
    {SYS_nanosleep, {(long)&wait_time}, .filter = kills},
    {SYS_nanosleep, {(long)&wait_time, (long)&rest}, .filter = kills},
    {SYS_nanosleep, {(long)&time_and_rest, (long)&time_and_rest}, .filter = kills},
    {SYS_clock_nanosleep, {CLOCK_MONOTONIC, 0, (long)&wait_time, 0}, .filter = kills},
    {SYS_poll, {(long)&nothing, 0, WAIT_MS}, .filter = kills},
    {SYS_futex, {(long)&unchanged_word, FUTEX_WAIT_PRIVATE, 0, (long)&wait_time}, .filter = kills},
    {SYS_poll, {(long)&nothing, 0, WAIT_MS}, .filter = allows},
    {SYS_nanosleep, {(long)&wait_time}, .filter = allows},
};
enum { WAITS = COUNT(waits) };

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* With what the register of the third argument holds afterwards. */
static long call(const long number, const long arguments[4], long *ret_third)
{
    register long fourth __asm__("r10") = arguments[3];
    long result, third = arguments[2];
    __asm__ volatile("syscall" : "=a"(result), "+d"(third) : "a"(number), "D"(arguments[0]), "S"(arguments[1]), "r"(fourth)
                     : "rcx", "r11", "memory");
    *ret_third = third;
    return result;
}

static void *wait_filtered(void *argument)
{
    struct wait *wait = argument;
    struct sock_fprog program = {4, (struct sock_filter *)wait->filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(1);
    int64_t start = now_ms();
    __atomic_store_n(&wait->tid, gettid(), __ATOMIC_RELEASE);
    wait->result = call(wait->number, wait->arguments, &wait->third_argument);
    wait->took_ms = now_ms() - start;
    return NULL;
}

/* Ignored, and so not seen by any program that is not traced. */
static void signal_all(void)
{
    for (int i = 0; i < WAITS; i++) {
        while (__atomic_load_n(&waits[i].tid, __ATOMIC_ACQUIRE) == 0)
            sched_yield();
        usleep(SIGNAL_MS * 1000 / WAITS);
        if (tgkill(getpid(), waits[i].tid, SIGCHLD) != 0)
            _exit(1);
    }
}

static void run_program(int report, bool signals)
{
    pthread_t threads[WAITS];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    close(2);
    if (open("/dev/null", O_RDWR) != 2) /* one that ckpt may look at as any user */
        _exit(1);
    time_and_rest = wait_time;
    for (int i = 0; i < WAITS; i++)
        if (pthread_create(&threads[i], NULL, wait_filtered, &waits[i]) != 0)
            _exit(1);
    if (signals)
        signal_all();
    for (int i = 0; i < WAITS; i++)
        pthread_join(threads[i], NULL);
    bool written = write(report, waits, sizeof(waits)) == sizeof(waits) &&
                   write(report, &wait_time, sizeof(wait_time)) == sizeof(wait_time);
    _exit(written ? 0 : 1);
}

/* ---- the test ---- */

static void become(uid_t user)
{
    if (user && (setresgid(user, user, user) != 0 || setresuid(user, user, user) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0))
        _exit(126);
}

static int capture(pid_t pid, uid_t user, const char *file, const char *mode)
{
    char number[16];
    int status;
    snprintf(number, sizeof(number), "%d", pid);
    const char *ckpt = built_path("ckpt");
    pid_t child = fork();
    if (child == 0) {
        become(user);
        if (user) /* the refusal is expected */
            dup2(open("/dev/null", O_WRONLY), 2);
        execl(ckpt, "ckpt", "--pid", number, mode, "--allow", "outside-pipe", "-o", file, (char *)NULL);
        _exit(127);
    }
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_wait(const char *what, int i, const struct wait *wait, int64_t late_ms, bool known)
{
    long expected = wait->number == SYS_futex ? -ETIMEDOUT : 0;
    bool in_time = wait->took_ms >= WAIT_MS - 1 && wait->took_ms < WAIT_MS + late_ms;
    bool unchanged = waits[i].filter == kills || !known || wait->third_argument == wait->arguments[2];
    if (wait->result == expected && in_time && unchanged)
        return;
    failures++;
    fprintf(stderr, "failed: %s: wait %d gave %ld after %lld ms, third argument %ld\n", what, i, wait->result,
            (long long)wait->took_ms, wait->third_argument);
}

/* Takes what the program writes when all waits are over, and its end. */
static void check_report(const char *what, pid_t child, int report, int64_t late_ms, bool known)
{
    struct wait told[WAITS]; /* with addresses of its own */
    struct timespec asked = {0};
    int status = -1;
    bool reported = read(report, told, sizeof(told)) == sizeof(told) && read(report, &asked, sizeof(asked)) == sizeof(asked);
    waitpid(child, &status, 0);
    if (!reported || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        failures++;
        fprintf(stderr, "failed: %s: the program ended with status 0x%x\n", what, status);
    }
    for (int i = 0; reported && i < WAITS; i++)
        check_wait(what, i, &told[i], late_ms, known);
    expect(!reported || memcmp(&asked, &wait_time, sizeof(asked)) == 0, "what the program asked for is unchanged");
    close(report);
}

static void wait_on_after(const char *what, uid_t user, const char *mode, int expected)
{
    char file[WORK_PATH_BYTES];
    struct timespec before = {CAPTURE_MS / 1000, CAPTURE_MS % 1000 * 1000000};
    int ends[2];
    work_path(file, "saved");
    if (pipe2(ends, O_CLOEXEC) != 0)
        err(1, "pipe");
    pid_t child = fork();
    if (child == 0) {
        become(user);
        run_program(ends[1], false);
    }
    close(ends[1]);
    nanosleep(&before, NULL); /* in the middle of the waits; what they check does not depend on where exactly */
    expect(capture(child, user, file, mode) == expected, what);
    check_report(what, child, ends[0], CAPTURE_MS - 500, expected == 0);
    unlink(file);
}

static void live_under_ckpt(void)
{
    int ends[2];
    if (pipe(ends) != 0)
        err(1, "pipe");
    char ckpt[WORK_PATH_BYTES], self[WORK_PATH_BYTES] = "";
    snprintf(ckpt, sizeof(ckpt), "%s", built_path("ckpt"));
    if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
        err(1, "/proc/self/exe");
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], 1);
        close_range(3, ~0U, 0);
        execl(ckpt, "ckpt", self, "program", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    check_report("under ckpt", child, ends[0], SIGNAL_MS + 1500, false);
}

/* ---- what filters decide ---- */

static void filters_decide(void)
{
    const struct sock_filter computes[] = { /* allows when (~nr & 0xff) == 0x24 and the upper half of the first argument is 1 */
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NUMBER), BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 0xff),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff), BPF_STMT(BPF_ST, 3), BPF_STMT(BPF_LDX | BPF_MEM, 3),
        BPF_STMT(BPF_LD | BPF_IMM, 0x24), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + 4),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 2, 1, 0), BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 1, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_LOG),
    };
    const struct sock_filter answers[] = {BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW), BPF_STMT(BPF_RET | BPF_A, 0)};
    const struct sock_filter endless[] = {BPF_STMT(BPF_LD | BPF_IMM, SECCOMP_RET_ALLOW)};
    struct seccomp_data data = {.nr = SYS_restart_syscall, .arch = AUDIT_ARCH_X86_64, .args = {UINT64_C(1) << 32}};
    expect(!filter_allows(kills, COUNT(kills), &data), "one that kills");
    expect(filter_allows(allows, COUNT(allows), &data), "one that allows");
    expect(filter_allows(computes, COUNT(computes), &data), "one that computes");
    expect(filter_allows(answers, COUNT(answers), &data), "one that answers what it has loaded");
    expect(!filter_allows(endless, COUNT(endless), &data), "one without an answer");
    data.args[0] = UINT64_C(2) << 32;
    expect(!filter_allows(computes, COUNT(computes), &data), "one that computes with another argument");
    data.nr = SYS_mount;
    expect(!filter_allows(allows, COUNT(allows), &data), "one that kills for another call");
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "program") == 0)
        run_program(1, true);
    filters_decide();
    live_under_ckpt();
    if (geteuid() != 0) {
        fprintf(stderr, "skipped: only root can capture threads under filters\n");
        return failures != 0;
    }
    expect(chown(work_folder(), NOBODY, NOBODY) == 0, "chown");
    wait_on_after("a capture", 0, "--continue", 0);
    wait_on_after("a snapshot", 0, "--cow", 0);
    wait_on_after("a refusal", NOBODY, "--continue", 1);
    return failures != 0;
}
