// SPDX-License-Identifier: Apache-2.0
/* Memory becomes anonymous beside other threads: they write all the time, wait in system calls, come and go, or are held by
 * somebody else. And all of it does before a call after which /proc may be out of sight. */
#include "src/test/c/support/lazy_checks.h"

#include <dirent.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#define WRITERS 3
#define ROUNDS 40

static uint32_t ends, wrong;

static bool is_anonymous_memory(uint64_t address)
{
    struct maps_vma vma;

    return arena_mapping_of(address, &vma) && vma.inode == 0;
}

static void start(pthread_t *ret, void *(*body)(void *), void *argument)
{
    arena_require(pthread_create(ret, NULL, body, argument) == 0, "thread");
}

/* ---- no write is lost ---- */

static void *write_all_the_time(void *argument)
{
    uint64_t number = (uint64_t)argument, value[LARGE_PAGES] = {0};

    while (__atomic_load_n(&ends, __ATOMIC_RELAXED) == 0) {
        for (uint64_t page = 0; page < LARGE_PAGES; page++) {
            volatile uint64_t *word = arena_word(LARGE, page) + 100 + number;

            if (value[page] != 0 && *word != value[page])
                __atomic_store_n(&wrong, 1, __ATOMIC_RELAXED);
            *word = ++value[page];
        }
    }
    return NULL;
}

static void *come_and_go(void *unused)
{
    pthread_t thread;

    while (__atomic_load_n(&ends, __ATOMIC_RELAXED) == 0) {
        start(&thread, (void *(*)(void *))(void (*)(void))sched_yield, NULL);
        pthread_join(thread, NULL);
    }
    return unused;
}

static void nothing_written_is_lost(void)
{
    pthread_t threads[WRITERS + 1];

    for (int round = 0; round < ROUNDS; round++) {
        arena_reset();
        ends = 0;
        for (uint64_t i = 0; i < WRITERS; i++)
            start(&threads[i], write_all_the_time, (void *)i);
        start(&threads[WRITERS], come_and_go, NULL);
        usleep(500);
        if (round % 2 == 0)
            expect(advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == 0, "WIPEONFORK");
        else
            expect(arena_call(NR_umount2, (uint64_t)"/does/not/exist", 0, 0, 0, 0) == -ENOENT && arena_record->active == 0,
                   "everything");
        usleep(500);
        ends = 1;
        for (int i = 0; i < WRITERS + 1; i++)
            pthread_join(threads[i], NULL);
        expect(is_anonymous_memory(LARGE) && wrong == 0 && arena_word(LARGE, 3)[7] == ((LARGE_FIRST + 3UL) << 32 | 7 << 8 | 0x11),
               "contents");
    }
    expect(arena_record->stacks_used == 0 && arena_record->converter == 0 && arena_record->torn == 0, "given back");
    expect(waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD, "no child is left");
}

/* Both want all others to stand. */
static void *convert_again(void *unused)
{
    for (int i = 0; i < 10; i++) {
        if (advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) != 0 || advise_memory(SMALL, 2, MADV_WIPEONFORK) != 0)
            __atomic_store_n(&wrong, 2, __ATOMIC_RELAXED);
    }
    return unused;
}

static void several_convert_at_once(void)
{
    pthread_t threads[WRITERS];

    for (int round = 0; round < 10; round++) {
        arena_reset();
        for (uint64_t i = 0; i < WRITERS; i++)
            start(&threads[i], convert_again, NULL);
        for (uint64_t i = 0; i < WRITERS; i++)
            pthread_join(threads[i], NULL);
        expect(wrong == 0 && is_original(LARGE, LARGE_PAGES) && is_original(SMALL, 2), "several at once");
    }
}

/* ---- the process that does it is killed ---- */

static int convert_while_killed(void)
{
    pthread_t threads[2];

    for (int round = 0; round < ROUNDS / 8; round++) {
        int64_t result;

        arena_reset();
        ends = 0;
        for (uint64_t i = 0; i < 2; i++)
            start(&threads[i], write_all_the_time, (void *)i);
        result = advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK);
        ends = 1;
        for (int i = 0; i < 2; i++)
            pthread_join(threads[i], NULL);
        if ((result != 0 && result != -EAGAIN) || wrong != 0 || arena_word(LARGE, 3)[7] != ((LARGE_FIRST + 3UL) << 32 | 7 << 8 | 0x11))
            return 1;
    }
    return 0;
}

