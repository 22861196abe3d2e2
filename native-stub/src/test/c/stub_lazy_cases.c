// SPDX-License-Identifier: Apache-2.0
/* Lazy memory, one case each: what random calls would not meet, and what is to be seen of the method. */
#include "src/test/c/support/lazy_checks.h"

#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#define ADVICE_DONTNEED_LOCKED 24

static bool is_of_file(uint64_t address)
{
    struct maps_vma vma;

    return arena_mapping_of(address, &vma) && vma.inode == arena_record->inode;
}

/* ---- method ---- */

static void large_pieces_are_replaced_and_then_the_kernels(void)
{
    struct intercept_registers call = {.ax = NR_madvise, .di = LARGE, .si = LARGE_PAGES * PAGE, .dx = MADV_DONTNEED};

    arena_reset();
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && !is_of_file(LARGE) && is_zeros(LARGE, LARGE_PAGES),
           "a large piece is replaced");
    expect(intercept_enter(&call) == INTERCEPT_PASS, "known to be anonymous: the call passes");
    call.si += PAGE;
    expect(intercept_enter(&call) != INTERCEPT_PASS, "one page more is not known");
    arena_record->stacks_used = 0; /* the frame was not given back */
    expect(is_original(LARGE + LARGE_PAGES * PAGE, 4), "the neighbours stay");
}

static void small_pieces_are_cleared_in_place(void)
{
    arena_reset();
    expect(advise_memory(SMALL, 2, MADV_DONTNEED) == 0 && is_of_file(SMALL) && is_zeros(SMALL, 2), "cleared in place");
    expect(is_original(SMALL - PAGE, 1) && is_original(SMALL + 2 * PAGE, 1) && arena_record->split_count == 0, "and no more");
    mprotect((void *)SMALL, PAGE, PROT_READ);
    expect(advise_memory(SMALL, 1, MADV_DONTNEED) == 0 && !is_of_file(SMALL) && is_zeros(SMALL, 1), "what is not writable is replaced");
}

static void attributes_and_too_many_pieces_are_cleared_in_place(void)
{
    arena_reset();
    expect(advise_memory(LARGE, 1, MADV_DONTFORK) == 0 && arena_record->attributes == 1, "attributes are noted");
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_of_file(LARGE) && is_zeros(LARGE, LARGE_PAGES),
           "with attributes: in place");
    arena_reset();
    mprotect((void *)LARGE, LARGE_PAGES * PAGE, PROT_READ);
    arena_record->attributes = 1;
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_of_file(LARGE) && is_zeros(LARGE, LARGE_PAGES) &&
               arena_protection(LARGE) == PROT_READ, "with attributes: in place, whatever the rights");
    arena_reset();
    arena_record->split_count = LAZY_SPLIT_LIMIT;
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_of_file(LARGE) && is_zeros(LARGE, LARGE_PAGES),
           "too many mappings: in place");
}

static void other_memory_and_old_handlers_pass(void)
{
    struct intercept_registers call = {.ax = NR_madvise, .di = ARENA_TWIN, .si = PAGE, .dx = MADV_DONTNEED};

    expect(intercept_enter(&call) == INTERCEPT_PASS, "no lazy memory");
    call.di = LARGE;
    call.dx = MADV_WILLNEED;
    expect(intercept_enter(&call) == INTERCEPT_PASS, "an advice that is the same for all memory");
    call.dx = MADV_DONTNEED;
    arena_record->active = 0;
    expect(intercept_enter(&call) == INTERCEPT_PASS, "a handler that another one has followed");
    arena_record->active = 1;
}

/* ---- conditions ---- */

static void stacks_may_be_used_up(void)
{
    struct rlimit limit, low = {0, RLIM_INFINITY};

    arena_reset();
    arena_record->stacks_used = UINT64_MAX;
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_zeros(LARGE, LARGE_PAGES), "a stack is mapped");
    arena_reset();
    getrlimit(RLIMIT_AS, &limit);
    low.rlim_max = limit.rlim_max;
    setrlimit(RLIMIT_AS, &low);
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == -ENOMEM, "no stack, no memory for one");
    setrlimit(RLIMIT_AS, &limit);
    expect(is_original(LARGE, LARGE_PAGES) && arena_record->stacks_used == UINT64_MAX, "nothing has changed");
    arena_record->stacks_used = 0;
}

