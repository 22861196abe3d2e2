// SPDX-License-Identifier: Apache-2.0
/*
 * Lazy memory behaves as anonymous memory does: random sequences of calls on both, with fixed seeds, must give the same
 * results and leave the same contents and rights. `stub_lazy SEED` repeats one sequence and tells each step.
 */
#include "src/test/c/support/lazy_arena.h"

#include <sys/prctl.h>

#define SEQUENCES 1200
#define STEPS 14

#define ADVICE_DONTNEED_LOCKED 24
#define ADVICE_GUARD_INSTALL 102
#define ADVICE_GUARD_REMOVE 103

static uint64_t seed_now, random_state;
static bool telling;
static bool locked_once; /* MREMAP_DONTUNMAP of a part unlocks the whole mapping, which is nothing to imitate */
static bool several_mappings; /* by now the twin may be several mappings where the lazy memory is taken for one */

static uint64_t chance(uint64_t below)
{
    random_state = random_state * 6364136223846793005UL + 1442695040888963407UL;
    return (random_state >> 33) % below;
}

struct step {
    const char *name;
    uint64_t first, pages; /* of the arena */
    uint64_t argument, more, target;
};

static void fail(const struct step *step, const char *what, int64_t lazy, int64_t twin)
{
    errx(1, "seed %lu, %s of %lu pages at %lu (%lu, %lu, %lu): %s, lazy %ld, anonymous %ld", seed_now, step->name, step->pages,
         step->first, step->argument, step->more, step->target, what, lazy, twin);
}

static void compare_pages(const struct step *step, uint64_t lazy, uint64_t twin, uint64_t pages)
{
    struct arena_look a, b;

    arena_look_at(lazy, pages, &a);
    arena_look_at(twin, pages, &b);
    for (uint64_t page = 0; page < pages; page++) {
        if (a.readable[page] != b.readable[page])
            fail(step, "readable", (int64_t)page * 10 + a.readable[page], (int64_t)page * 10 + b.readable[page]);
        if (a.protection[page] != b.protection[page])
            fail(step, "rights", (int64_t)page * 10 + a.protection[page], (int64_t)page * 10 + b.protection[page]);
        for (int i = 0; i < 3; i++) {
            if (a.words[page][i] != b.words[page][i])
                fail(step, "contents", (int64_t)(page << 32 ^ a.words[page][i]), (int64_t)(page << 32 ^ b.words[page][i]));
        }
    }
}

/* ---- single steps ---- */

static void put(uint64_t address, uint64_t value)
{
    struct iovec from = {&value, 8}, to = {(void *)address, 8};

    if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) != 8 && errno != EFAULT)
        err(1, "writing");
}

static void write_pages(const struct step *step)
{
    for (uint64_t page = step->first; page < step->first + step->pages; page++) {
        uint64_t value = chance(1 << 30), place = (page * PAGE) + chance(2) * 1024;

        put(ARENA_LAZY + place, value);
        put(ARENA_TWIN + place, value);
    }
}

static void fill(uint64_t address, uint8_t value)
{
    uint8_t bytes[PAGE];
    struct iovec from = {bytes, PAGE}, to = {(void *)address, PAGE};
    int protection = arena_protection(address);

    memset(bytes, value, sizeof(bytes));
    mprotect((void *)address, PAGE, PROT_READ | PROT_WRITE);
    if (process_vm_writev(getpid(), &from, 1, &to, 1, 0) < 0 && errno != EFAULT) /* a guard page */
        err(1, "writing");
    mprotect((void *)address, PAGE, protection);
}

/* MADV_FREE may drop contents now, later or not at all: after a look at what it has done all get new contents. */
static void settle_freed(const struct step *step)
{
    for (uint64_t page = step->first; page < step->first + step->pages && page < ARENA_PAGES; page++) {
        uint64_t lazy = ARENA_LAZY + page * PAGE, twin = ARENA_TWIN + page * PAGE;
        uint64_t a[3], b[3];

        if (arena_protection(twin) < 0 || (page >= FILE_FIRST && page < FILE_FIRST + FILE_PAGES))
            continue;
        if (arena_read(lazy, a) && arena_read(twin, b) && memcmp(a, b, sizeof(a)) != 0 && (a[0] | a[1] | a[2]) != 0 &&
            (b[0] | b[1] | b[2]) != 0)
            fail(step, "neither old nor zero", (int64_t)a[0], (int64_t)b[0]);
        fill(lazy, (uint8_t)page);
        fill(twin, (uint8_t)page);
    }
}

