// SPDX-License-Identifier: Apache-2.0
/*
 * The program inside the hand-made images. It looks at itself with system calls and ends with PAYLOAD_GOOD, or with
 * the number of the first check that fails. Compiled like the stub: it knows no library and no address of its own.
 */
#include "checks.h"

#define TID_BIT 0x80000000U
#define SIGNAL_A 10 /* SIGUSR1: pending for the process */
#define SIGNAL_B 12 /* SIGUSR2: pending for the second thread */
#define SIGNAL_ALARM 14


_Noreturn void payload_main(uint64_t scenario, uint64_t thread);
void payload_signal(uint64_t signal, const uint8_t *info);
_Noreturn void payload_resumed(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10, uint64_t r8, uint64_t r9,
                               uint64_t rbx, int64_t result);

/* Execution starts at the first byte; handlers start at PAYLOAD_CODE + 32. */
__asm__(".pushsection .text.start, \"ax\", @progbits\n"
        "  call payload_main\n  ud2\n"
        ".balign 32\n"
        "  sub $8, %rsp\n  call payload_signal\n  add $8, %rsp\n  ret\n"
        ".balign 32\n" /* restorer, at + 64 */
        "  mov $15, %eax\n  syscall\n"
        ".balign 32\n" /* behind a sleep that was begun again through undump_resume_call, at + 96 */
        "  mov %r10, %rcx\n  push %rax\n  push %rbx\n  call payload_resumed\n  ud2\n"
        ".popsection\n");

static bool bytes_are(const volatile void *bytes, uint32_t count, uint8_t value)
{
    for (uint32_t i = 0; i < count; i++) {
        if (((const volatile uint8_t *)bytes)[i] != value)
            return false;
    }
    return true;
}

/* Before any other instruction of this thread could touch it: nothing here is compiled with vector registers. */
static bool ymm0_came_back(void)
{
    uint8_t ymm0[32];

    __asm__ volatile("vmovdqu %%ymm0, %0" : "=m"(ymm0));
    return bytes_are(ymm0, sizeof(ymm0), 0x5a);
}

static uint64_t fs_base(void)
{
    uint64_t value = 0;

    syscall2(NR_arch_prctl, 0x1003 /* ARCH_GET_FS */, (uint64_t)&value);
    return value;
}

static uint64_t gs_base(void)
{
    uint64_t value = 0;

    syscall2(NR_arch_prctl, 0x1004 /* ARCH_GET_GS */, (uint64_t)&value);
    return value;
}

static void check_name(uint64_t thread)
{
    char name[16];

    syscall2(NR_prctl, 16 /* PR_GET_NAME */, (uint64_t)name);
    check(name[0] == (thread == 1 ? 'o' : 'h'), 60);
}

static void check_opmask(void)
{
    uint32_t mask;

    if (shared->opmask == 0)
        return;
    __asm__ volatile("kmovw %%k1, %0" : "=r"(mask));
    check(mask == shared->opmask, 62);
}

static void check_self(uint64_t thread)
{
    uint32_t tid = (uint32_t)sys_gettid();

    check(ymm0_came_back(), 50);
    check(shared->tids[thread] == (tid | TID_BIT), 51);
    check(fs_base() == 0x10000 * (thread + 1), 52);
    check(gs_base() == (thread % 2 == 0 ? 0 : 0x20000 * (thread + 1)), 53);
    check(thread != 0 || sys_getpid() == tid, 54);
    /* cpu_id is not negative once the kernel knows the area */
    check(thread >= 2 || *(volatile int32_t *)(shared->rseq[thread] + 4) >= 0, 55);
    check_name(thread);
    check_opmask();
}

static _Noreturn void run_threads(uint64_t thread)
{
    check_self(thread);
    __atomic_add_fetch(&shared->counted, 1, __ATOMIC_ACQ_REL);
    if (thread != 0) {
        for (;;)
            syscall1(60 /* exit of this thread */, 0);
    }
    for (uint32_t i = 1; i < shared->thread_count; i++) { /* joined as pthread_join does it */
        uint32_t tid;

        while ((tid = shared->alive[i]) != 0)
            syscall4(NR_futex, (uint64_t)&shared->alive[i], ABI_FUTEX_WAIT, tid, 0);
    }
    check(shared->counted == shared->thread_count, 61);
    end(PAYLOAD_GOOD);
}

static _Noreturn void run_spin(uint64_t thread)
{
    uint32_t counted = __atomic_add_fetch(&shared->counted, 1, __ATOMIC_ACQ_REL);

    if (counted == shared->thread_count)
        end(PAYLOAD_GOOD);
    (void)thread;
    sys_wait_for_end();
}

/* ---- descriptors: as planned in stub_launch.c ---- */

static bool reads(int fd, const char *text)
{
    char buffer[64];
    int64_t count = syscall3(NR_read, (uint64_t)fd, (uint64_t)buffer, sizeof(buffer));

    for (int64_t i = 0; i < count; i++) {
        if (buffer[i] != text[i])
            return false;
    }
    return count >= 0 && text[count] == '\0';
}

static bool is_open(int fd)
{
    return sys_fcntl(fd, ABI_F_GETFD, 0) >= 0;
}

static void check_timer(void)
{
    struct abi_itimerspec left;
    uint64_t expirations;

    check(syscall3(NR_read, 20, (uint64_t)&expirations, 8) == 8 && expirations == 7, 80);
    check(syscall2(287 /* timerfd_gettime */, 20, (uint64_t)&left) == 0, 81);
    check(left.interval.seconds == 3 && left.value.seconds <= 100 && left.value.seconds >= 90, 82);
    check(syscall2(287, 21, (uint64_t)&left) == 0 && left.value.seconds >= 40 && left.value.seconds <= 50, 83);
}

