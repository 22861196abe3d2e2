/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "naive.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

enum { STATUS_FAIL = 1, STATUS_SKIP = 77, MESSAGE_MAX = 1024, TICK_MS = 5, GAP_MS = 200 };

static const char *variant = "";
static pid_t first_pid;
static volatile sig_atomic_t handlers;
static volatile int64_t awake_total;

static pid_t real_pid(void) {
    return (pid_t)syscall(SYS_getpid);
}

void fixture_begin(int argc, char **argv, const char *description) {
    if (argc > 1 && strcmp(argv[1], "--describe") == 0) {
        say("%s\n", description);
        _exit(0);
    }
    if (argc > 1)
        variant = argv[1];
    first_pid = real_pid();
}

const char *fixture_variant(void) {
    return variant;
}

bool variant_is(const char *name) {
    return strcmp(variant, name) == 0;
}

bool was_launched(void) {
    return real_pid() != first_pid;
}

void note_handler(void) {
    __atomic_add_fetch(&handlers, 1, __ATOMIC_SEQ_CST);
}

int handler_runs(void) {
    return handlers;
}

/* Formats on the stack and writes once: no stdio buffer, no heap, safe in any thread. */
static void say_list(const char *format, va_list arguments) {
    char text[MESSAGE_MAX];
    int length = vsnprintf(text, sizeof text, format, arguments);
    size_t end = length < MESSAGE_MAX ? (size_t)length : MESSAGE_MAX - 1;
    for (size_t done = 0; done < end;) {
        ssize_t count = write(STDOUT_FILENO, text + done, end - done);
        if (count < 0 && errno != EINTR)
            break;
        done += count > 0 ? (size_t)count : 0;
    }
}

void say(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say_list(format, arguments);
    va_end(arguments);
}

void say_ready(void) {
    naive_if_asked();
    say("READY\n");
}

void wait_for_go(void) {
    char line[64];
    int before = handlers;
    while (read(STDIN_FILENO, line, sizeof line) < 0 && errno == EINTR) {
        CHECK(handlers != before, "read(0) gave EINTR and no handler had run");
        before = handlers;
    }
}

void ready_and_wait(void) {
    say_ready();
    wait_for_go();
}

void pass_with_status(int status) {
    say("PASS\n");
    _exit(status);
}

void pass(void) {
    pass_with_status(0);
}

void skip(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say("SKIP: ");
    say_list(format, arguments);
    say("\n");
    va_end(arguments);
    _exit(STATUS_SKIP);
}

void fail(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    say("FAIL: ");
    say_list(format, arguments);
    say("\n");
    va_end(arguments);
    _exit(STATUS_FAIL);
}

