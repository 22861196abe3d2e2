// SPDX-License-Identifier: Apache-2.0
/* Lazy memory where things are short: no descriptors, no /proc, many threads at once, signals in between. */
#include "src/test/c/support/lazy_checks.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/time.h>

/* ---- no descriptors ---- */

static void calls_work(void)
{
    int64_t moved;

    arena_reset();
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_zeros(LARGE, LARGE_PAGES), "a large piece");
    expect(advise_memory(SMALL, 2, MADV_DONTNEED) == 0 && is_zeros(SMALL, 2) && is_original(SMALL + 2 * PAGE, 1), "a small piece");
    expect(advise_memory(ARENA_LAZY, 70, MADV_FREE) == -ENOMEM, "pieces and holes");
    arena_reset();
    moved = arena_call(NR_mremap, LARGE, 30 * PAGE, 60 * PAGE, MREMAP_MAYMOVE, 0);
    expect(moved > 0 && arena_word((uint64_t)moved, 21)[3] == (33UL << 32 | 3 << 8 | 0x11), "mremap");
    if (moved > 0)
        munmap((void *)moved, 60 * PAGE);
}

static void without_free_descriptors(void)
{
    struct rlimit limit;
    int taken, highest = 0, next;

    arena_reset();
    getrlimit(RLIMIT_NOFILE, &limit);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){64, limit.rlim_max});
    while ((taken = dup(arena_file)) >= 0)
        highest = taken;
    expect(errno == EMFILE && highest > 3, "all numbers are taken");
    calls_work();
    next = dup(arena_file);
    expect(next < 0, "all numbers are still taken");
    for (int fd = 3; fd <= highest; fd++) {
        if (fd != arena_file)
            close(fd);
    }
    setrlimit(RLIMIT_NOFILE, &limit);
    expect(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD, "no child is left");
}

/* ---- no /proc ---- */

static void blind_calls_work(void)
{
    arena_reset();
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_zeros(LARGE, LARGE_PAGES), "blind: a large piece");
    expect(advise_memory(SMALL, 2, MADV_DONTNEED) == 0 && is_zeros(SMALL, 2) && is_original(SMALL + 2 * PAGE, 1),
           "blind: a small piece");
    expect(advise_memory(ARENA_LAZY, 60, MADV_DONTNEED) == -ENOMEM && is_zeros(ARENA_LAZY + REGION_FIRST * PAGE, REGION_PAGES),
           "blind: everything");
    arena_reset();
    mprotect((void *)LARGE, 2 * PAGE, PROT_NONE);
    mprotect((void *)(LARGE + 2 * PAGE), PAGE, PROT_READ);
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_zeros(LARGE + 2 * PAGE, 18), "blind: rights");
    expect(sys_madvise(LARGE, 2 * PAGE, ABI_MADV_POPULATE_READ) != 0, "blind: no rights are kept");
    mprotect((void *)LARGE, 3 * PAGE, PROT_READ);
    expect(is_zeros(LARGE, 3), "blind: contents without rights");
    arena_reset();
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_REMOVE) == -EINVAL && is_original(LARGE, LARGE_PAGES), "blind: REMOVE");
    expect(advise_memory(LARGE, 10, MADV_WIPEONFORK) == 0 && is_original(LARGE, LARGE_PAGES), "blind: WIPEONFORK");
    arena_map(SMALL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    *(volatile uint64_t *)SMALL = 99;
    expect(advise_memory(SMALL - PAGE, 3, MADV_DONTNEED) == 0 && *(volatile uint64_t *)SMALL == 99 &&
               is_zeros(SMALL - PAGE, 1) && is_zeros(SMALL + PAGE, 1), "blind: shared memory is none of ours");
    expect(sys_mlock2(LARGE, PAGE, 0) == 0 && advise_memory(LARGE, 1, MADV_DONTNEED) == -EINVAL && is_original(LARGE, 1),
           "blind: locked memory");
    expect(advise_memory(LARGE, 1, ABI_MADV_DONTNEED_LOCKED) == 0 && is_zeros(LARGE, 1) && is_original(LARGE + PAGE, 1),
           "blind: DONTNEED_LOCKED");
    calls_work();
}

