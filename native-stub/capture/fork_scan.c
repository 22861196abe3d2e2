/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "fork_scan.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "proc_files.h"
#include "tracing.h"

#define CODE_ROOM 256
#define FOUND_WORDS 8192 /* of the table of what was found, which may fill up many times */
#define LARGEST_SPAN (UINT32_C(1) << 22) /* PID_MAX_LIMIT of include/linux/threads.h */

/* Inputs: rdi, rsi: the ranges and the end of them; r8, r9: the table of found addresses and its end; edx: lowest id; r12d: highest
 * minus lowest; r10: a bit for each id. Between two runs rbx and rbp hold where it is. Clobbers rax, rcx, r11. A run ends at
 * its system call, when the table is full (r8 = r9) or all is done. */
__asm__(".pushsection .rodata\n"
        ".globl fork_scan_loop, fork_scan_go_on, fork_scan_end\n"
        "fork_scan_loop:\n"
        "1: cmp %rsi, %rdi\n"
        "   jae 5f\n"
        "   mov (%rdi), %rbx\n"
        "   mov 8(%rdi), %rbp\n"
        "   add $16, %rdi\n"
        "fork_scan_go_on:\n"
        "2: cmp %rbp, %rbx\n"
        "   jae 1b\n"
        "3: mov (%rbx), %rax\n"
        "   mov %eax, %r11d\n"
        "   sub %edx, %r11d\n"
        "   add $8, %rbx\n"
        "   cmp %r12d, %r11d\n"
        "   jbe 4f\n"
        "   cmp %rbp, %rbx\n"
        "   jb 3b\n"
        "   jmp 1b\n"
        "4: shr $32, %rax\n"
        "   cmp $65535, %eax\n"
        "   ja 2b\n"
        "   cmpq $0x3ff, (%rbx)\n" /* kind of a mutex, without elision; zero in a read-write lock */
        "   ja 2b\n"
        "   bt %r11d, (%r10)\n"
        "   jnc 2b\n"
        "   lea -8(%rbx), %rax\n"
        "   mov %rax, (%r8)\n"
        "   add $8, %r8\n"
        "   cmp %r9, %r8\n"
        "   jb 2b\n"
        "5: mov $39, %eax\n" /* getpid */
        "   syscall\n"
        "   ud2\n"
        "fork_scan_end:\n"
        ".popsection\n");
extern const uint8_t fork_scan_loop[], fork_scan_go_on[], fork_scan_end[];

struct scan_layout {
    uint64_t code, found, ids, ranges, size; /* from the start of the mapping */
};

static uint64_t align_page(uint64_t size)
{
    return (size + CKPT_PAGE_SIZE - 1) & ~(uint64_t)(CKPT_PAGE_SIZE - 1);
}

static struct scan_layout lay_out(const struct scan *scan)
{
    uint64_t span = scan->ids[scan->id_count - 1] - scan->ids[0] + 1;
    struct scan_layout layout = {.found = CODE_ROOM};
    layout.ids = layout.found + FOUND_WORDS * sizeof(uint64_t);
    layout.ranges = layout.ids + (span / 64 + 1) * sizeof(uint64_t);
    layout.size = align_page(layout.ranges + scan->range_count * sizeof(struct scan_range));
    return layout;
}

/* A fault sends a signal, whose action the kernel would change if it were blocked or ignored (kernel/signal.c, force_sig_info). */
static bool can_fault(const struct capture *child)
{
    AUTO_BUFFER struct buffer status = {0};
    if (read_proc(&status, "%d/status", child->pid) < 0)
        return false;
    uint64_t ignored = text_number((char *)status.data, "SigIgn:", 16, ~UINT64_C(0));
    return !(ignored & (UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1)));
}

static int put(const struct scan *scan, uint64_t address, const void *bytes, size_t size)
{
    return pwrite(scan->injector->capture->mem, bytes, size, (off_t)address) == (ssize_t)size ? 0 : -EIO;
}

static int write_tables(const struct scan *scan, const struct scan_layout *layout, uint64_t base)
{
    size_t size = layout->ranges - layout->ids;
    AUTO_FREE uint64_t *bits = calloc(1, size);
    AUTO_FREE struct scan_range *ranges = calloc(scan->range_count, sizeof(*ranges));
    if (!bits || !ranges)
        return -ENOMEM;
    for (size_t i = 0; i < scan->id_count; i++) {
        uint32_t bit = scan->ids[i] - scan->ids[0];
        bits[bit / 64] |= UINT64_C(1) << bit % 64;
    }
    for (size_t i = 0; i < scan->range_count; i++)
        ranges[i] = (struct scan_range){scan->ranges[i].start, scan->ranges[i].end - sizeof(uint64_t)};
    int error = put(scan, base + layout->code, fork_scan_loop, (size_t)(fork_scan_end - fork_scan_loop));
    if (error == 0)
        error = put(scan, base + layout->ids, bits, size);
    return error < 0 ? error : put(scan, base + layout->ranges, ranges, scan->range_count * sizeof(*ranges));
}

