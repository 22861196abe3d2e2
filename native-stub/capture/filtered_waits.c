/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "filtered_waits.h"

#include <linux/audit.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "filter_program.h"
#include "freeze_steps.h"
#include "proc_files.h"
#include "tracing.h"

#define SECOND_NS UINT64_C(1000000000)
#define LONGEST_S 1000000000 /* nobody sees a difference in waits that are longer */
#define SLEEP_TIMEOUT_NS (5 * SECOND_NS)
#define LONG_PAST_CALL_NS 1000000 /* of the processor's time */

bool has_filtered_wait(pid_t pid, pid_t tid, const struct user_regs_struct *registers)
{
    AUTO_BUFFER struct buffer status = {0};
    return kernel_renumbers(registers) && read_proc(&status, "%d/task/%d/status", pid, tid) == 0 &&
           text_number((char *)status.data, "Seccomp:", 10, 0) != 0;
}

static bool may_be_renumbered(const struct capture *capture, const struct thread *thread)
{
    const struct ckpt_filter *filters = (const struct ckpt_filter *)(const void *)capture->filters.data;
    const struct user_regs_struct *regs = &thread->regs;
    const struct seccomp_data call = {
        .nr = SYS_restart_syscall, .arch = AUDIT_ARCH_X86_64, .instruction_pointer = regs->rip,
        .args = {regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9},
    };
    for (uint32_t i = 0; i < thread->rights.filter_count; i++) {
        const struct ckpt_string *text = &filters[thread->rights.first_filter + i].instructions;
        const void *instructions = capture->strings.data + text->offset;
        if (!filter_allows(instructions, text->length / sizeof(struct sock_filter), &call))
            return false;
    }
    return thread->rights.filter_count != 0; /* else they are not known */
}

/* ---- what remains ---- */

static uint64_t nanoseconds(const struct timespec *time)
{
    return (uint64_t)time->tv_sec * SECOND_NS + (uint64_t)time->tv_nsec;
}

static bool read_span(const struct capture *capture, uint64_t address, struct timespec *ret)
{
    return address && pread(capture->mem, ret, sizeof(*ret), (off_t)address) == sizeof(*ret) &&
           (uint64_t)ret->tv_sec < LONGEST_S && (uint64_t)ret->tv_nsec < SECOND_NS;
}

/* Of a wait that the program asked so much for. */
static uint64_t remaining(const struct capture *capture, const struct thread *thread, uint64_t rest_address, uint64_t asked_ns)
{
    struct timespec rest;
    uint64_t end, now = now_ns(CLOCK_MONOTONIC);
    if (read_span(capture, rest_address, &rest))
        end = thread->stopped_ns + nanoseconds(&rest);
    else
        end = capture->frozen_since - thread->waited_ns + asked_ns;
    uint64_t left = end > now ? end - now : 0;
    return left < asked_ns ? left : asked_ns;
}

/* ---- giving it ---- */

/* Memory that is only read takes bytes through /proc/PID/mem, by some kernels' rules while its main thread is traced. */
static bool write_span(const struct capture *capture, const struct thread *thread, uint64_t address, struct timespec *span)
{
    struct iovec local = {span, sizeof(*span)}, remote = {(void *)(uintptr_t)address, sizeof(*span)};
    if (process_vm_writev(capture->pid, &local, 1, &remote, 1, 0) == sizeof(*span))
        return true;
    return thread->tid != capture->pid && pwrite(capture->mem, span, sizeof(*span), (off_t)address) == sizeof(*span);
}

/* Nanoseconds that it has had of the processors. */
static uint64_t time_run(const struct capture *capture, const struct thread *thread)
{
    AUTO_BUFFER struct buffer text = {0};
    return read_proc(&text, "%d/task/%d/schedstat", capture->pid, thread->tid) == 0 ? strtoull((char *)text.data, NULL, 10) : 0;
}

/* Until the kernel has surely read what lies in memory: the call is the first thing that the thread does. */
static void await_sleep(const struct capture *capture, const struct thread *thread, uint64_t run_before)
{
    AUTO_BUFFER struct buffer stat = {0};
    uint64_t deadline = now_ns(CLOCK_MONOTONIC) + SLEEP_TIMEOUT_NS;
    struct timespec moment = {0, 20000};
    while (read_proc(&stat, "%d/task/%d/stat", capture->pid, thread->tid) == 0 &&
           strchr("RD", stat_state((char *)stat.data)) && now_ns(CLOCK_MONOTONIC) < deadline &&
           time_run(capture, thread) - run_before < LONG_PAST_CALL_NS)
        nanosleep(&moment, NULL);
}

static void go_on_with_rest(struct capture *capture, struct thread *thread)
{
    struct wait_span span = find_wait_span(&thread->resume);
    struct timespec asked;
    if (span.ms > 0) {
        uint64_t left = remaining(capture, thread, 0, (uint64_t)span.ms * 1000000);
        set_wait_ms(&thread->resume, (int32_t)((left + 999999) / 1000000));
        trace_set_registers(thread->tid, &thread->resume);
    } else if (capture->all_stand && read_span(capture, span.address, &asked)) {
        uint64_t run_before = time_run(capture, thread), left = remaining(capture, thread, span.rest, nanoseconds(&asked));
        struct timespec rest = {(time_t)(left / SECOND_NS), (long)(left % SECOND_NS)};
        if (!write_span(capture, thread, span.address, &rest))
            return;
        release_thread(capture, thread);
        await_sleep(capture, thread, run_before);
        write_span(capture, thread, span.address, &asked);
    }
}

void go_on_with_filtered_waits(struct capture *capture)
{
    for (size_t i = capture->thread_count; i-- > 0; ) {
        struct thread *thread = &capture->threads[i];
        if (!thread->keeps_number || !thread->held || thread->changed || thread->stopped_by_job)
            continue;
        if (may_be_renumbered(capture, thread)) {
            allow_renumbering(&thread->resume);
            trace_set_registers(thread->tid, &thread->resume);
        } else {
            go_on_with_rest(capture, thread);
        }
    }
}
