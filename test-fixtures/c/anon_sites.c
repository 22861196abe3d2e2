/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads are captured while they stand inside or right beside the instructions that call the kernel about memory:
 * `busy` ones in a loop, `signals` also in handlers that interrupt it anywhere, `steps` in a handler of the trap after
 * each single instruction of the way through such a call, so that a saved frame points at each of them.
 */
#include "areas.h"
#include "naive.h"

#include <limits.h>
#include <sched.h>
#include <sys/syscall.h>
#include <ucontext.h>

enum { LOOPS = 6, AFTER = 100, SIGNALS = 200, PAUSE_NS = 200000, SLICE = 64, STEPPERS_MAX = 400, TRAP_FLAG = 0x100, STEP_STACK = 64 * 1024 };

static volatile int stop, running, begin;
static struct area *area;

/* ---- loops ---- */

static __thread unsigned char *handler_memory;

static unsigned char *slice_of(size_t index) {
    return area_page(area, index * SLICE);
}

static void discard_once(size_t self, unsigned char *memory, uint64_t round) {
    uint64_t *words = (uint64_t *)(void *)memory;
    size_t size = (round % 2 ? SLICE : 3) * PAGE;
    fill_pattern(memory + PAGE, 64, round);
    words[0] = round;
    long result = self % 3 == 0   ? madvise(memory, size, MADV_DONTNEED)
                  : self % 3 == 1 ? syscall(SYS_madvise, memory, size, MADV_DONTNEED)
                                  : call_madvise(memory, size, MADV_DONTNEED);
    CHECK(result == 0, "madvise: errno %d", errno);
    CHECK(words[0] == 0, "a discarded word is 0x%llx", (unsigned long long)words[0]);
    check_zero(memory + PAGE, 64, "a discarded page");
}