/* Lets the thread run to the system call that ends the loop; -ENOSYS when it met memory that it cannot read. */
static int run_to_end(pid_t tid, struct user_regs_struct *registers)
{
    struct stop stop;
    int error = trace_set_registers(tid, registers);
    if (error == 0)
        error = trace_resume_to_syscall(tid, 0);
    if (error == 0)
        error = wait_stop(tid, &stop);
    if (error == 0)
        error = trace_get_registers(tid, registers);
    if (error < 0)
        return error;
    return stop.kind == STOP_SYSCALL ? 0 : stop.kind == STOP_GONE ? -ECHILD : -ENOSYS;
}

static int take_found(const struct scan *scan, uint64_t start, uint64_t end)
{
    size_t size = end - start;
    AUTO_FREE uint64_t *addresses = malloc(FOUND_WORDS * sizeof(uint64_t));
    if (!addresses)
        return -ENOMEM;
    if (pread(scan->injector->capture->mem, addresses, size, (off_t)start) != (ssize_t)size)
        return -EIO;
    for (size_t i = 0; i < size / sizeof(*addresses); i++)
        scan->found(scan->context, addresses[i]);
    return 0;
}

static int run_loop(const struct scan *scan, const struct scan_layout *layout, uint64_t base)
{
    struct thread *thread = scan->injector->thread;
    struct user_regs_struct registers = thread->resume;
    uint64_t found = base + layout->found, found_end = layout->ids + base;
    const uint64_t go_on = base + layout->code + (uint64_t)(fork_scan_go_on - fork_scan_loop);
    registers.rip = base + layout->code;
    registers.rdi = base + layout->ranges;
    registers.rsi = registers.rdi + scan->range_count * sizeof(struct scan_range);
    registers.r9 = found_end;
    registers.rdx = scan->ids[0];
    registers.r12 = scan->ids[scan->id_count - 1] - scan->ids[0];
    registers.r10 = base + layout->ids;
    int error = trace_set_mask(thread->tid, ALL_SIGNALS & ~(UINT64_C(1) << (SIGSEGV - 1) | UINT64_C(1) << (SIGBUS - 1)));
    do {
        registers.r8 = found;
        registers.orig_rax = (uint64_t)-1;
        if (error == 0)
            error = run_to_end(thread->tid, &registers);
        uint64_t filled = registers.r8;
        if (error == 0)
            error = trace_run_to_syscall_stop(thread->tid, NULL); /* the end of that system call */
        if (error == 0)
            error = take_found(scan, found, filled);
        registers.rip = go_on;
        if (error < 0 || filled < found_end)
            break;
    } while (true);
    int masked = trace_set_mask(thread->tid, ALL_SIGNALS);
    return error < 0 ? error : masked;
}

static int scan_in_mapping(const struct scan *scan)
{
    struct injector *injector = scan->injector;
    struct scan_layout layout = lay_out(scan);
    int64_t base, unmapped;
    int error = inject_call(injector, &base, SYS_mmap, (const uint64_t[6]){0, layout.size, PROT_READ | PROT_WRITE | PROT_EXEC,
                                                                           MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0});
    if (error < 0 || base < 0)
        return error < 0 ? error : -ENOSYS; /* systems may forbid memory that is written and run */
    error = write_tables(scan, &layout, (uint64_t)base);
    if (error == 0)
        error = run_loop(scan, &layout, (uint64_t)base);
    int ended = inject_call(injector, &unmapped, SYS_munmap, (const uint64_t[6]){(uint64_t)base, layout.size});
    return error < 0 ? error : ended;
}

int scan_for_owners(const struct scan *scan)
{
    struct capture *child = scan->injector->capture;
    if (!scan->range_count)
        return 0;
    if (!can_fault(child) || scan->ids[scan->id_count - 1] - scan->ids[0] >= LARGEST_SPAN)
        return -ENOSYS;
    int error = inject_begin(scan->injector, &child->threads[0]);
    if (error < 0)
        return error;
    error = scan_in_mapping(scan);
    int end = inject_end(scan->injector);
    return error < 0 ? error : end;
}