static void no_memory_leaves_all_as_it_was(void)
{
    struct rlimit limit, low = {0, RLIM_INFINITY};
    int64_t results[3];

    arena_reset();
    getrlimit(RLIMIT_AS, &limit);
    low.rlim_max = limit.rlim_max;
    setrlimit(RLIMIT_AS, &low);
    results[0] = arena_call(NR_mremap, LARGE, LARGE_PAGES * PAGE, 90 * PAGE, MREMAP_MAYMOVE, 0);
    results[1] = arena_call(NR_mremap, LARGE + 28 * PAGE, 8 * PAGE, 9 * PAGE, 0, 0);
    results[2] = arena_call(NR_mremap, LARGE, 20 * PAGE, 20 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0);
    setrlimit(RLIMIT_AS, &limit);
    expect(results[0] == -ENOMEM && results[1] == -ENOMEM && results[2] == -ENOMEM, "mremap under RLIMIT_AS");
    expect(is_original(ARENA_LAZY + REGION_FIRST * PAGE, REGION_PAGES) && is_of_file(LARGE), "nothing has changed");
}

static void growing_in_place_copies_nothing(void)
{
    uint64_t last = ARENA_LAZY + 40 * PAGE;

    arena_reset();
    munmap((void *)(last + 8 * PAGE), 8 * PAGE); /* the image's pages are at the end now */
    expect(arena_call(NR_mremap, last, 8 * PAGE, 30 * PAGE, MREMAP_MAYMOVE, 0) == (int64_t)last, "grows in place");
    expect(is_of_file(last) && is_original(last, 8) && is_zeros(last + 8 * PAGE, 22), "and stays what it is");
    expect(arena_call(NR_mremap, last, 30 * PAGE, 40 * PAGE, 0, 0) == -ENOMEM, "another mapping is in the way");
}

static void what_cannot_be_read_moves_as_well(void)
{
    uint64_t start = ARENA_LAZY + REGION_FIRST * PAGE, there = ARENA_LAZY + 200 * PAGE, length = REGION_PAGES * PAGE;
    bool guards = sys_madvise(start, 0, ABI_MADV_GUARD_INSTALL) == 0;

    arena_reset();
    if (guards)
        expect(sys_madvise(start + PAGE, PAGE, ABI_MADV_GUARD_INSTALL) == 0, "guard page");
    mprotect((void *)start, length, PROT_NONE);
    expect(arena_call(NR_mremap, start, length, length, MREMAP_MAYMOVE | MREMAP_FIXED, there) == (int64_t)there, "moves");
    expect(arena_protection(there) == 0 && arena_protection(there + length - PAGE) == 0, "stays out of reach");
    mprotect((void *)there, length, PROT_READ);
    expect(arena_word(there, 0)[1] == ((uint64_t)REGION_FIRST << 32 | 1 << 8 | 0x11), "contents of what was not lazy");
    for (uint64_t page = 2; page < REGION_PAGES; page++) {
        if (arena_word(there, page)[1] != ((REGION_FIRST + page) << 32 | 1 << 8 | 0x11))
            expect(false, "contents");
    }
    expect(!guards || sys_madvise(there + PAGE, PAGE, ABI_MADV_POPULATE_READ) < 0, "the guard page is one");
    munmap((void *)there, length);
}

static void signals_wait(void)
{
    struct intercept_registers call = {.ax = NR_madvise, .di = SMALL, .si = PAGE, .dx = MADV_DONTNEED};
    struct intercept_frame *frame;
    sigset_t before, within, after;

    arena_reset();
    sigprocmask(SIG_SETMASK, NULL, &before);
    frame = (struct intercept_frame *)intercept_enter(&call);
    sigprocmask(SIG_SETMASK, NULL, &within);
    intercept_work(frame);
    intercept_leave(frame, &call);
    sigprocmask(SIG_SETMASK, NULL, &after);
    expect(sigismember(&within, SIGALRM) == 1 && sigismember(&within, SIGSEGV) == 1, "all signals wait");
    expect(memcmp(&before, &after, 8) == 0 && arena_record->stacks_used == 0, "all is as before");
}

