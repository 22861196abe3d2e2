/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>

/* What the kernel prefers: I/O priorities, memory policies, the order in which processes are killed for memory. */
#define BEST_EFFORT(level) (2 << 13 | (level)) /* linux/ioprio.h */
#define IDLE (3 << 13)
#define BOUND_BYTES (1 * MIB)

static volatile int thread_ready, go;
static uint8_t *bound, *plain;

static int io_priority(void) {
    return (int)MUST(syscall(SYS_ioprio_get, 1, 0));
}

static void set_io_priority(int priority) {
    MUST(syscall(SYS_ioprio_set, 1, 0, priority));
}

static void check_policy(const char *what, const void *address, int mode, unsigned long nodes) {
    unsigned long found[16] = {0};
    int found_mode = -1;
    MUST(syscall(SYS_get_mempolicy, &found_mode, found, 1024, address, address ? MPOL_F_ADDR : 0));
    CHECK(found_mode == mode && found[0] == nodes, "policy of %s: %x for nodes %lx, was %x for %lx", what, found_mode, found[0],
          mode, nodes);
}

static void *other_thread(void *unused) {
    unsigned long node = 1;
    (void)unused;
    set_io_priority(IDLE);
    if (variant_is("policies"))
        MUST(syscall(SYS_set_mempolicy, MPOL_INTERLEAVE, &node, 65));
    raise_flag(&thread_ready);
    await_flag(&go);
    CHECK_EQ(io_priority(), IDLE);
    if (variant_is("policies"))
        check_policy("the thread", NULL, MPOL_INTERLEAVE, 1);
    return NULL;
}

static void set_policies(void) {
    unsigned long node = 1;
    if (syscall(SYS_set_mempolicy, MPOL_BIND, &node, 65) < 0)
        skip("this kernel has no memory policies: %s", strerror(errno));
    bound = map_memory(BOUND_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    plain = map_memory(BOUND_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    MUST(syscall(SYS_mbind, bound, BOUND_BYTES, MPOL_PREFERRED | MPOL_F_STATIC_NODES, &node, 65, 0));
    fill_pattern(bound, BOUND_BYTES, 7);
    fill_pattern(plain, BOUND_BYTES, 8);
}

static void check_policies(void) {
    check_policy("the main thread", NULL, MPOL_BIND, 1);
    check_policy("bound memory", bound, MPOL_PREFERRED | MPOL_F_STATIC_NODES, 1);
    check_policy("other memory", plain, MPOL_DEFAULT, 0);
    check_pattern(bound, BOUND_BYTES, 7, "bound memory");
    check_pattern(plain, BOUND_BYTES, 8, "other memory");
}

static int oom_score(void) {
    char text[16] = "";
    int fd = (int)MUST(open("/proc/self/oom_score_adj", O_RDONLY | O_CLOEXEC));
    CHECK(read(fd, text, sizeof text - 1) > 0, "reading oom_score_adj: errno %d", errno);
    close(fd);
    return atoi(text);
}

static void set_oom_score(int score) {
    int fd = (int)MUST(open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC));
    MUST(dprintf(fd, "%d", score));
    close(fd);
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "I/O priorities, memory policies and oom_score_adj come back, those of threads too");
    int score = 0;
    if (variant_is("policies"))
        set_policies();
    set_io_priority(BEST_EFFORT(6));
    if (variant_is("oom")) {
        score = oom_score() + 300;
        set_oom_score(score);
    }
    pthread_t thread = start_thread(other_thread, NULL);
    await_flag(&thread_ready);
    ready_and_wait();
    CHECK_EQ(io_priority(), BEST_EFFORT(6));
    if (variant_is("oom"))
        CHECK_EQ(oom_score(), score);
    if (variant_is("policies"))
        check_policies();
    raise_flag(&go);
    join_thread(thread);
    pass();
}