static pid_t child_of(pid_t pid)
{
    char path[64], text[32];
    ssize_t count;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    count = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    text[count > 0 ? count : 0] = '\0';
    close(fd);
    return atoi(text);
}

/* Then nothing has happened, or the program is gone as well; it never runs on with other contents. */
static void whoever_kills_it_breaks_nothing(void)
{
    int killed = 0;

    for (int again = 0; again < 12; again++) {
        pid_t program = fork(), found;
        bool was_killed = false;
        int status = 0;

        if (program == 0)
            _exit(convert_while_killed());
        while (waitpid(program, &status, WNOHANG) == 0) { /* one of them */
            found = was_killed ? 0 : child_of(program);
            if (found > 0) {
                usleep((useconds_t)(again * 37));
                was_killed = kill(found, SIGKILL) == 0;
            }
        }
        killed += was_killed;
        expect(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL), "killed at work");
    }
    expect(killed > 0, "it was killed at all");
}

static void torn_memory_ends_the_program(void)
{
    pid_t child = fork();
    int status;

    if (child == 0) {
        arena_record->torn = 1;
        lazy_end_if_torn(arena_record);
        _exit(0);
    }
    status = status_of(child);
    expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, "torn memory");
}

/* ---- what they are in the middle of ---- */

static int epoll, semaphores, pipe_ends[2];
static volatile sig_atomic_t handled;

static void note(int signal)
{
    handled += signal == SIGUSR1;
}

static volatile pid_t waiting;

/* Until the thread sleeps in its call. */
static void await_sleep(void)
{
    char path[64], text[16];
    long number = -1;

    while (number != SYS_epoll_wait) {
        int fd;
        ssize_t count;

        snprintf(path, sizeof(path), "/proc/self/task/%d/syscall", waiting);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        count = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
        text[count > 0 ? count : 0] = '\0';
        close(fd);
        number = text[0] >= '0' && text[0] <= '9' ? atol(text) : -1;
    }
}

static void *wait_in_epoll(void *ret)
{
    struct epoll_event event;

    waiting = (pid_t)syscall(SYS_gettid);
    *(int *)ret = epoll_wait(epoll, &event, 1, -1) == 1 ? 0 : errno;
    return NULL;
}

static void *wait_for_semaphore(void *ret)
{
    struct sembuf less = {0, -1, 0};

    *(int *)ret = semop(semaphores, &less, 1) == 0 ? 0 : errno;
    return NULL;
}

static void *sleep_a_while(void *ret)
{
    struct timespec time = {0, 200000000};

    *(int *)ret = nanosleep(&time, NULL) == 0 ? 0 : errno;
    return NULL;
}

static void waits_go_on(void)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct sembuf more = {0, 1, 0};
    pthread_t threads[3];
    int results[3] = {-1, -1, -1};

    epoll = epoll_create1(EPOLL_CLOEXEC);
    semaphores = semget(IPC_PRIVATE, 1, 0600);
    arena_require(pipe(pipe_ends) == 0 && epoll >= 0 && semaphores >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event) == 0,
                  "things to wait for");
    start(&threads[0], wait_in_epoll, &results[0]);
    start(&threads[1], wait_for_semaphore, &results[1]);
    start(&threads[2], sleep_a_while, &results[2]);
    for (int i = 0; i < 10; i++) {
        usleep(3000);
        arena_reset();
        expect(advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == 0, "beside threads that wait");
    }
    expect(results[0] == -1 && results[1] == -1, "they still wait");
    expect(write(pipe_ends[1], "x", 1) == 1 && semop(semaphores, &more, 1) == 0, "woken");
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    expect(results[0] == 0 && results[1] == 0 && results[2] == 0, "nobody saw EINTR");
    semctl(semaphores, 0, IPC_RMID);
}