static void locked_memory_stays_locked(void)
{
    arena_reset();
    expect(sys_mlock2(LARGE, LARGE_PAGES * PAGE, 0) == 0, "mlock"); /* the sanitizer makes mlock() do nothing */
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == -EINVAL && is_original(LARGE, LARGE_PAGES), "locked");
    expect(advise_memory(LARGE, LARGE_PAGES, ADVICE_DONTNEED_LOCKED) == 0 && is_zeros(LARGE, LARGE_PAGES), "DONTNEED_LOCKED");
    expect(madvise((void *)LARGE, LARGE_PAGES * PAGE, MADV_DONTNEED) == -1 && errno == EINVAL, "still locked");
}

/* ---- processes ---- */

static void a_child_has_its_own(void)
{
    pid_t child;

    arena_reset();
    arena_word(LARGE, 1)[5] = 77;
    child = fork();
    if (child == 0) {
        bool good = arena_word(LARGE, 1)[5] == 77 && advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 &&
                    is_zeros(LARGE, LARGE_PAGES) && advise_memory(SMALL, 1, MADV_DONTNEED) == 0 && is_zeros(SMALL, 1);

        _exit(good ? 0 : 1);
    }
    expect(status_of(child) == 0, "the child discards");
    expect(arena_word(LARGE, 1)[5] == 77 && is_of_file(LARGE) && is_original(LARGE + 2 * PAGE, 18), "the parent keeps");
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_zeros(LARGE, LARGE_PAGES), "until it discards");
}

static void a_vfork_child_works_on_this_memory(void)
{
    pid_t child;

    arena_reset();
    child = vfork();
    if (child == 0) {
        int64_t result = advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED);

        _exit(result == 0 ? 0 : 1);
    }
    expect(status_of(child) == 0 && is_zeros(LARGE, LARGE_PAGES) && !is_of_file(LARGE), "vfork");
}

static void wiped_on_fork(void)
{
    pid_t child;

    arena_reset();
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_WIPEONFORK) == 0 && is_original(LARGE, LARGE_PAGES), "WIPEONFORK keeps contents");
    child = fork();
    if (child == 0)
        _exit(is_zeros(LARGE, LARGE_PAGES) ? 0 : 1);
    expect(status_of(child) == 0 && is_original(LARGE, LARGE_PAGES), "and wipes the child's");
}

/* ---- calls ---- */

static void process_madvise_on_oneself(void)
{
    struct iovec pieces[4] = {{(void *)LARGE, 20 * PAGE}, {(void *)SMALL, PAGE}, {(void *)(SMALL + 1), PAGE}, {NULL, 0}};
    int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    uint64_t where = (uint64_t)pieces;

    arena_reset();
    if (syscall(SYS_process_madvise, pidfd, pieces, 0, MADV_DONTNEED, 0) < 0) {
        puts("skipped: process_madvise(MADV_DONTNEED): this kernel is older than 6.13");
        close(pidfd);
        return;
    }
    expect(arena_call(NR_process_madvise, (uint64_t)pidfd, where, 2, MADV_DONTNEED, 0) == 21 * (int64_t)PAGE, "bytes");
    expect(is_zeros(LARGE, LARGE_PAGES) && is_zeros(SMALL, 1) && is_original(SMALL + PAGE, 1), "discarded");
    arena_reset();
    expect(arena_call(NR_process_madvise, (uint64_t)pidfd, where, 3, MADV_DONTNEED, 0) == 21 * (int64_t)PAGE, "up to an error");
    expect(arena_call(NR_process_madvise, (uint64_t)pidfd, where + 32, 1, MADV_DONTNEED, 0) == -EINVAL, "an error at once");
    expect(arena_call(NR_process_madvise, (uint64_t)pidfd, 16, 1, MADV_DONTNEED, 0) == -EFAULT, "no pieces there");
    expect(arena_call(NR_process_madvise, 12345, where, 1, MADV_DONTNEED, 0) == -EBADF, "no pidfd");
    close(pidfd);
}

