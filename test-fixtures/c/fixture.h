/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every fixture shares.
 *
 * A fixture sets up one kernel feature, calls ready_and_wait(), which prints READY and blocks in
 * read(0), then verifies everything and calls pass(). Between READY and the answer the process may
 * be captured and go on as another process: new pid and thread ids, new descriptors 0 to 2, later
 * time. A fixture must also pass when nothing happens in between, and must not depend on little
 * time having passed.
 *
 * Verdicts: "PASS" and status 0, "FAIL: …" and status 1, "SKIP: reason" and status 77.
 */
#ifndef UNDUMP_FIXTURE_H
#define UNDUMP_FIXTURE_H

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PAGE 4096ul
#define MIB (1024ul * 1024)
#define GIB (1024 * MIB)
#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

/* First call of main: answers --describe, remembers the process as it was before any capture. */
void fixture_begin(int argc, char **argv, const char *description);

/* The variant named in argv[1], or "" when there is none. */
const char *fixture_variant(void);

/* True when the variant's name is NAME. */
bool variant_is(const char *name);

void ready_and_wait(void);

/* The halves of ready_and_wait, for fixtures whose main thread waits in another way. */
void say_ready(void);
void wait_for_go(void);

/* True when this process is not the one that fixture_begin() saw. Works once launched only. */
bool was_launched(void);

/* To be called by every signal handler: an EINTR of the waiting read is an error without it. */
void note_handler(void);
int handler_runs(void);

__attribute__((noreturn)) void pass(void);
__attribute__((noreturn)) void pass_with_status(int status);
__attribute__((noreturn, format(printf, 1, 2))) void skip(const char *format, ...);
__attribute__((noreturn, format(printf, 1, 2))) void fail(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say(const char *format, ...);

#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_check(__FILE__, __LINE__, #condition, __VA_ARGS__);                               \
    } while (0)

#define CHECK_EQ(found, expected)                                                                  \
    fail_unless_equal(__FILE__, __LINE__, #found, (long long)(found), (long long)(expected))

/* A call of the set-up or of the verification that returns -1 on failure. Gives its value. */
#define MUST(call) must(__FILE__, __LINE__, #call, (long)(call))

/* A pthread call that returns an error number. */
#define MUST0(call) fail_unless_equal(__FILE__, __LINE__, #call, (long long)(call), 0)

__attribute__((noreturn, format(printf, 4, 5))) void fail_check(const char *file, int line,
                                                                const char *check,
                                                                const char *format, ...);
void fail_unless_equal(const char *file, int line, const char *check, long long found,
                       long long expected);
long must(const char *file, int line, const char *call, long result);

/* Memory. */
void *map_memory(size_t size, int protection, int extra_flags);
uint64_t pattern_word(uint64_t seed, size_t index);
void fill_pattern(void *memory, size_t size, uint64_t seed);
void check_pattern(const void *memory, size_t size, uint64_t seed, const char *what);
void check_zero(const void *memory, size_t size, const char *what);

/* Tries an access and gives 0, or the number of the signal that it raised. */
enum access_kind { ACCESS_READ, ACCESS_WRITE, ACCESS_EXECUTE };
int try_access(void *address, enum access_kind kind);
/* si_code of the last signal that try_access() met. */
int last_access_code(void);

/* Time. awake_ns() counts the time this process could run: of the time between a capture and a launch,
   at most 200 ms. In one process every gap between ticks counts, for that is a loaded machine's. */
int64_t now_ns(clockid_t clock);
struct timespec to_timespec(int64_t ns);
void start_awake_clock(void);
int64_t awake_ns(void);

/* Threads. */
pthread_t start_thread(void *(*body)(void *), void *argument);
void join_thread(pthread_t thread);
pid_t current_tid(void);
/* Waits until thread TID of this process sleeps in system call NR (-1: in any). */
void await_in_syscall(pid_t tid, long nr);
/* A flag that one thread raises and others wait for without a system call's timing. */
void raise_flag(volatile int *flag);
void await_flag(volatile int *flag);

#ifdef __cplusplus
}
#endif

#endif
