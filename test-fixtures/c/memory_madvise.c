/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>

enum { ZONE = 4 * 4096 };

static unsigned char *dontfork, *wipeonfork, *locked, *dontdump;

/* Gives the child's verdict: 0 when DONTFORK memory is gone there and WIPEONFORK memory is zero. */
static int child_verdict(void) {
    pid_t child = (pid_t)MUST(fork());
    if (child == 0) {
        if (try_access(dontfork, ACCESS_READ) != SIGSEGV)
            _exit(3);
        for (size_t i = 0; i < ZONE; i++)
            if (wipeonfork[i] != 0)
                _exit(4);
        _exit(0);
    }
    int status;
    CHECK_EQ(waitpid(child, &status, 0), child);
    return status >> 8 | (status & 0x7f) << 8;
}

/* True when the smaps entry that starts at ADDRESS has FLAG among its VmFlags; without /proc too. */
static bool has_flag(const void *address, const char *flag) {
    FILE *smaps = fopen("/proc/self/smaps", "r");
    if (!smaps)
        return true;
    char line[512], start[32];
    bool here = false, found = false;
    snprintf(start, sizeof start, "%lx-", (unsigned long)(uintptr_t)address);
    while (!found && fgets(line, sizeof line, smaps)) {
        if (strncmp(line, start, strlen(start)) == 0)
            here = true;
        if (here && strncmp(line, "VmFlags:", 8) == 0) {
            found = strstr(line, flag) != NULL;
            here = false;
        }
    }
    fclose(smaps);
    return found;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "DONTFORK, WIPEONFORK, DONTDUMP and mlock stay in force");
    unsigned char *all = map_memory(9 * ZONE, PROT_READ | PROT_WRITE, 0);
    dontfork = all + ZONE;
    wipeonfork = all + 3 * ZONE;
    locked = all + 5 * ZONE;
    dontdump = all + 7 * ZONE;
    fill_pattern(all, 9 * ZONE, 1);
    MUST(madvise(dontfork, ZONE, MADV_DONTFORK));
    MUST(madvise(wipeonfork, ZONE, MADV_WIPEONFORK));
    MUST(mlock(locked, ZONE));
    MUST(madvise(dontdump, ZONE, MADV_DONTDUMP));
    CHECK_EQ(child_verdict(), 0);

    ready_and_wait();

    if (was_launched())
        check_zero(wipeonfork, ZONE, "WIPEONFORK page of a launched image");
    else
        for (size_t i = 0; i < ZONE / 8; i++)
            CHECK_EQ(((uint64_t *)(void *)wipeonfork)[i], pattern_word(1, 3 * ZONE / 8 + i));
    memset(wipeonfork, 5, ZONE);
    for (size_t i = 0; i < 9 * ZONE / 8; i++)
        if (i < 3 * ZONE / 8 || i >= 4 * ZONE / 8)
            CHECK_EQ(((uint64_t *)(void *)all)[i], pattern_word(1, i));
    CHECK_EQ(child_verdict(), 0);
    CHECK(has_flag(locked, " lo"), "mlock is lost");
    CHECK(has_flag(dontdump, " dd"), "MADV_DONTDUMP is lost");
    CHECK(has_flag(dontfork, " dc"), "MADV_DONTFORK is lost");
    pass();
}
