/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A captured window of address space and a fresh one that was made like it after READY: each of many random
 * operations is done to both. Results, errors and all contents must be the same, in a child of fork too.
 */
#include "areas.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/uio.h>

enum { WINDOW = 2048, FIRST = 512, FILLED = 1024, OPERATIONS = 320, CHECK_EVERY = 16, HUGE_PAGES = 512 };

struct window {
    unsigned char *start;
};

static struct window captured, fresh;
static uint64_t state;
static int step;
static const char *operation;

static size_t any(size_t limit) {
    state += 0x9e3779b97f4a7c15u;
    return pattern_word(state, 0) % limit;
}

static struct window make_window(void) {
    unsigned char *all = map_memory((WINDOW + HUGE_PAGES) * PAGE, PROT_NONE, MAP_NORESERVE);
    uintptr_t huge = HUGE_PAGES * PAGE;
    struct window window = {(unsigned char *)(((uintptr_t)all + huge - 1) & ~(huge - 1))};
    unsigned char *filled = mmap(window.start + FIRST * PAGE, FILLED * PAGE, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(filled == window.start + FIRST * PAGE, "mmap: errno %d", errno);
    fill_pattern(filled, FILLED * PAGE, 9);
    return window;
}

/* A page as the kernel sees it: false when it cannot be read. */
static bool read_page(const struct window *window, size_t page, void *buffer) {
    struct iovec local = {buffer, PAGE}, remote = {window->start + page * PAGE, PAGE};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)PAGE;
}

static void compare_contents(void) {
    static char ours[PAGE], theirs[PAGE];
    for (size_t page = 0; page < WINDOW; page++) {
        bool readable = read_page(&captured, page, ours);
        CHECK(readable == read_page(&fresh, page, theirs), "step %d (%s): page %zu is readable in one window only", step,
              operation, page);
        CHECK(!readable || memcmp(ours, theirs, PAGE) == 0,
              "step %d (%s): page %zu differs; first word 0x%llx, expected 0x%llx", step, operation, page,
              (unsigned long long)*(uint64_t *)(void *)ours, (unsigned long long)*(uint64_t *)(void *)theirs);
    }
}

struct arguments {
    size_t page, count, target, new_count;
    int choice, flags;
    uint64_t seed;
};

/* An address of the window as a number that is the same in both. */
static long relative(const struct window *window, void *result) {
    return result == MAP_FAILED ? -errno : (unsigned char *)result - window->start;
}

static long result_or_error(long result) {
    return result == -1 ? -errno : result;
}

static long advise(const struct window *window, const struct arguments *a) {
    static const int advices[] = {MADV_DONTNEED,   MADV_DONTNEED,   MADV_DONTNEED,      MADV_DONTNEED,
                                  MADV_COLD,       MADV_PAGEOUT,    MADV_WILLNEED,      MADV_POPULATE_READ,
                                  MADV_HUGEPAGE,   MADV_NOHUGEPAGE, MADV_POPULATE_WRITE, MADV_DONTNEED_LOCKED,
                                  MADV_SEQUENTIAL, MADV_NORMAL,     MADV_REMOVE,        MADV_DONTDUMP,
                                  MADV_DODUMP,     MADV_DOFORK};
    int advice = advices[(size_t)a->choice % (sizeof advices / sizeof *advices)];
    return result_or_error(call_madvise(window->start + a->page * PAGE, a->count * PAGE, advice));
}

/* What is freed is written at once where it can be: until then it may be old or zero. */
static long give_free(const struct window *window, const struct arguments *a) {
    unsigned char *start = window->start + a->page * PAGE;
    long result = result_or_error(call_madvise(start, a->count * PAGE, MADV_FREE));
    if (result == 0)
        result = result_or_error(call_madvise(start, a->count * PAGE, MADV_DONTNEED));
    return result;
}