/* For that the kernel must be asked, by way of a /proc that is mounted nowhere. */
static void a_file_in_its_place_is_none_of_ours(void)
{
    arena_reset();
    arena_map(LARGE, LARGE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, arena_file, 50 * PAGE);
    *arena_word(LARGE, 1) = 5;
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && *arena_word(LARGE, 1) == (51UL << 32 | 0x11), "a file");
}

static void without_proc(void)
{
    const char *empty = work_folder();
    pid_t child;

    arena_maps_path = "/does/not/exist";
    blind_calls_work();
    arena_maps_path = "/proc/thread-self/maps";
    if (geteuid() != 0) {
        puts("skipped: chroot: needs root");
        return;
    }
    fflush(stdout);
    child = fork();
    if (child == 0) {
        if (chroot(empty) != 0 || chdir("/") != 0)
            _exit(2);
        failures = 0;
        blind_calls_work();
        arena_may_mount = true;
        calls_work();
        a_file_in_its_place_is_none_of_ours();
        _exit(failures == 0 ? 0 : 1);
    }
    expect(status_of(child) == 0, "in an empty chroot");
}

/* ---- threads ---- */

#define THREADS 4
#define ROUNDS 60

static uint32_t broken;

/* Each has 10 pages, between and across the borders of what is of the image and what is not; its neighbours write right
 * beside them all the time. */
static void *hammer(void *argument)
{
    uint64_t start = ARENA_LAZY + (REGION_FIRST + 12 * (uint64_t)argument) * PAGE, seed = (uint64_t)argument + 1;

    for (int round = 0; round < ROUNDS; round++) {
        uint64_t first, pages;

        for (uint64_t page = 0; page < 12; page++)
            arena_word(start, page)[7] = seed + page;
        seed = seed * 6364136223846793005UL + 1442695040888963407UL;
        first = seed >> 40 & 7;
        pages = 1 + (seed >> 50) % (12 - first);
        if (advise_memory(start + first * PAGE, pages, MADV_DONTNEED) != 0)
            __atomic_store_n(&broken, 1, __ATOMIC_RELAXED);
        for (uint64_t page = 0; page < 12; page++) {
            uint64_t found = arena_word(start, page)[7];
            bool gone = page >= first && page < first + pages;

            if ((found == 0) != gone || (gone && !is_zeros(start + page * PAGE, 1)))
                __atomic_store_n(&broken, 2, __ATOMIC_RELAXED);
        }
    }
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[THREADS];

    for (int again = 0; again < 10; again++) {
        arena_reset();
        for (uint64_t i = 0; i < THREADS; i++)
            arena_require(pthread_create(&threads[i], NULL, hammer, (void *)i) == 0, "thread");
        for (uint64_t i = 0; i < THREADS; i++)
            pthread_join(threads[i], NULL);
    }
    expect(broken == 0, "threads beside each other");
    expect(arena_record->stacks_used == 0, "all stacks were given back");
}

/* ---- signals ---- */

static volatile uint32_t handled, handled_wrong;

static void on_alarm(int signal)
{
    arena_word(SMALL, 0)[9] = 5;
    if (advise_memory(SMALL, 1, MADV_DONTNEED) != 0 || !is_zeros(SMALL, 1))
        handled_wrong = 1;
    handled += signal == SIGALRM;
}

static void in_signal_handlers(void)
{
    struct sigaction action = {.sa_handler = on_alarm};
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    sigset_t mask;

    arena_reset();
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while (handled < 200) {
        arena_word(LARGE, 1)[9] = 6;
        if (advise_memory(LARGE + PAGE, 3, MADV_DONTNEED) != 0 || !is_zeros(LARGE + PAGE, 3))
            handled_wrong = 2;
    }
    setitimer(ITIMER_REAL, &never, NULL);
    sigprocmask(SIG_SETMASK, NULL, &mask);
    expect(handled_wrong == 0 && !sigismember(&mask, SIGALRM) && !sigismember(&mask, SIGINT), "in handlers");
}

int main(void)
{
    arena_start();
    a_file_in_its_place_is_none_of_ours();
    without_free_descriptors();
    without_proc();
    many_threads();
    in_signal_handlers();
    return failures == 0 ? 0 : 1;
}
