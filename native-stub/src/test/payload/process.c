// SPDX-License-Identifier: Apache-2.0
/* What stub_process.c plans, seen from inside the process. */
#include "checks.h"

#define NR_BRK 12
#define NR_RT_SIGPENDING 127
#define NR_GETRLIMIT 97
#define NR_GETCWD 79
#define PAGE 4096

static char text[65536];

static int64_t slurp(const char *path)
{
    int64_t fd = sys_open(path, ABI_O_RDONLY), count, used = 0;

    check(fd >= 0, 110);
    while ((count = syscall3(NR_read, (uint64_t)fd, (uint64_t)text + (uint64_t)used, sizeof(text) - 1 - (uint64_t)used)) > 0)
        used += count;
    text[used] = '\0';
    sys_close((int)fd);
    return used;
}

static bool starts_with(const char *whole, const char *part)
{
    while (*part != '\0') {
        if (*whole++ != *part++)
            return false;
    }
    return true;
}

static const char *find(const char *part)
{
    for (const char *next = text; *next != '\0'; next++) {
        if (starts_with(next, part))
            return next;
    }
    return (const char *)0;
}

/* ---- process ---- */

static void check_proc(void)
{
    check(slurp("/proc/self/cmdline") == 19 && starts_with(text, "hand-made") && starts_with(text + 10, "argument"), 111);
    check(slurp("/proc/self/environ") > 3 && starts_with(text, "FIRST=1"), 112);
    check(slurp("/proc/self/auxv") >= 32 && *(uint64_t *)text == 6 && ((uint64_t *)text)[1] == 4096, 113);
    check(slurp("/proc/self/comm") == 9 && starts_with(text, "handmade\n"), 114);
    slurp("/proc/self/status");
    check(find("\nUmask:\t0027") && find("\nNoNewPrivs:\t1") && find("\nSigIgn:\t0000000000001001") &&
          find("\nSigBlk:\t0000000000000000") && find("\nTHP_enabled:\t0"), 115);
    check(syscall2(NR_prctl, 3 /* PR_GET_DUMPABLE */, 0) == 0, 116);
}

static uint64_t hexadecimal(const char **next)
{
    uint64_t value = 0;

    for (; (**next >= '0' && **next <= '9') || (**next >= 'a' && **next <= 'f'); (*next)++)
        value = value * 16 + (uint64_t)(**next <= '9' ? **next - '0' : **next - 'a' + 10);
    return value;
}

/* What the plan maps, the slot, and the page that the kernel shows to everybody. */
static bool known(uint64_t start)
{
    return start < PAYLOAD_BRK_END + 16 * PAGE || (start >= PAYLOAD_SLOT && start < PAYLOAD_SLOT + PAYLOAD_SLOT_BYTES) ||
           (start >= PAYLOAD_STACKS && start < PAYLOAD_STACKS + PAYLOAD_STACK_BYTES) || start == UINT64_C(0xffffffffff600000);
}

static bool only_known(void)
{
    for (const char *next = text; *next != '\0'; next++) {
        uint64_t start = hexadecimal(&next);

        while (*next != '\n' && *next != '[')
            next++;
        if (!known(start) && !starts_with(next, "[v"))
            return false;
        while (*next != '\n')
            next++;
    }
    return true;
}

/* The program's [stack] and [heap] are named, and nothing of the launch lies outside the slot. */
static void check_maps(void)
{
    slurp("/proc/self/maps");
    check(find("[stack]") && starts_with(find("[stack]") - 73, "7ff000000000-"), 117);
    check(find("[vvar]") && find("[vdso]"), 118); /* where the kernel put them */
    check(find("[heap]") && only_known(), 119);
}

