/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program with threads that locks itself in: after the filter each call that is not on a short list kills it. Nobody makes
 * another call in its name, its old memory can be discarded and grown as ever, and no write to it is lost.
 */
#include "areas.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum { WORKERS = 3, WORDS = PAGE / 8, MORE = 300 };

static struct area *counted, *own[WORKERS], *grown[WORKERS];
static volatile int started, locked_in, waiter_ready, works[WORKERS];
static int ends[2], epoll;

static void forbid_most(void) {
#define ALLOW(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        ALLOW(SYS_madvise), ALLOW(SYS_mremap), ALLOW(SYS_munmap), ALLOW(SYS_mprotect), ALLOW(SYS_futex),
        ALLOW(SYS_sched_yield), ALLOW(SYS_nanosleep), ALLOW(SYS_clock_nanosleep), ALLOW(SYS_read), ALLOW(SYS_write), ALLOW(SYS_writev),
        ALLOW(SYS_epoll_wait), ALLOW(SYS_epoll_pwait), ALLOW(SYS_rt_sigprocmask), ALLOW(SYS_set_robust_list), ALLOW(SYS_rseq), ALLOW(SYS_exit), ALLOW(SYS_exit_group),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)};
    struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0) {
        CHECK(errno != EAGAIN, "the filter was refused for no reason of the kernel's");
        skip("no seccomp filters here: errno %d", errno);
    }
}

static void use_own_memory(size_t number) {
    struct area *area = own[number];
    area_check(area);
    area_discard(area, 10, 300);
    area_check(area);
    area_write(area, 5, 100);
    area_check(area);
    struct area *larger = grown[number];
    size_t old = larger->pages * PAGE;
    void *there = call_mremap(larger->start, old, old + MORE * PAGE, MREMAP_MAYMOVE, NULL);
    CHECK(there != MAP_FAILED, "growing: errno %d", errno);
    area_moved(larger, there);
    area_check(larger);
    check_zero(larger->start + old, MORE * PAGE, "what was added");
    fill_pattern(larger->start + old, MORE * PAGE, number);
    area_discard(larger, 100, larger->pages - 100);
    area_check(larger);
    check_pattern(larger->start + old, MORE * PAGE, number, "what was added");
}

/* Counts in one word of each page all the time: a count that is lost is seen. */
static void *work(void *argument) {
    size_t number = (size_t)argument, word = 8 * (number + 1);
    uint64_t round = 0;
    bool done = false;
    await_flag(&started);
    for (size_t page = 0; page < counted->pages; page++)
        ((uint64_t *)(void *)area_page(counted, page))[word] = 0;
    while (!done) {
        done = __atomic_load_n(&locked_in, __ATOMIC_SEQ_CST);
        for (size_t page = 0; page < counted->pages; page++) {
            volatile uint64_t *count = (uint64_t *)(void *)area_page(counted, page) + word;
            CHECK(*count == round, "page %zu: count %llu instead of %llu", page, (unsigned long long)*count,
                  (unsigned long long)round);
            *count = round + 1;
        }
        if (round++ == 0)
            raise_flag(&works[number]);
    }
    use_own_memory(number);
    return NULL;
}

/* Sees no EINTR: there is no signal. */
static void *wait_for_event(void *unused) {
    struct epoll_event event;
    raise_flag(&waiter_ready);
    int found = epoll_wait(epoll, &event, 1, -1);
    CHECK(found == 1, "epoll_wait: %d, errno %d", found, errno);
    return unused;
}

int main(int argc, char **argv) {
    pthread_t workers[WORKERS], waiter = 0;
    areas_begin(argc, argv, "a program with threads locks itself in and goes on with its memory");
    counted = make_area(AREA_MMAP, AREA_PAGES);
    for (size_t i = 0; i < WORKERS; i++) {
        own[i] = make_area(AREA_MMAP, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0);
        grown[i] = make_area(AREA_MMAP, AREA_PAGES);
        map_memory(4 * PAGE, PROT_NONE, 0);
    }
    bool waits = place_is("waiting");
    for (size_t i = 0; i < WORKERS; i++)
        workers[i] = start_thread(work, (void *)i);

    ready_and_wait();

    if (waits) {
        struct epoll_event event = {.events = EPOLLIN};
        MUST(pipe(ends));
        epoll = (int)MUST(epoll_create1(EPOLL_CLOEXEC));
        MUST(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event));
        waiter = start_thread(wait_for_event, NULL);
        await_flag(&waiter_ready);
    }
    raise_flag(&started);
    for (size_t i = 0; i < WORKERS; i++) /* the launch of each thread makes a call, too */
        await_flag(&works[i]);
    forbid_most();
    area_expect(counted, 0, counted->pages, PAGE_SKIPPED);
    raise_flag(&locked_in);
    for (size_t i = 0; i < WORKERS; i++)
        join_thread(workers[i]);
    if (waits) {
        CHECK_EQ(write(ends[1], "x", 1), 1);
        join_thread(waiter);
    }
    check_all_areas();
    pass();
}