static long protect(const struct window *window, const struct arguments *a) {
    static const int protections[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
    return result_or_error(call_mprotect(window->start + a->page * PAGE, a->count * PAGE, protections[a->choice % 4]));
}

static long map_again(const struct window *window, const struct arguments *a) {
    int protection = a->choice % 4 == 0 ? PROT_NONE : PROT_READ | PROT_WRITE;
    if (a->choice % 5 == 0)
        CHECK_EQ(call_munmap(window->start + a->page * PAGE, a->count * PAGE), 0);
    return relative(window, call_mmap(window->start + a->page * PAGE, a->count * PAGE, protection,
                                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

/* Shrinks, grows in place where there is room, or moves inside the window; then fills what it left. */
static long remap(const struct window *window, const struct arguments *a) {
    unsigned char *start = window->start + a->page * PAGE;
    bool moves = a->choice % 3 != 0;
    long result = relative(window, call_mremap(start, a->count * PAGE, a->new_count * PAGE,
                                               moves ? MREMAP_MAYMOVE | MREMAP_FIXED | a->flags : 0,
                                               window->start + a->target * PAGE));
    for (size_t page = 0; page < WINDOW; page++) /* no free address stays, for no one else to take */
        mmap(window->start + page * PAGE, PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return result;
}

/* Through the kernel, which refuses where the program could not write. */
static long write_pages(const struct window *window, const struct arguments *a) {
    static uint64_t text[PAGE / 8];
    for (size_t page = a->page; page < a->page + a->count; page++) {
        fill_pattern(text, PAGE, a->seed + page);
        struct iovec local = {text, PAGE}, remote = {window->start + page * PAGE, PAGE};
        if (process_vm_writev(getpid(), &local, 1, &remote, 1, 0) != (ssize_t)PAGE)
            return (long)page;
    }
    return 0;
}

static long lock_and_discard(const struct window *window, const struct arguments *a) {
    unsigned char *start = window->start + a->page * PAGE;
    size_t size = (a->count % 16 + 1) * PAGE; /* RLIMIT_MEMLOCK */
    long locked = result_or_error(mlock(start, size));
    long discarded = result_or_error(call_madvise(start, size, a->choice % 2 ? MADV_DONTNEED : MADV_DONTNEED_LOCKED));
    return locked * 1000000 + discarded * 1000 + result_or_error(munlock(start, size));
}

/* Room opens behind a range, which then grows into it without leave to move. */
static long grow_in_place(const struct window *window, const struct arguments *a) {
    size_t room = (WINDOW - a->page - a->count) % 32;
    unsigned char *start = window->start + a->page * PAGE;
    if (room)
        CHECK_EQ(munmap(start + a->count * PAGE, room * PAGE), 0);
    long result = relative(window, call_mremap(start, a->count * PAGE, (a->count + room) * PAGE, 0, NULL));
    for (size_t page = 0; page < WINDOW; page++)
        mmap(window->start + page * PAGE, PAGE, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return result;
}

static const struct {
    const char *name;
    long (*act)(const struct window *window, const struct arguments *a);
} operations[] = {{"advice", advise},    {"advice", advise},   {"free", give_free},         {"mprotect", protect},
                  {"mprotect", protect}, {"mmap", map_again},  {"mremap", remap},           {"mremap", remap},
                  {"write", write_pages}, {"write", write_pages}, {"lock", lock_and_discard}, {"grow", grow_in_place}};

static struct arguments any_arguments(void) {
    struct arguments a = {.page = any(WINDOW), .choice = (int)any(1000), .seed = any(1 << 30)};
    size_t longest = any(3) ? 24 : 700;
    a.count = 1 + any(WINDOW - a.page < longest ? WINDOW - a.page : longest);
    a.new_count = any(2) ? a.count : 1 + any(longest);
    a.target = any(WINDOW);
    if (a.target + a.new_count > WINDOW)
        a.target = WINDOW - a.new_count;
    if (a.new_count == a.count && any(3) == 0)
        a.flags = MREMAP_DONTUNMAP;
    return a;
}

/*
 * The kernel does not remap across mappings that it could not merge. Where it does not for the fresh window, it may for
 * the captured one: what was one mapping may be several by now, and must be taken for one. No program relies on that
 * error; so both get the same new memory instead, where one of them may have lost what was in the way.
 */
static bool spans_mappings(const struct arguments *a, size_t choice) {
    if (operations[choice].act != remap && operations[choice].act != grow_in_place)
        return false;
    struct arguments target = {.page = a->target, .count = a->new_count, .choice = 1};
    if (operations[choice].act == grow_in_place)
        target = (struct arguments){.page = a->page + a->count - 1, .count = WINDOW - a->page - a->count + 1, .choice = 1};
    map_again(&captured, &target);
    map_again(&fresh, &target);
    return true;
}

static void act_on_both(int steps) {
    for (step = 0; step < steps; step++) {
        struct arguments a = any_arguments();
        size_t choice = any(sizeof operations / sizeof *operations);
        operation = operations[choice].name;
        long expected = operations[choice].act(&fresh, &a);
        if (expected == -EFAULT && spans_mappings(&a, choice))
            continue;
        long found = operations[choice].act(&captured, &a);
        CHECK(found == expected,
              "step %d: %s of pages %zu + %zu (target %zu, %zu pages, choice %d, flags %d) gave %ld instead of %ld", step,
              operation, a.page, a.count, a.target, a.new_count, a.choice, a.flags, found, expected);
        if (step % CHECK_EVERY == 0)
            compare_contents();
    }
    compare_contents();
}

static void act_in_child(void) {
    act_on_both(OPERATIONS / 4);
}

static void suite(void) {
    operation = "nothing";
    compare_contents();
    for (int round = 0; round < 4; round++) {
        act_on_both(OPERATIONS / 4);
        in_child(act_in_child);
        compare_contents();
    }
}

int main(int argc, char **argv) {
    areas_begin(argc, argv, "random operations on captured anonymous memory have the results that they have on fresh memory");
    state = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;
    captured = make_window();

    ready_and_wait();

    fresh = make_window();
    in_place(suite);
    pass();
}