static void faults_can_be_handled_by_the_program(void)
{
    struct uffdio_api api = {.api = UFFD_API};
    struct uffdio_register area = {.range = {LARGE, LARGE_PAGES * PAGE}, .mode = UFFDIO_REGISTER_MODE_MISSING};
    int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);

    arena_reset();
    if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0) {
        puts("skipped: userfaultfd: not allowed here");
        return;
    }
    expect(ioctl(fd, UFFDIO_REGISTER, &area) < 0, "the kernel refuses pages of a file"); /* or there is nothing to test */
    expect(arena_call(NR_ioctl, (uint64_t)fd, UFFDIO_REGISTER, (uint64_t)&area, 0, 0) == 0, "registered");
    expect(is_original(LARGE, LARGE_PAGES) && !is_of_file(LARGE), "contents are there");
    expect(arena_call(NR_ioctl, (uint64_t)fd, UFFDIO_REGISTER, 16, 0, 0) == -EFAULT, "no argument there");
    close(fd);
}

/* Is a flag of /proc/PID/smaps there? */
static bool has_flag(uint64_t address, const char *flag)
{
    FILE *smaps = fopen("/proc/self/smaps", "re");
    char line[512];
    bool inside = false, has = false;

    expect(smaps != NULL, "smaps");
    while (fgets(line, sizeof(line), smaps) != NULL) {
        uint64_t start, end;

        if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
            inside = start <= address && address < end;
        else if (inside && strncmp(line, "VmFlags:", 8) == 0)
            has = strstr(line, flag) != NULL;
    }
    fclose(smaps);
    return has;
}

static void attributes_outlive_what_makes_memory_anonymous(void)
{
    const struct range all = {LARGE, LARGE + LARGE_PAGES * PAGE};
    struct lazy_call lazy = {.resident = arena_record};

    arena_reset();
    expect(advise_memory(LARGE, 3, MADV_DONTDUMP) == 0 && !is_of_file(LARGE) && is_of_file(LARGE + 3 * PAGE) &&
               arena_record->attributes == 0 && has_flag(LARGE, " dd"), "what gets an attribute is anonymous before");
    expect(arena_call(NR_mbind, LARGE + 5 * PAGE, PAGE, 4, 0, 0) == 0 && !is_of_file(LARGE + 5 * PAGE),
           "memory that gets a policy");
    expect(maps_open(&lazy.maps, arena_record) == 0 && convert_range(&lazy, &all, true) == 0, "conversion");
    maps_close(&lazy.maps);
    expect(!is_of_file(LARGE + 3 * PAGE) && has_flag(LARGE, " dd") && !has_flag(LARGE + 3 * PAGE, " dd") &&
               is_original(LARGE, LARGE_PAGES), "attributes and contents stay");
    expect(advise_memory(LARGE, LARGE_PAGES, MADV_DONTNEED) == 0 && is_zeros(LARGE, LARGE_PAGES) && has_flag(LARGE, " dd"),
           "also when it is discarded");
}

int main(void)
{
    arena_start();
    attributes_outlive_what_makes_memory_anonymous();
    large_pieces_are_replaced_and_then_the_kernels();
    small_pieces_are_cleared_in_place();
    attributes_and_too_many_pieces_are_cleared_in_place();
    other_memory_and_old_handlers_pass();
    stacks_may_be_used_up();
    no_memory_leaves_all_as_it_was();
    growing_in_place_copies_nothing();
    what_cannot_be_read_moves_as_well();
    signals_wait();
    locked_memory_stays_locked();
    a_child_has_its_own();
    a_vfork_child_works_on_this_memory();
    wiped_on_fork();
    process_madvise_on_oneself();
    faults_can_be_handled_by_the_program();
    return failures == 0 ? 0 : 1;
}
