/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "inject.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "code.h"
#include "proc_files.h"
#include "tracing.h"

#define RED_ZONE 128            /* bytes below the stack pointer that are in use, x86-64 psABI 3.2.2 */
#define STACK_DISTANCE 65536    /* how far below a stack pointer the low end of a stack has to lie */
#define ZERO_WINDOWS 4096       /* looks per mapping for zero bytes */

bool survivable(const struct injector *injector)
{
    return injector->gadgets.returning.address && injector->gadgets.restorer;
}

static int describe(struct injector *injector, int error)
{
    struct capture *capture = injector->capture;
    if (error == -ESRCH)
        return refuse(capture->report, error, "capturing process %d: it was killed meanwhile", capture->pid);
    return refuse(capture->report, error, "calling the kernel in process %d: %s; try again", capture->pid,
                  strerror(-error));
}

/* What was looked for in the program's memory is not there: a program that was killed meanwhile has no memory left. */
static int describe_missing(struct injector *injector, const char *what)
{
    struct capture *capture = injector->capture;
    AUTO_BUFFER struct buffer maps = {0};
    if (read_proc(&maps, "%d/maps", capture->pid) < 0 || maps.size == 0 || !*maps.data)
        return describe(injector, -ESRCH);
    return refuse(capture->report, -ENOTSUP, "capturing process %d: %s", capture->pid, what);
}

/* ---- a place for the frame that makes the scratch ---- */

