/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#ifndef ADDR_NO_RANDOMIZE
#define ADDR_NO_RANDOMIZE 0x0040000
#endif

static void set_umask(void) {
    umask(0137);
}

static void check_umask(void) {
    CHECK_EQ(umask(0), 0137);
}

/* Soft limits below, hard limits too: lowering needs no privilege. */
static const struct limit {
    int resource;
    rlim_t soft, hard;
} limits[] = {{RLIMIT_CORE, 0, 12345},
              {RLIMIT_NOFILE, 333, 1000},
              {RLIMIT_CPU, 5000, 6000},
              {RLIMIT_FSIZE, 100 * MIB, 200 * MIB},
              {RLIMIT_SIGPENDING, 50, 80}};
enum { LIMITS = sizeof limits / sizeof limits[0] };

static void set_rlimits(void) {
    for (int i = 0; i < LIMITS; i++) {
        struct rlimit limit;
        MUST(getrlimit(limits[i].resource, &limit));
        limit.rlim_cur = limits[i].soft;
        limit.rlim_max = limits[i].hard;
        if (setrlimit(limits[i].resource, &limit) < 0)
            skip("limit %d is already lower than the fixture's", limits[i].resource);
    }
}

static void check_rlimits(void) {
    for (int i = 0; i < LIMITS; i++) {
        struct rlimit limit;
        MUST(getrlimit(limits[i].resource, &limit));
        CHECK_EQ(limit.rlim_cur, limits[i].soft);
        CHECK_EQ(limit.rlim_max, limits[i].hard);
    }
}

static void set_dumpable(void) {
    MUST(prctl(PR_SET_DUMPABLE, 0));
}

static void check_dumpable(void) {
    CHECK_EQ(prctl(PR_GET_DUMPABLE), 0);
}

static void set_no_new_privs(void) {
    MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

static void check_no_new_privs(void) {
    CHECK_EQ(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
}

static void set_subreaper(void) {
    MUST(prctl(PR_SET_CHILD_SUBREAPER, 1));
}

static void check_subreaper(void) {
    int found = 0;
    MUST(prctl(PR_GET_CHILD_SUBREAPER, &found));
    CHECK_EQ(found, 1);
}

static void set_parent_death(void) {
    MUST(prctl(PR_SET_PDEATHSIG, SIGURG)); /* ignored by default, should a parent die */
}

static void check_parent_death(void) {
    int found = 0;
    MUST(prctl(PR_GET_PDEATHSIG, &found));
    CHECK_EQ(found, SIGURG);
}

static void set_personality(void) {
    MUST(personality((unsigned long)personality(0xffffffff) | ADDR_NO_RANDOMIZE));
}

static void check_personality(void) {
    CHECK(personality(0xffffffff) & ADDR_NO_RANDOMIZE, "personality is 0x%x",
          (unsigned)personality(0xffffffff));
}

static void set_timer_slack(void) {
    MUST(prctl(PR_SET_TIMERSLACK, 123456));
}

static void check_timer_slack(void) {
    CHECK_EQ(prctl(PR_GET_TIMERSLACK), 123456);
}

static void set_thp(void) {
    MUST(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
}

static void check_thp(void) {
    CHECK_EQ(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), 1);
}

static const struct attribute {
    const char *name;
    void (*set)(void);
    void (*check)(void);
} attributes[] = {
    {"umask", set_umask, check_umask},
    {"rlimits", set_rlimits, check_rlimits},
    {"dumpable", set_dumpable, check_dumpable},
    {"no-new-privs", set_no_new_privs, check_no_new_privs},
    {"subreaper", set_subreaper, check_subreaper},
    {"parent-death", set_parent_death, check_parent_death},
    {"personality", set_personality, check_personality},
    {"timer-slack", set_timer_slack, check_timer_slack},
    {"thp-disable", set_thp, check_thp},
};

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "an attribute of the process, named by the first argument");
    for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
        if (!variant_is(attributes[i].name))
            continue;
        attributes[i].set();
        attributes[i].check();
        attributes[i].set();
        ready_and_wait();
        attributes[i].check();
        pass();
    }
    fail("unknown attribute %s", fixture_variant());
}