static void on_both(const struct step *step, uint64_t number, uint64_t length, uint64_t c, uint64_t d, uint64_t e)
{
    int64_t lazy = arena_call(number, ARENA_LAZY + step->first * PAGE, length, c, d, e);
    int64_t twin = syscall6((int64_t)number, ARENA_TWIN + step->first * PAGE, length, c, d, e, 0);

    if (lazy != twin)
        fail(step, "result", lazy, twin);
}

static void advise_both(struct step *step)
{
    static const uint32_t common[] = {MADV_DONTNEED, MADV_DONTNEED, MADV_DONTNEED, MADV_FREE, MADV_FREE};
    static const uint32_t all[] = {MADV_DONTNEED, MADV_FREE, ADVICE_DONTNEED_LOCKED, MADV_REMOVE, MADV_WIPEONFORK,
                                   MADV_KEEPONFORK, MADV_COLD, MADV_PAGEOUT, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_DONTDUMP,
                                   MADV_DODUMP, MADV_DONTFORK, MADV_DOFORK, MADV_MERGEABLE, MADV_UNMERGEABLE,
                                   MADV_POPULATE_READ, MADV_POPULATE_WRITE, MADV_SEQUENTIAL, 99, ADVICE_GUARD_INSTALL,
                                   ADVICE_GUARD_INSTALL, ADVICE_GUARD_REMOVE};
    uint32_t advice = chance(2) == 0 ? common[chance(5)] : all[chance(sizeof(all) / sizeof(all[0]))];
    uint64_t length = step->pages * PAGE - (chance(8) == 0 ? 100 : 0);

    step->argument = advice;
    if (chance(40) == 0)
        length = (uint64_t)-chance(5000);
    on_both(step, NR_madvise, length, advice, 0, 0);
    if (advice == MADV_FREE)
        settle_freed(step);
    several_mappings |= advice != MADV_DONTNEED && advice != MADV_FREE && advice < ADVICE_GUARD_INSTALL;
}

static void compare_moved(const struct step *step, int64_t lazy, int64_t twin, uint64_t pages)
{
    bool lazy_moved = (uint64_t)lazy - ARENA_LAZY >= ARENA_PAGES * PAGE;
    bool twin_moved = (uint64_t)twin - ARENA_TWIN >= ARENA_PAGES * PAGE;

    if (lazy_moved != twin_moved || (!lazy_moved && (uint64_t)lazy - ARENA_LAZY != (uint64_t)twin - ARENA_TWIN))
        fail(step, "place", lazy, twin);
    compare_pages(step, (uint64_t)lazy, (uint64_t)twin, pages);
    if (lazy_moved && (munmap((void *)lazy, pages * PAGE) != 0 || munmap((void *)twin, pages * PAGE) != 0))
        err(1, "munmap");
}

/* Returns false when the sequence must end: the kernel refuses to remap several mappings that are taken for one here. */
static bool remap_both(struct step *step)
{
    static const uint64_t flags_of[] = {0, 1, 1, 1, 3, 3, 3, 5, 7, 2, 8};
    uint64_t flags = flags_of[chance(sizeof(flags_of) / sizeof(flags_of[0]))];
    uint64_t pages = chance(3) == 0 ? step->pages : chance(40) + (chance(30) != 0);
    uint64_t target = chance(3) == 0 ? chance(ARENA_PAGES - 40) : 56 + chance(14);
    int64_t lazy, twin;

    if (locked_once)
        flags &= ~UINT64_C(4);
    if ((flags & 4) != 0 && chance(8) != 0)
        pages = step->pages;
    step->argument = flags;
    step->more = pages;
    step->target = target;
    lazy = arena_call(NR_mremap, ARENA_LAZY + step->first * PAGE, step->pages * PAGE, pages * PAGE, flags,
                      (flags & 6) != 0 ? ARENA_LAZY + target * PAGE : 0);
    twin = syscall6(NR_mremap, ARENA_TWIN + step->first * PAGE, step->pages * PAGE, pages * PAGE, flags,
                    (flags & 6) != 0 ? ARENA_TWIN + target * PAGE : 0, 0);
    if (several_mappings && twin == -EFAULT && lazy != twin)
        return false;
    if ((lazy < 0 || twin < 0) && lazy != twin)
        fail(step, "result", lazy, twin);
    if (lazy >= 0)
        compare_moved(step, lazy, twin, pages);
    several_mappings |= lazy >= 0 && (flags & 6) != 0;
    return true;
}