/* A signal with a handler interrupts as ever, and none is lost. */
static void signals_arrive(void)
{
    struct sigaction action = {.sa_handler = note};
    pthread_t thread;
    int result = -1;

    sigaction(SIGUSR1, &action, NULL);
    for (int i = 0; i < 20; i++) {
        result = -1;
        handled = 0;
        arena_require(read(pipe_ends[0], &(char){0}, 1) == 1 || i > 0, "pipe");
        waiting = 0;
        start(&thread, wait_in_epoll, &result);
        await_sleep();
        arena_reset();
        pthread_kill(thread, SIGUSR1);
        expect(advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == 0, "beside a signal");
        pthread_join(thread, NULL);
        expect(result == EINTR && handled == 1, "the signal interrupts");
        expect(write(pipe_ends[1], "x", 1) == 1, "pipe");
    }
    sigaction(SIGUSR1, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
}

/* ---- who cannot be stopped ---- */

static void *wait_for(void *lock)
{
    pthread_mutex_lock(lock);
    pthread_mutex_unlock(lock);
    return NULL;
}

static int in_company(int (*body)(void))
{
    pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    int result;

    pthread_mutex_lock(&lock);
    start(&thread, wait_for, &lock);
    result = body();
    pthread_mutex_unlock(&lock);
    pthread_join(thread, NULL);
    return result;
}

static int refused(void)
{
    bool good = advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == -EAGAIN && is_original(LARGE, LARGE_PAGES) &&
                arena_call(NR_umount2, (uint64_t)"/does/not/exist", 0, 0, 0, 0) == -EAGAIN && arena_record->active == 1 &&
                arena_record->converter == 0 && advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0;

    return good ? 0 : 1;
}

static int held_by_debugger(void)
{
    int ready[2], done[2], status = -1;
    pid_t target = getpid(), debugger;
    char byte;

    arena_require(pipe(ready) == 0 && pipe(done) == 0, "pipes");
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
    debugger = fork();
    if (debugger == 0) {
        struct dirent *entry;
        char path[64];
        DIR *folder;

        snprintf(path, sizeof(path), "/proc/%d/task", target);
        folder = opendir(path);
        while ((entry = readdir(folder)) != NULL) {
            if (atoi(entry->d_name) > 0 && ptrace(PTRACE_SEIZE, atoi(entry->d_name), 0, 0) != 0)
                _exit(1);
        }
        _exit(write(ready[1], "x", 1) == 1 && read(done[0], &byte, 1) == 1 ? 0 : 1);
    }
    arena_require(read(ready[0], &byte, 1) == 1, "debugger");
    arena_reset();
    status = refused();
    arena_require(write(done[1], "x", 1) == 1, "debugger");
    expect(status_of(debugger) == 0, "debugger");
    return status;
}

/* ptrace is answered with an error, or kills who calls it. */
static void filter_ptrace(uint32_t answer)
{
    struct sock_filter filter[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, NR_ptrace, 0, 1),
                                   BPF_STMT(BPF_RET | BPF_K, answer), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    struct sock_fprog program = {4, filter};

    arena_require(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0, "filter");
}

static void who_cannot_be_stopped_is_left_alone(void)
{
    static const uint32_t answers[] = {SECCOMP_RET_ERRNO | EPERM, SECCOMP_RET_ERRNO | ENOSYS, SECCOMP_RET_KILL_PROCESS};

    fflush(stdout);
    expect(in_company(held_by_debugger) == 0, "held by a debugger");
    for (int i = 0; i < 3; i++) {
        pid_t child = fork();

        if (child == 0) {
            arena_reset();
            filter_ptrace(answers[i]);
            _exit(in_company(refused));
        }
        expect(status_of(child) == 0, "ptrace is forbidden");
    }
}

/* ---- everything ---- */

static void everything_is_left_to_the_kernel(void)
{
    struct intercept_registers call = {.ax = NR_madvise, .di = LARGE, .si = LARGE_PAGES * PAGE, .dx = MADV_DONTNEED};
    static const struct { uint64_t number, a, b; bool settles; } calls[] = {
        {NR_seccomp, 2, 0, false}, {NR_unshare, ABI_CLONE_VM, 0, false}, {NR_setns, 12345, 0x40000000, false},
        {NR_prctl, 15, (uint64_t)"still", false}, {NR_seccomp, 1, 12345, true}, {NR_prctl, 22, 77, true},
        {NR_setns, 12345, 0, true}, {NR_chroot, (uint64_t)"/does/not/exist", 0, true}, {NR_pivot_root, 0, 0, true},
        {NR_move_mount, 12345, 0, true}, {NR_landlock_restrict_self, 12345, 0, true}, {NR_umount2, 0, 0, true}};

    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        arena_reset();
        arena_call(calls[i].number, calls[i].a, calls[i].b, 0, 0, 0);
        expect(is_anonymous_memory(LARGE) == calls[i].settles && arena_record->active == !calls[i].settles, "who settles");
        expect(is_original(ARENA_LAZY + REGION_FIRST * PAGE, REGION_PAGES), "contents");
    }
    expect(intercept_enter(&call) == INTERCEPT_PASS, "nothing is lazy any more");
    expect(mremap((void *)(ARENA_LAZY + 9 * PAGE), 39 * PAGE, 40 * PAGE, MREMAP_MAYMOVE) != MAP_FAILED, "one mapping again");
    arena_reset();
    mprotect((void *)LARGE, 3 * PAGE, PROT_READ);
    mprotect((void *)(LARGE + 3 * PAGE), 3 * PAGE, PROT_NONE);
    arena_call(NR_chroot, 0, 0, 0, 0, 0);
    expect(is_anonymous_memory(LARGE) && arena_protection(LARGE) == PROT_READ && arena_protection(LARGE + 3 * PAGE) == PROT_NONE &&
               is_original(LARGE, 3) && arena_record->active == 0, "rights are kept");
    mprotect((void *)(LARGE + 3 * PAGE), 3 * PAGE, PROT_READ);
    expect(is_original(LARGE, LARGE_PAGES), "contents without rights");
}