static bool all_zero(const uint8_t *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static bool far_from_threads(const struct capture *capture, uint64_t low, uint64_t high)
{
    for (size_t i = 0; i < capture->thread_count; i++)
        if (capture->threads[i].regs.rsp >= low && capture->threads[i].regs.rsp < high + STACK_DISTANCE)
            return false;
    return true;
}

/* Takes the place when it is better than the present one: rank 3 unused, 2 zero, 1 anything on a stack. */
static void offer_place(struct injector *injector, uint64_t address, struct thread *thread, int rank, int *best)
{
    struct borrowed_place *place = &injector->place;
    AUTO_FREE uint8_t *bytes = malloc(place->size);
    if (rank < *best || !bytes ||
        pread(injector->capture->mem, bytes, place->size, (off_t)address) != (ssize_t)place->size)
        return;
    bool zero = all_zero(bytes, place->size);
    if (rank == 3 && !zero)
        return;
    rank = zero && rank < 2 ? 2 : rank;
    if (rank <= *best)
        return;
    *best = rank;
    place->address = address;
    place->thread = thread;
    memcpy(place->bytes, bytes, place->size);
}

static void offer_mapping(struct injector *injector, const struct map_line *map, int *best)
{
    struct capture *capture = injector->capture;
    uint64_t size = injector->place.size;
    if (memcmp(map->access, "rw-p", 4) != 0)
        return;
    bool main_stack = map->name_length == 7 && memcmp(map->name, "[stack]", 7) == 0;
    if (main_stack && map->end - map->start > size + STACK_DISTANCE &&
        far_from_threads(capture, map->start, map->start + size))
        offer_place(injector, map->start, &capture->threads[0], 3, best);
    for (size_t i = 0; i < capture->thread_count && *best < 2; i++) {
        uint64_t stack = capture->threads[i].regs.rsp;
        if (stack < map->start || stack > map->end || stack - map->start < RED_ZONE + size + 64)
            continue;
        offer_place(injector, (stack - RED_ZONE - size) & ~UINT64_C(63), &capture->threads[i], main_stack ? 2 : 1, best);
    }
}

/* Where all threads stand near the low end of their stacks: zero bytes near the upper end of other memory. */
static void offer_zeros(struct injector *injector, const struct map_line *map, int *best)
{
    struct borrowed_place *place = &injector->place;
    if (*best || memcmp(map->access, "rw-p", 4) != 0 || map->inode || map->end - map->start < place->size)
        return;
    uint64_t at = (map->end - place->size) & ~UINT64_C(63);
    for (unsigned window = 0; window < ZERO_WINDOWS; window++) {
        size_t zeros = 0;
        if (pread(injector->capture->mem, place->bytes, place->size, (off_t)at) != (ssize_t)place->size)
            return;
        while (zeros < place->size && place->bytes[zeros] == 0)
            zeros++;
        if (zeros == place->size) {
            place->address = at;
            place->thread = &injector->capture->threads[0];
            *best = 1;
            return;
        }
        if (at + zeros < map->start + place->size)
            return;
        at = (at + zeros - place->size) & ~UINT64_C(63);
        if (at < map->start)
            return;
    }
}

static void offer_all(struct injector *injector, const struct buffer *maps, int *best,
                      void (*offer)(struct injector *, const struct map_line *, int *))
{
    for (char *line = (char *)maps->data; line && *line; ) {
        struct map_line map;
        if (parse_map_line(line, &map))
            offer(injector, &map, best);
        line = strchr(line, '\n');
        if (line)
            line++;
    }
}

static int choose_place(struct injector *injector)
{
    struct capture *capture = injector->capture;
    AUTO_BUFFER struct buffer maps = {0};
    injector->place.size = injector->frame_size + LEAST_ARGUMENTS;
    injector->place.bytes = malloc(injector->place.size);
    if (!injector->place.bytes)
        return describe(injector, -ENOMEM);
    int error = read_proc(&maps, "%d/maps", capture->pid);
    if (error < 0)
        return describe(injector, error);
    int best = 0;
    offer_all(injector, &maps, &best, offer_mapping);
    offer_all(injector, &maps, &best, offer_zeros);
    if (best)
        return 0;
    char missing[128];
    snprintf(missing, sizeof(missing), "it has no %zu bytes of unused stack or zero memory; try again",
             injector->place.size);
    return describe_missing(injector, missing);
}

/* ---- borrowing a thread ---- */

int inject_frame(struct injector *injector, const struct thread *thread, uint64_t address,
                 const struct user_regs_struct *registers, uint64_t mask, uint64_t *ret_stack)
{
    AUTO_FREE uint8_t *frame = malloc(injector->frame_size);
    if (!frame)
        return -ENOMEM;
    *ret_stack = build_signal_frame(frame, address, &injector->gadgets, registers, mask,
                                    injector->capture->xstates.data + thread->record.xstate_offset,
                                    thread->record.xstate_size);
    size_t size = signal_frame_size(thread->record.xstate_size);
    return pwrite(injector->capture->mem, frame, size, (off_t)address) == (ssize_t)size ? 0 : -errno;
}

/* Writes the frame that resumes thread, at address. */
static int write_frame(struct injector *injector, struct thread *thread, uint64_t address)
{
    struct user_regs_struct registers = thread->resume;
    if (kernel_restarts(&registers))
        wind_back(&registers); /* rt_sigreturn forgets what the kernel would restart */
    return inject_frame(injector, thread, address, &registers, thread->mask, &injector->stack);
}

int inject_begin(struct injector *injector, struct thread *thread)
{
    uint64_t address = injector->scratch ? injector->scratch : injector->place.address;
    if (survivable(injector)) {
        int error = write_frame(injector, thread, address);
        if (error < 0)
            return describe(injector, error);
    } else {
        injector->stack = (thread->regs.rsp - RED_ZONE) & ~UINT64_C(15);
    }
    injector->thread = thread;
    return 0;
}

int inject_call_from(struct injector *injector, uint64_t stack, int64_t *ret_result, pid_t *ret_child, long number,
                     const uint64_t arguments[6])
{
    struct thread *thread = injector->thread;
    struct user_regs_struct registers = thread->resume;
    uint64_t address = survivable(injector) ? injector->gadgets.returning.address : injector->gadgets.bare;
    set_syscall(&registers, address, stack, number, arguments);
    bool first = !thread->changed;
    thread->changed = true;
    /* Registers before mask: with the mask alone changed, a death of ours would leave all signals blocked. */
    int error = trace_set_registers(thread->tid, &registers);
    if (error == 0 && first)
        error = trace_set_mask(thread->tid, ALL_SIGNALS);
    if (error == 0)
        error = trace_run_to_syscall_stop(thread->tid, NULL);
    if (error == 0)
        error = trace_run_to_syscall_stop(thread->tid, ret_child);
    if (error == 0)
        error = trace_get_registers(thread->tid, &registers);
    if (error < 0)
        return describe(injector, error);
    *ret_result = (int64_t)registers.rax;
    return 0;
}

int inject_call(struct injector *injector, int64_t *ret_result, long number, const uint64_t arguments[6])
{
    return inject_call_from(injector, injector->stack, ret_result, NULL, number, arguments);
}

/* From a system call stop the kernel would not decide about a restart any more; from PTRACE_EVENT_STOP it does, with
 * the registers that we leave there (arch_do_signal_or_restart). */
static int stop_for_registers(struct thread *thread)
{
    int error = trace_interrupt(thread->tid);
    int signal = 0;
    while (error == 0) {
        struct stop stop;
        error = trace_resume(thread->tid, signal);
        if (error == 0)
            error = wait_stop(thread->tid, &stop);
        if (error < 0)
            break;
        if (stop.kind == STOP_GONE)
            return -ESRCH;
        thread->stopped_by_job |= stop.kind == STOP_GROUP;
        if (stop.kind == STOP_EVENT || stop.kind == STOP_GROUP)
            return 0;
        signal = stop.kind == STOP_SIGNAL ? stop.signal : 0;
    }
    return error;
}

int inject_end(struct injector *injector)
{
    struct thread *thread = injector->thread;
    injector->thread = NULL;
    if (!thread->changed)
        return 0;
    int error = stop_for_registers(thread);
    /* Mask before registers, for the reason given in inject_call. */
    if (error == 0)
        error = trace_set_mask(thread->tid, thread->mask);
    if (error == 0)
        error = trace_set_registers(thread->tid, &thread->resume);
    if (error == 0)
        thread->changed = false;
    return error < 0 ? describe(injector, error) : 0;
}

/* ---- the scratch ---- */

static void restore_place(struct injector *injector)
{
    struct borrowed_place *place = &injector->place;
    if (place->address && pwrite(injector->capture->mem, place->bytes, place->size, (off_t)place->address) < 0)
        return; /* the program is gone */
}

/* One call whose frame lies on the borrowed place. */
static int call_on_place(struct injector *injector, int64_t *ret_result, long number, const uint64_t arguments[6])
{
    int error = inject_begin(injector, injector->place.thread);
    if (error == 0) {
        error = inject_call(injector, ret_result, number, arguments);
        int end = inject_end(injector);
        error = error < 0 ? error : end;
    }
    restore_place(injector);
    return error;
}

/* Gives a program the code that it lacks, in zero bytes behind the end of its code. */
static void borrow_code(struct injector *injector)
{
    struct gadgets gadgets = {0};
    uint8_t code[CODE_BYTES], present[CODE_BYTES];
    uint64_t address = injector->gadgets.tail;
    if (!address || pread(injector->capture->mem, present, sizeof(present), (off_t)address) != sizeof(present) ||
        !all_zero(present, sizeof(present)))
        return;
    provide_gadgets(code, address, &gadgets);
    if (pwrite(injector->capture->mem, code, sizeof(code), (off_t)address) == sizeof(code)) {
        injector->gadgets = gadgets;
        injector->code = address;
    }
}

static void return_code(struct injector *injector)
{
    static const uint8_t zero[CODE_BYTES];
    if (injector->code && pwrite(injector->capture->mem, zero, sizeof(zero), (off_t)injector->code) < 0)
        return; /* the program is gone */
    injector->code = 0;
}

static int make_scratch(struct injector *injector, uint64_t arguments_size)
{
    int64_t address;
    uint64_t size = (injector->frame_size + arguments_size + CKPT_PAGE_SIZE - 1) & ~(uint64_t)(CKPT_PAGE_SIZE - 1);
    uint64_t arguments[6] = {0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, (uint64_t)-1, 0};
    int error = call_on_place(injector, &address, SYS_mmap, arguments);
    if (error < 0)
        return error;
    injector->arguments_size = LEAST_ARGUMENTS;
    if (address > 0) { /* else a limit forbids it, and the place has to serve for all calls */
        injector->scratch = (uint64_t)address;
        injector->scratch_size = size;
        injector->arguments_size = arguments_size;
    }
    injector->arguments = (injector->scratch ? injector->scratch : injector->place.address) + injector->frame_size;
    return 0;
}

int injector_open(struct injector *injector, struct capture *capture, uint64_t arguments_size)
{
    *injector = (struct injector){.capture = capture};
    if (!check_code(capture))
        find_code(capture);
    if (!capture->gadgets.bare)
        return describe_missing(injector, "its code has no syscall instruction, which its state is asked through");
    injector->gadgets = capture->gadgets;
    if (!survivable(injector))
        borrow_code(injector);
    size_t largest = 0;
    for (size_t i = 0; i < capture->thread_count; i++)
        if (capture->threads[i].record.xstate_size > largest)
            largest = capture->threads[i].record.xstate_size;
    injector->frame_size = signal_frame_size(largest);
    int error = choose_place(injector);
    return error < 0 ? error : make_scratch(injector, arguments_size);
}

int inject_read(struct injector *injector, size_t offset, void *ret, size_t size)
{
    ssize_t count = pread(injector->capture->mem, ret, size, (off_t)(injector->arguments + offset));
    return count == (ssize_t)size ? 0 : describe(injector, count < 0 ? -errno : -EIO);
}

void injector_close(struct injector *injector)
{
    if (injector->thread)
        inject_end(injector);
    if (injector->scratch) {
        int64_t result;
        uint64_t arguments[6] = {injector->scratch, injector->scratch_size};
        injector->scratch = 0;
        call_on_place(injector, &result, SYS_munmap, arguments);
    }
    restore_place(injector);
    return_code(injector);
    free(injector->place.bytes);
    injector->place = (struct borrowed_place){0};
}
