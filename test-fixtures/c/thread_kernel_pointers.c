/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#ifndef PR_GET_TID_ADDRESS
#define PR_GET_TID_ADDRESS 40
#endif

/* Addresses in user memory that the kernel keeps for a thread: robust list, clear_child_tid. */
enum { THREADS = 4 };

struct pointers {
    void *robust_head;
    size_t robust_size;
    int *tid_address;
};

static volatile int go, parked[THREADS];

static void read_pointers(struct pointers *ret) {
    memset(ret, 0, sizeof *ret);
    MUST(syscall(SYS_get_robust_list, 0, &ret->robust_head, &ret->robust_size));
    if (syscall(SYS_prctl, PR_GET_TID_ADDRESS, &ret->tid_address, 0, 0, 0) < 0)
        ret->tid_address = NULL; /* a kernel without CONFIG_CHECKPOINT_RESTORE */
}

static void check_pointers(const struct pointers *before) {
    struct pointers after;
    read_pointers(&after);
    CHECK(after.robust_head == before->robust_head, "robust list: expected %p, found %p",
          before->robust_head, after.robust_head);
    CHECK_EQ(after.robust_size, before->robust_size);
    CHECK(after.tid_address == before->tid_address, "clear_child_tid: expected %p, found %p",
          (void *)before->tid_address, (void *)after.tid_address);
#ifdef __GLIBC__ /* the word is pd->tid there, elsewhere it may be a lock */
    if (after.tid_address)
        CHECK_EQ(*after.tid_address, current_tid());
#endif
}

static void *body(void *argument) {
    struct pointers before;
    read_pointers(&before);
    raise_flag(&parked[(uintptr_t)argument]);
    await_flag(&go);
    check_pointers(&before);
    return NULL;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "robust list heads and clear_child_tid addresses are set again");
    pthread_t threads[THREADS];
    struct pointers before;
    read_pointers(&before);
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(body, (void *)i);
        await_flag(&parked[i]);
    }
    ready_and_wait();
    check_pointers(&before);
    raise_flag(&go);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    pass();
}