static void check_attributes(void)
{
    uint64_t limit[2];
    int32_t subreaper = 0;
    char directory[8];

    check(syscall1(NR_BRK, 0) == (int64_t)PAYLOAD_BRK_END, 120);
    check(syscall1(NR_BRK, PAYLOAD_BRK_END + 3 * PAGE) == (int64_t)PAYLOAD_BRK_END + 3 * PAGE, 121);
    *(volatile uint8_t *)(PAYLOAD_BRK_END + 2 * PAGE) = 1;
    check(syscall2(NR_GETRLIMIT, ABI_RLIMIT_NOFILE, (uint64_t)limit) == 0 && limit[0] == 77 && limit[1] <= 88, 122);
    check(syscall2(NR_prctl, 37 /* PR_GET_CHILD_SUBREAPER */, (uint64_t)&subreaper) == 0 && subreaper == 1, 123);
    check(syscall2(NR_GETCWD, (uint64_t)directory, sizeof(directory)) == 5 && starts_with(directory, "/usr"), 124);
    check(sys_personality(UINT32_MAX) == 0x0400000, 125); /* READ_IMPLIES_EXEC */
    check((sys_membarrier(0) < 0) || syscall3(NR_membarrier, 8 /* PRIVATE_EXPEDITED */, 0, 0) == 0, 126);
    check(syscall2(NR_prctl, 2 /* PR_GET_PDEATHSIG */, (uint64_t)&subreaper) == 0 && subreaper == 12, 127);
    check(syscall2(NR_prctl, 30 /* PR_GET_TIMERSLACK */, 0) == 12345, 128);
}

_Noreturn void run_process(void)
{
    check_maps();
    check_attributes();
    check_proc();
    end(PAYLOAD_GOOD);
}

/* ---- memory ---- */

static volatile uint8_t *place(uint32_t n)
{
    return (volatile uint8_t *)PAYLOAD_PLACE(n);
}

/* Can the kernel write there? It says so without a signal. */
static bool writable(volatile uint8_t *address)
{
    return syscall2(NR_clock_gettime, 1, (uint64_t)address) == 0;
}

static bool readable(volatile uint8_t *address)
{
    return syscall1(NR_chdir, (uint64_t)address) != -ABI_EFAULT;
}

/* rwxp as /proc/self/maps has it, for the mapping that starts at place n */
static bool rights_are(uint32_t n, const char *rights)
{
    const char *line;
    char start[11] = "\n600?00000";

    _Static_assert(PAYLOAD_PLACE(1) == UINT64_C(0x600100000), "the digit below");
    start[4] = (char)('0' + n);
    line = find(start);
    while (line && *line != ' ')
        line++;
    return line && starts_with(line + 1, rights);
}

static void check_contents(void)
{
    check(place(0)[0] == 'r' && place(0)[PAGE] == 0, 130); /* read into anonymous memory */
    check(place(1)[0] == 'm' && place(1)[PAGE - 1] == 0, 131); /* mapped */
    place(1)[0] = 'x'; /* and private */
    check(place(2)[0] == 's', 132);
    check(place(3)[PAGE] == 'o' && place(4)[0] == 'o', 133); /* two mappings of one object */
    place(4)[1] = 'p';
    check(place(3)[PAGE + 1] == 'p', 134);
    check(place(5)[0] == 'f', 135); /* shared file */
}

static void check_rights(void)
{
    slurp("/proc/self/maps");
    check(rights_are(0, "r--p") && rights_are(1, "rw-p") && rights_are(2, "rw-s") && rights_are(5, "r--s"), 136);
    check(rights_are(6, "---p") && rights_are(8, "rw-p"), 137);
    check(!writable(place(0)) && readable(place(0)), 138);
    check(!readable(place(7)) && !readable(place(6)) && readable(place(7) + PAGE), 139); /* guard page, PROT_NONE */
    check(!find("\n600900000"), 140); /* unmapped again */
}

/* The stack grows: 1 MB down from its only page. */
static void check_growth(void)
{
    for (uint64_t down = 0; down < 256; down++)
        *(volatile uint8_t *)(PAYLOAD_GROWING - down * PAGE) = 1;
}

_Noreturn void run_memory(void)
{
    check_contents();
    check_rights();
    check_growth();
    end(PAYLOAD_GOOD);
}
