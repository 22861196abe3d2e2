/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the payload, the freestanding program inside hand-made images, and the test that builds them. */
#ifndef UNDUMP_TEST_PAYLOAD_H
#define UNDUMP_TEST_PAYLOAD_H

#include <stdint.h>

#define PAYLOAD_CODE UINT64_C(0x400000)  /* where its code is mapped; execution starts at the first byte */
#define PAYLOAD_DATA UINT64_C(0x500000)  /* struct payload_data, read and write */
#define PAYLOAD_SLOT UINT64_C(0x20000000000)
#define PAYLOAD_SLOT_BYTES UINT64_C(0x40000000)
#define PAYLOAD_BSS UINT64_C(0x580000)   /* its variables, PAYLOAD_BSS_BYTES */
#define PAYLOAD_BSS_BYTES UINT64_C(0x20000)
#define PAYLOAD_STACKS UINT64_C(0x7ff000000000) /* PAYLOAD_STACK_BYTES per thread; in the range of kernel stacks */
#define PAYLOAD_STACK_BYTES UINT64_C(16384)
#define PAYLOAD_GOOD 42 /* exit status when all is as expected; else the number of the check */

/* rdi of each thread at start */
enum payload_scenario {
    PAYLOAD_EXIT = 1,    /* exit at once */
    PAYLOAD_THREADS,     /* rsi is the thread's index: check it, count in, the leader waits for all */
    PAYLOAD_FILES,       /* check the descriptors that stub_launch.c planned */
    PAYLOAD_SIGNALS,     /* pending signals and timers arrive */
    PAYLOAD_PROCESS,     /* /proc, limits, umask and the like are as planned in stub_process.c */
    PAYLOAD_MEMORY,      /* memory is as planned in stub_process.c */
    PAYLOAD_LAZY,        /* lazy memory is as planned in stub_lazy_launch.c */
    PAYLOAD_SPIN,        /* PAYLOAD_EXIT, but counted in by every thread */
};

/* Places of PAYLOAD_MEMORY and PAYLOAD_PROCESS, of 4 pages each. */
#define PAYLOAD_PLACE(n) (UINT64_C(0x600000000) + (n) * UINT64_C(0x100000))
#define PAYLOAD_BRK UINT64_C(0x700000)
#define PAYLOAD_BRK_END UINT64_C(0x702000)
#define PAYLOAD_GROWING UINT64_C(0x7fe000000000) /* one page that grows down */

struct payload_data {
    uint32_t counted;
    uint32_t thread_count;
    uint32_t tids[1100];      /* written by tid patches, upper bit kept */
    uint32_t alive[1100];     /* clear_child_tid of each thread */
    uint64_t signals_seen;    /* bit n-1 is signal n */
    uint64_t signal_values[65];
    uint64_t signal_tids[65];
    uint64_t vdso;            /* planned place, 0: none */
    uint64_t opmask;          /* lower half of k1 that every thread has, 0: not checked */
    uint64_t intercept;       /* address of undump_intercept */
    uint64_t lazy_active;     /* 1 when memory must be lazy, 0 when it must have been read at once */
    uint64_t clock_function;  /* address that the program remembers for clock_gettime */
    uint8_t rseq[1100][32] __attribute__((aligned(32)));
};

#endif