static void name_both(const struct step *step)
{
    static const char *const names[] = {"good name", "bad [name]", NULL};
    const char *name = names[chance(3)];
    int64_t lazy = arena_call(NR_prctl, PR_SET_VMA, 0, ARENA_LAZY + step->first * PAGE, step->pages * PAGE, (uint64_t)name);
    int64_t twin = syscall6(NR_prctl, PR_SET_VMA, 0, ARENA_TWIN + step->first * PAGE, step->pages * PAGE, (uint64_t)name, 0);

    if (lazy != twin)
        fail(step, "result", lazy, twin);
    several_mappings = true;
}

static void map_both(const struct step *step, int protection)
{
    for (int twin = 0; twin < 2; twin++)
        arena_map((twin ? ARENA_TWIN : ARENA_LAZY) + step->first * PAGE, step->pages * PAGE, protection,
                  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool take(struct step *step)
{
    static const int protections[] = {PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE, PROT_READ, PROT_NONE,
                                      PROT_READ | PROT_WRITE | PROT_EXEC};
    uint64_t kind = chance(100);

    step->first = REGION_FIRST + chance(REGION_PAGES);
    step->pages = 1 + chance(chance(2) == 0 ? 8 : ARENA_PAGES - step->first);
    if (step->pages > ARENA_PAGES - step->first)
        step->pages = ARENA_PAGES - step->first;
    if (chance(6) == 0) { /* all that is mapped at first */
        step->first = REGION_FIRST;
        step->pages = REGION_PAGES;
    }
    if (kind < 40) {
        step->name = "madvise";
        advise_both(step);
    } else if (kind < 65) {
        step->name = "write";
        write_pages(step);
    } else if (kind < 80) {
        step->name = "mremap";
        return remap_both(step);
    } else if (kind < 88) {
        step->name = "mprotect";
        on_both(step, NR_mprotect, step->pages * PAGE, (uint64_t)protections[chance(5)], 0, 0);
    } else if (kind < 91) {
        step->name = "munmap";
        on_both(step, NR_munmap, step->pages * PAGE, 0, 0, 0);
    } else if (kind < 94) {
        step->name = "mmap";
        map_both(step, protections[chance(3)]);
    } else if (kind < 97) {
        step->name = "mlock or munlock";
        on_both(step, chance(2) == 0 ? 149 /* mlock */ : 150, step->pages * PAGE, 0, 0, 0);
        several_mappings = locked_once = true;
    } else {
        step->name = "name";
        name_both(step);
    }
    return true;
}

static void run(uint64_t seed)
{
    struct step step = {.name = "nothing"};
    bool goes_on = true;

    seed_now = seed;
    random_state = seed * 0x9e3779b97f4a7c15UL + 1;
    several_mappings = locked_once = false;
    arena_reset();
    for (int i = 0; i < STEPS && goes_on; i++) {
        goes_on = take(&step);
        if (telling)
            printf("%s of %lu pages at %lu (%lu, %lu, %lu)\n", step.name, step.pages, step.first, step.argument, step.more,
                   step.target);
        if (goes_on)
            compare_pages(&step, ARENA_LAZY, ARENA_TWIN, ARENA_PAGES);
    }
}

int main(int count, char **arguments)
{
    arena_start();
    telling = count > 1;
    if (telling) {
        setvbuf(stdout, NULL, _IONBF, 0);
        run(strtoul(arguments[1], NULL, 0));
        return 0;
    }
    for (uint64_t seed = 0; seed < SEQUENCES; seed++)
        run(seed);
    arena_query_command = 1; /* no ioctl: the text is read, as before Linux 6.11 */
    for (uint64_t seed = SEQUENCES; seed < SEQUENCES + SEQUENCES / 4; seed++)
        run(seed);
    return 0;
}