static void check_events(void)
{
    struct abi_epoll_event events[4];
    uint64_t count;

    check(syscall3(NR_read, 16, (uint64_t)&count, 8) == 8 && count == UINT64_C(0x123456789a), 84);
    check(syscall3(NR_read, 17, (uint64_t)&count, 8) == 8 && count == 1, 85); /* semaphore: one at a time */
    check(syscall4(232 /* epoll_wait */, 18, (uint64_t)events, 4, 0) == 1, 86);
    check(events[0].data == UINT64_C(0xfeedface12345678), 87);
}

static _Noreturn void run_files(void)
{
    check(reads(5, "456789"), 70);
    check(sys_fcntl(5, ABI_F_GETFD, 0) == ABI_FD_CLOEXEC && sys_fcntl(6, ABI_F_GETFD, 0) == 0, 71);
    check(sys_fcntl(3, ABI_F_GETFD, 0) == ABI_FD_CLOEXEC, 69);
    check(sys_lseek(6, 2) == 2 && reads(5, "23456789"), 72); /* one offset for both */
    check(reads(0, "first"), 73); /* the plan replaces stdin */
    check((sys_fcntl(7, ABI_F_GETFL, 0) & (ABI_O_ACCMODE | ABI_O_APPEND | ABI_O_NONBLOCK)) ==
              (ABI_O_WRONLY | ABI_O_APPEND), 74);
    check(reads(8, "contents"), 75);
    check((sys_fcntl(8, ABI_F_GETFL, 0) & ABI_O_ACCMODE) == ABI_O_RDONLY, 76);
    check(reads(10, "in flight") && reads(10, ""), 77); /* the writing end was closed: end of file */
    check(reads(12, "ab") && reads(12, "cde"), 78); /* packets */
    check((sys_fcntl(12, ABI_F_GETFL, 0) & ABI_O_NONBLOCK) != 0 && reads(30, "high"), 79);
    check_timer();
    check_events();
    check(is_open(1) && !is_open(4) && !is_open(31) && !is_open(32), 88); /* nothing of the stub's is left */
    end(PAYLOAD_GOOD);
}

/* ---- signals ---- */

void payload_signal(uint64_t signal, const uint8_t *info)
{
    shared->signal_values[signal] = *(const uint64_t *)(info + 24); /* si_value */
    shared->signal_tids[signal] = (uint64_t)sys_gettid();
    __atomic_or_fetch(&shared->signals_seen, UINT64_C(1) << (signal - 1), __ATOMIC_ACQ_REL);
}

static bool seen(int signal)
{
    return (__atomic_load_n(&shared->signals_seen, __ATOMIC_ACQUIRE) >> (signal - 1) & 1) != 0;
}

/* The leader has A unblocked and B blocked, the second thread the other way round. */
static _Noreturn void run_signals(uint64_t thread)
{
    uint64_t mask = 0;

    if (thread == 1)
        sys_wait_for_end();
    syscall4(NR_rt_sigprocmask, 0, 0, (uint64_t)&mask, 8);
    check(mask == UINT64_C(1) << (SIGNAL_B - 1), 90);
    check(seen(SIGNAL_A) && shared->signal_values[SIGNAL_A] == 0xabcdef, 91);
    check(shared->signal_tids[SIGNAL_A] == (uint64_t)sys_getpid(), 92);
    while (!seen(SIGNAL_B) || !seen(SIGNAL_ALARM))
        syscall1(24 /* sched_yield */, 0);
    check(shared->signal_values[SIGNAL_B] == 0x1234, 93);
    check(shared->signal_tids[SIGNAL_B] != (uint64_t)sys_getpid(), 94);
    end(PAYLOAD_GOOD);
}

/* ---- undump_resume_call: the registers are the program's again ---- */

_Noreturn void payload_resumed(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t r10, uint64_t r8, uint64_t r9,
                               uint64_t rbx, int64_t result)
{
    struct abi_timespec now;

    check(result == 0, 100);
    check(rdi == 1 && rsi == 2 && rdx == 3 && r10 == 4 && r8 == 5 && r9 == 6 && rbx == 7, 101);
    check(sys_clock_gettime(1, &now) == 0, 102);
    end(PAYLOAD_GOOD);
}

/* ---- what every image has ---- */

static void check_clock(void)
{
    struct abi_timespec by_call = {0}, by_vdso = {0};
    int64_t (*function)(uint64_t, struct abi_timespec *) = (void *)shared->clock_function;

    if (shared->clock_function == 0)
        return;
    check(sys_clock_gettime(1, &by_call) == 0 && function(1, &by_vdso) == 0, 45);
    check(by_vdso.seconds - by_call.seconds <= 1 && by_vdso.seconds >= by_call.seconds, 46);
}

_Noreturn void payload_main(uint64_t scenario, uint64_t thread)
{
    check_clock();
    switch (scenario) {
    case PAYLOAD_THREADS:
        run_threads(thread);
    case PAYLOAD_FILES:
        run_files();
    case PAYLOAD_SIGNALS:
        run_signals(thread);
    case PAYLOAD_SPIN:
        run_spin(thread);
    case PAYLOAD_PROCESS:
        run_process();
    case PAYLOAD_MEMORY:
        run_memory();
    case PAYLOAD_LAZY:
        run_lazy();
    default:
        end(PAYLOAD_GOOD);
    }
}
