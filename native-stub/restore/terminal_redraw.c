// SPDX-License-Identifier: Apache-2.0
#include "restore/terminal_redraw.h"

#include "restore/abi.h"
#include "restore/sys.h"

#define FEWEST_ROWS 3 /* a smaller screen gets one more */
#define MOMENT_NS 100000000

struct terminal_redraw terminal_redraw;

void terminal_redraw_prepare(uint32_t pid)
{
    terminal_redraw.pid = pid;
    __atomic_store_n(&terminal_redraw.stage, REDRAW_DUE, __ATOMIC_RELEASE);
}

static bool redraw_enter(enum redraw_stage from)
{
    uint32_t stage = from;

    return __atomic_compare_exchange_n(&terminal_redraw.stage, &stage, REDRAW_BUSY, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED);
}

static void redraw_leave(enum redraw_stage to)
{
    __atomic_store_n(&terminal_redraw.stage, to, __ATOMIC_RELEASE);
}

static bool start_timer(void)
{
    const struct abi_sigevent event = {.signal = ABI_SIGWINCH, .notify = ABI_SIGEV_SIGNAL};
    const struct abi_itimerspec moment = {.value = {.nanoseconds = MOMENT_NS}};

    return sys_timer_create(ABI_CLOCK_MONOTONIC, &event, &terminal_redraw.timer) == 0 &&
           sys_timer_settime(terminal_redraw.timer, 0, &moment) == 0;
}

static bool moment_is_over(void)
{
    struct abi_itimerspec left;

    if (sys_timer_gettime(terminal_redraw.timer, &left) == 0 && (left.value.seconds != 0 || left.value.nanoseconds != 0))
        return false;
    sys_timer_delete(terminal_redraw.timer);
    return true;
}

/* Whether the answer that is being given shall be the smaller one. */
static bool is_smaller(void)
{
    bool smaller;

    if (redraw_enter(REDRAW_DUE)) {
        smaller = start_timer(); /* no timer may be had: then the program draws when it does */
        redraw_leave(smaller ? REDRAW_SMALLER : REDRAW_DONE);
        return smaller;
    }
    if (!redraw_enter(REDRAW_SMALLER))
        return false;
    smaller = !moment_is_over();
    redraw_leave(smaller ? REDRAW_SMALLER : REDRAW_DONE);
    return smaller;
}

int64_t terminal_redraw_answer(uint64_t fd, uint64_t size)
{
    struct abi_winsize *answer = (struct abi_winsize *)size;
    int64_t result = syscall3(NR_ioctl, fd, ABI_TIOCGWINSZ, size);

    if (result == 0 && answer->rows != 0 && terminal_redraw.pid == (uint32_t)sys_getpid() && is_smaller())
        answer->rows = (uint16_t)(answer->rows < FEWEST_ROWS ? answer->rows + 1 : answer->rows - 1);
    return result;
}
