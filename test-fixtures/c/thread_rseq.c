/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sched.h>
#include <sys/syscall.h>

#ifdef __GLIBC__
#include <sys/rseq.h>

static volatile int go, parked;

static unsigned real_cpu(void) {
    unsigned cpu;
    MUST(syscall(SYS_getcpu, &cpu, NULL, NULL));
    return cpu;
}

static struct rseq *registration(void) {
    return (struct rseq *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* sched_getcpu() reads the registered area: it is wrong when the kernel no longer writes there. */
static void check_live(const char *who) {
    cpu_set_t allowed, one;
    MUST(sched_getaffinity(0, sizeof allowed, &allowed));
    for (int round = 0; round < 3; round++)
        for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            if (!CPU_ISSET(cpu, &allowed))
                continue;
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            MUST(sched_setaffinity(0, sizeof one, &one));
            CHECK(real_cpu() == (unsigned)cpu, "%s is not on cpu %d", who, cpu);
            CHECK(sched_getcpu() == cpu, "%s: sched_getcpu gives %d on cpu %d", who,
                  sched_getcpu(), cpu);
            CHECK(registration()->cpu_id == (unsigned)cpu, "%s: rseq.cpu_id is %u on cpu %d", who,
                  registration()->cpu_id, cpu);
        }
    MUST(sched_setaffinity(0, sizeof allowed, &allowed));
    struct rseq other __attribute__((aligned(32))) = {0};
    long again = syscall(SYS_rseq, &other, sizeof other, 0, RSEQ_SIG);
    CHECK(again == -1 && (errno == EINVAL || errno == EBUSY), "%s: no rseq area is registered", who);
}

static void *body(void *unused) {
    raise_flag(&parked);
    await_flag(&go);
    check_live("a thread");
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "the rseq registration of every thread is live");
    if (__rseq_size == 0)
        skip("glibc has no rseq registration here");
    pthread_t thread = start_thread(body, NULL);
    await_flag(&parked);
    check_live("main before");
    ready_and_wait();
    check_live("main");
    raise_flag(&go);
    join_thread(thread);
    pthread_t late;
    go = 1;
    late = start_thread(body, NULL);
    join_thread(late);
    pass();
}
#else
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "the rseq registration of every thread is live");
    skip("this libc registers no rseq area");
}
#endif