static int of_a_vfork_child(void)
{
    pid_t child = vfork();

    if (child == 0) {
        bool good = arena_call(NR_umount2, (uint64_t)"/does/not/exist", 0, 0, 0, 0) == -ENOENT && arena_record->active == 1 &&
                    advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == -EAGAIN;

        _exit(good ? 0 : 1);
    }
    return status_of(child);
}

static void a_vfork_child_leaves_the_memory(void)
{
    arena_reset();
    expect(in_company(of_a_vfork_child) == 0 && is_original(LARGE, LARGE_PAGES) && !is_anonymous_memory(LARGE), "vfork");
}

static int without_descriptors(void)
{
    bool good = advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == 0 && is_original(LARGE, LARGE_PAGES) &&
                arena_call(NR_umount2, (uint64_t)"/does/not/exist", 0, 0, 0, 0) == -ENOENT && arena_record->active == 0;

    return good ? 0 : 1;
}

static void descriptors_may_be_used_up(void)
{
    pid_t child = fork();

    if (child == 0) {
        struct rlimit limit = {64, 64};

        arena_reset();
        setrlimit(RLIMIT_NOFILE, &limit);
        while (dup(arena_file) >= 0)
            ;
        _exit(in_company(without_descriptors));
    }
    expect(status_of(child) == 0, "no descriptors");
}

/* Where Yama is at work, the helper is allowed to trace, and what the program itself had allowed holds again. */
static void the_tracer_is_put_back(void)
{
    arena_reset();
    arena_call(NR_prctl, PR_SET_PTRACER, 1, 0, 0, 0);
    expect(arena_record->tracer == 1 && arena_record->tracer_owner == (uint64_t)getpid(), "the tracer is remembered");
}

int main(void)
{
    arena_start();
    nothing_written_is_lost();
    several_convert_at_once();
    whoever_kills_it_breaks_nothing();
    torn_memory_ends_the_program();
    waits_go_on();
    signals_arrive();
    who_cannot_be_stopped_is_left_alone();
    everything_is_left_to_the_kernel();
    a_vfork_child_leaves_the_memory();
    descriptors_may_be_used_up();
    the_tracer_is_put_back();
    return failures == 0 ? 0 : 1;
}