/* Between two places and two sizes, with its contents. */
static unsigned char *move_once(unsigned char *memory, unsigned char *places, uint64_t round) {
    unsigned char *target = places + (round % 2) * 4 * SLICE * PAGE;
    check_pattern(memory, SLICE * PAGE, 5, "a moved slice");
    unsigned char *there = memory == target ? memory
                                            : mremap(memory, SLICE * PAGE, (SLICE + 4) * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
    CHECK(there == target, "mremap: errno %d", errno);
    if (there == memory)
        return there;
    check_zero(there + SLICE * PAGE, 4 * PAGE, "growth of a moved slice");
    memset(there + SLICE * PAGE, 1, 4 * PAGE);
    CHECK(mremap(there, (SLICE + 4) * PAGE, SLICE * PAGE, 0, NULL) == there, "shrinking: errno %d", errno);
    return there;
}

static void unmap_once(unsigned char *memory) {
    memory[7 * PAGE] = 9;
    MUST(munmap(memory + 7 * PAGE, 2 * PAGE));
    void *there = mmap(memory + 7 * PAGE, 2 * PAGE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(there == memory + 7 * PAGE, "mmap: errno %d", errno);
    CHECK(memory[7 * PAGE] == 0, "a new page is not zero");
}

static void *loop(void *argument) {
    size_t self = (size_t)argument;
    unsigned char *memory = slice_of(self), *places = map_memory(8 * SLICE * PAGE, PROT_NONE, MAP_NORESERVE);
    if (self == 4)
        fill_pattern(memory, SLICE * PAGE, 5);
    handler_memory = map_memory(SLICE * PAGE, PROT_READ | PROT_WRITE, 0);
    __atomic_add_fetch(&running, 1, __ATOMIC_SEQ_CST);
    await_flag(&begin); /* nobody maps memory from now on: he might get addresses that a move has just left */
    for (uint64_t round = 0, left = AFTER; left > 0; round++) {
        if (self == 4)
            memory = move_once(memory, places, round);
        else if (self == 5)
            unmap_once(memory);
        else
            discard_once(self, memory, round);
        left -= __atomic_load_n(&stop, __ATOMIC_SEQ_CST) ? 1 : 0;
    }
    return NULL;
}

/* ---- signals that interrupt them ---- */

static pthread_t loops[LOOPS];
static volatile int ended;

static void on_signal(int unused) {
    int saved = errno;
    (void)unused;
    note_handler();
    discard_once(0, handler_memory, 1);
    errno = saved;
}

static void *send_signals(void *unused) {
    while (!__atomic_load_n(&ended, __ATOMIC_SEQ_CST)) {
        for (int i = 0; i < LOOPS; i++)
            pthread_kill(loops[i], SIGUSR1);
        struct timespec pause = to_timespec(PAUSE_NS); /* the loops are to run, too */
        nanosleep(&pause, NULL);
    }
    return unused;
}

static void capture_loops(bool with_signals) {
    pthread_t sender;
    signal(SIGUSR1, on_signal);
    for (size_t i = 0; i < LOOPS; i++)
        loops[i] = start_thread(loop, (void *)i);
    while (__atomic_load_n(&running, __ATOMIC_SEQ_CST) < LOOPS)
        sched_yield();
    if (with_signals)
        sender = start_thread(send_signals, NULL);
    naive_if_asked();
    raise_flag(&begin);

    ready_and_wait();

    if (with_signals) { /* while the loops run: the sender must not meet a thread that has ended */
        int before = handler_runs();
        while (handler_runs() < before + SIGNALS)
            sched_yield();
        ended = 1;
        join_thread(sender);
    }
    stop = 1;
    for (int i = 0; i < LOOPS; i++)
        join_thread(loops[i]);
}

/* ---- single steps ---- */

struct stepper {
    size_t way, stop_at;
    unsigned char *memory;
    volatile int ready;
};

static struct stepper steppers[STEPPERS_MAX];
static __thread struct stepper *self;
static __thread size_t steps;
static volatile int go_on;

static void on_trap(int unused, siginfo_t *info, void *context) {
    (void)unused;
    (void)info;
    if (++steps != self->stop_at)
        return;
    raise_flag(&self->ready);
    await_flag(&go_on);
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &= ~TRAP_FLAG;
}

#define SET_TRAP_FLAG() __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushf\n\torq $0x100, (%%rsp)\n\tpopf\n\tlea 128(%%rsp), %%rsp" ::: "memory", "cc")
#define CLEAR_TRAP_FLAG() __asm__ volatile("lea -128(%%rsp), %%rsp\n\tpushf\n\tandq $~0x100, (%%rsp)\n\tpopf\n\tlea 128(%%rsp), %%rsp" ::: "memory", "cc")

static long asm_madvise(void *memory, size_t size) {
    long result;
    __asm__ volatile("mov $28, %%eax\n\tsyscall\n\tnop"
                     : "=&a"(result)
                     : "D"(memory), "S"(size), "d"((long)MADV_DONTNEED)
                     : "rcx", "r11", "memory", "cc");
    return result;
}

enum { WAYS = 4 };

/* Steps through one call. The dynamic linker has found the functions before. */
static void step_through(struct stepper *stepper) {
    unsigned char *memory = stepper->memory;
    long result = 0;
    self = stepper;
    steps = 0;
    SET_TRAP_FLAG();
    switch (stepper->way) {
    case 0:
        result = madvise(memory, SLICE / 2 * PAGE, MADV_DONTNEED);
        break;
    case 1:
        result = syscall(SYS_madvise, memory, SLICE / 2 * PAGE, MADV_DONTNEED);
        break;
    case 2:
        result = asm_madvise(memory, SLICE / 2 * PAGE);
        break;
    default:
        result = mremap(memory, SLICE * PAGE, SLICE / 2 * PAGE, 0, NULL) == memory ? 0 : -1;
        break;
    }
    CLEAR_TRAP_FLAG();
    CHECK(result == 0, "way %zu, step %zu: result %ld", stepper->way, stepper->stop_at, result);
}

static void check_stepped(const struct stepper *stepper) {
    unsigned char *memory = stepper->memory;
    if (stepper->way < 3) {
        check_zero(memory, SLICE / 2 * PAGE, "pages discarded in single steps");
        fill_pattern(memory, PAGE, 1);
        CHECK_EQ(((uint64_t *)(void *)(memory + SLICE / 2 * PAGE))[0], pattern_word(4, SLICE / 2 * PAGE / 8));
        return;
    }
    CHECK_EQ(try_access(memory + SLICE / 2 * PAGE, ACCESS_READ), SIGSEGV);
    check_pattern(memory, SLICE / 2 * PAGE, 4, "pages kept by mremap in single steps");
}

static void *step_body(void *argument) {
    step_through(argument);
    return NULL;
}

static size_t count_steps(size_t way) {
    struct stepper trial = {.way = way, .stop_at = SIZE_MAX, .memory = map_memory(SLICE * PAGE, PROT_READ | PROT_WRITE, 0)};
    step_through(&trial); /* once for the dynamic linker */
    trial.memory = map_memory(SLICE * PAGE, PROT_READ | PROT_WRITE, 0);
    step_through(&trial);
    return steps;
}

static void capture_steps(void) {
    struct sigaction action = {.sa_flags = SA_SIGINFO};
    pthread_t threads[STEPPERS_MAX];
    pthread_attr_t attributes;
    size_t count = 0;
    action.sa_sigaction = on_trap;
    MUST(sigaction(SIGTRAP, &action, NULL));
    MUST0(pthread_attr_init(&attributes));
    MUST0(pthread_attr_setstacksize(&attributes, STEP_STACK));
    for (size_t way = 0; way < WAYS; way++)
        for (size_t step = 1, last = count_steps(way); step <= last && count < STEPPERS_MAX; step++, count++) {
            unsigned char *memory = map_memory(SLICE * PAGE, PROT_READ | PROT_WRITE, 0);
            fill_pattern(memory, SLICE * PAGE, 4);
            steppers[count] = (struct stepper){.way = way, .stop_at = step, .memory = memory};
            MUST0(pthread_create(&threads[count], &attributes, step_body, &steppers[count]));
        }
    for (size_t i = 0; i < count; i++)
        await_flag(&steppers[i].ready);

    ready_and_wait();

    raise_flag(&go_on);
    for (size_t i = 0; i < count; i++)
        join_thread(threads[i]);
    for (size_t i = 0; i < count; i++)
        check_stepped(&steppers[i]);
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "threads that stand in or beside calls about memory come back right");
    area = make_area(AREA_MMAP, 2 * AREA_PAGES);
    area_expect(area, 0, LOOPS * SLICE, PAGE_SKIPPED);
    if (place_is("steps"))
        capture_steps();
    else
        capture_loops(place_is("signals"));
    area_check(area);
    area_discard(area, LOOPS * SLICE, 200);
    area_check(area);
    pass();
}
