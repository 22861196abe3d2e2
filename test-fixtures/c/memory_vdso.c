/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <sys/time.h>

static volatile int go;

static int64_t raw_clock(clockid_t clock) {
    struct timespec now;
    MUST(syscall(SYS_clock_gettime, clock, &now));
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

/* The vdso's answer lies between two answers of the kernel. */
static void check_clock(clockid_t clock, const char *name) {
    for (int i = 0; i < 1000; i++) {
        int64_t before = raw_clock(clock), middle = now_ns(clock), after = raw_clock(clock);
        CHECK(before <= middle && middle <= after, "%s: %lld, %lld, %lld", name, (long long)before,
              (long long)middle, (long long)after);
    }
}

static void check_all(void) {
    struct timeval day;
    check_clock(CLOCK_MONOTONIC, "CLOCK_MONOTONIC");
    check_clock(CLOCK_REALTIME, "CLOCK_REALTIME");
    check_clock(CLOCK_BOOTTIME, "CLOCK_BOOTTIME");
    check_clock(CLOCK_MONOTONIC_COARSE, "CLOCK_MONOTONIC_COARSE");
    int64_t before = raw_clock(CLOCK_REALTIME);
    MUST(gettimeofday(&day, NULL));
    int64_t found = day.tv_sec * NS_PER_S + day.tv_usec * 1000;
    CHECK(found >= before - 1000 && found <= raw_clock(CLOCK_REALTIME), "gettimeofday is off");
    time_t coarse = time(NULL);
    CHECK(coarse >= before / NS_PER_S - 1 && coarse <= before / NS_PER_S + 1, "time() is off");
    struct timespec resolution;
    MUST(clock_getres(CLOCK_MONOTONIC, &resolution));
    CHECK(resolution.tv_sec == 0 && resolution.tv_nsec > 0, "clock_getres is off");
    int cpu = sched_getcpu();
    CHECK(cpu >= 0 && cpu < sysconf(_SC_NPROCESSORS_CONF), "sched_getcpu gives %d", cpu);
}

static void *body(void *unused) {
    int64_t last = now_ns(CLOCK_MONOTONIC);
    await_flag(&go);
    CHECK(now_ns(CLOCK_MONOTONIC) >= last, "time went backward in a thread");
    check_all();
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "the vdso's clocks and getcpu tell the truth, at the old address");
    unsigned long vdso = getauxval(AT_SYSINFO_EHDR);
    check_all();
    int64_t monotonic = now_ns(CLOCK_MONOTONIC), boot = now_ns(CLOCK_BOOTTIME);
    pthread_t thread = start_thread(body, NULL);

    ready_and_wait();

    CHECK(now_ns(CLOCK_MONOTONIC) >= monotonic, "monotonic time went backward");
    CHECK(now_ns(CLOCK_BOOTTIME) >= boot, "boot time went backward");
    CHECK(vdso == 0 || memcmp((void *)vdso, "\177ELF", 4) == 0, "no ELF file at AT_SYSINFO_EHDR");
    check_all();
    raise_flag(&go);
    join_thread(thread);
    pass();
}