void fail_check(const char *file, int line, const char *check, const char *format, ...) {
    char detail[MESSAGE_MAX / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    fail("%s:%d: %s: %s", file, line, check, detail);
}

void fail_unless_equal(const char *file, int line, const char *check, long long found,
                       long long expected) {
    if (found != expected)
        fail("%s:%d: %s: expected %lld (0x%llx), found %lld (0x%llx)", file, line, check, expected,
             (unsigned long long)expected, found, (unsigned long long)found);
}

long must(const char *file, int line, const char *call, long result) {
    if (result == -1)
        fail("%s:%d: %s: %s", file, line, call, strerror(errno));
    return result;
}

void *map_memory(size_t size, int protection, int extra_flags) {
    int sharing = extra_flags & MAP_SHARED ? 0 : MAP_PRIVATE;
    void *memory = mmap(NULL, size, protection, sharing | MAP_ANONYMOUS | extra_flags, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap of %zu bytes: %s", size, strerror(errno));
    return memory;
}

/* One step of splitmix64: words at neighbouring indices have nothing in common. */
uint64_t pattern_word(uint64_t seed, size_t index) {
    uint64_t z = (seed + 1) * 0x9e3779b97f4a7c15u + index * 0xd1342543de82ef95u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void fill_pattern(void *memory, size_t size, uint64_t seed) {
    uint64_t *words = (uint64_t *)memory;
    for (size_t i = 0; i < size / sizeof *words; i++)
        words[i] = pattern_word(seed, i);
}

void check_pattern(const void *memory, size_t size, uint64_t seed, const char *what) {
    const uint64_t *words = (const uint64_t *)memory;
    for (size_t i = 0; i < size / sizeof *words; i++)
        CHECK(words[i] == pattern_word(seed, i), "%s at %p + 0x%zx: expected 0x%llx, found 0x%llx",
              what, memory, i * sizeof *words, (unsigned long long)pattern_word(seed, i),
              (unsigned long long)words[i]);
}

void check_zero(const void *memory, size_t size, const char *what) {
    const uint64_t *words = (const uint64_t *)memory;
    for (size_t i = 0; i < size / sizeof *words; i++)
        CHECK(words[i] == 0, "%s at %p + 0x%zx: expected 0, found 0x%llx", what, memory,
              i * sizeof *words, (unsigned long long)words[i]);
}

static __thread sigjmp_buf access_escape;
static __thread volatile int access_code;

static void on_access_signal(int signal_number, siginfo_t *info, void *context) {
    (void)context;
    access_code = info->si_code;
    siglongjmp(access_escape, signal_number);
}

int try_access(void *address, enum access_kind kind) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL};
    struct sigaction old[3];
    struct sigaction action = {.sa_flags = SA_SIGINFO | SA_NODEFER};
    action.sa_sigaction = on_access_signal;
    for (int i = 0; i < 3; i++)
        MUST(sigaction(signals[i], &action, &old[i]));
    int met = sigsetjmp(access_escape, 1);
    if (met == 0 && kind == ACCESS_READ)
        (void)*(volatile char *)address;
    if (met == 0 && kind == ACCESS_WRITE)
        *(volatile char *)address = *(volatile char *)address;
    if (met == 0 && kind == ACCESS_EXECUTE)
        ((void (*)(void))address)();
    for (int i = 0; i < 3; i++)
        MUST(sigaction(signals[i], &old[i], NULL));
    return met;
}

int last_access_code(void) {
    return access_code;
}

int64_t now_ns(clockid_t clock) {
    struct timespec now;
    MUST(clock_gettime(clock, &now));
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

struct timespec to_timespec(int64_t ns) {
    return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

static void *tick(void *unused) {
    (void)unused;
    int64_t last = now_ns(CLOCK_MONOTONIC);
    pid_t last_pid = real_pid();
    for (;;) {
        struct timespec pause = to_timespec(TICK_MS * NS_PER_MS);
        nanosleep(&pause, NULL);
        int64_t now = now_ns(CLOCK_MONOTONIC);
        int64_t step = now - last;
        bool launched = real_pid() != last_pid;
        last = now;
        last_pid = real_pid();
        if (launched && step > GAP_MS * NS_PER_MS)
            step = GAP_MS * NS_PER_MS;
        __atomic_add_fetch(&awake_total, step, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

void start_awake_clock(void) {
    sigset_t all, old;
    sigfillset(&all);
    MUST0(pthread_sigmask(SIG_SETMASK, &all, &old));
    pthread_detach(start_thread(tick, NULL));
    MUST0(pthread_sigmask(SIG_SETMASK, &old, NULL));
}

int64_t awake_ns(void) {
    return __atomic_load_n(&awake_total, __ATOMIC_SEQ_CST);
}

pthread_t start_thread(void *(*body)(void *), void *argument) {
    pthread_t thread;
    MUST0(pthread_create(&thread, NULL, body, argument));
    return thread;
}

void join_thread(pthread_t thread) {
    MUST0(pthread_join(thread, NULL));
}

pid_t current_tid(void) {
    return (pid_t)syscall(SYS_gettid);
}

void await_in_syscall(pid_t tid, long nr) {
    char path[64], text[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)tid);
    for (;;) {
        int fd = (int)MUST(open(path, O_RDONLY | O_CLOEXEC));
        ssize_t count = MUST(read(fd, text, sizeof text - 1));
        close(fd);
        text[count] = 0;
        char *end;
        long found = strtol(text, &end, 10);
        if (end != text && found >= 0 && (nr < 0 || found == nr))
            return;
        struct timespec pause = to_timespec(NS_PER_MS);
        nanosleep(&pause, NULL);
    }
}

void raise_flag(volatile int *flag) {
    __atomic_store_n(flag, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, flag, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
}

void await_flag(volatile int *flag) {
    while (!__atomic_load_n(flag, __ATOMIC_SEQ_CST))
        if (syscall(SYS_futex, flag, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0) < 0)
            CHECK(errno == EAGAIN, "futex wait of a flag: %s", strerror(errno));
}
