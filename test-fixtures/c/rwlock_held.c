/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

static pthread_rwlock_t by_writer = PTHREAD_RWLOCK_INITIALIZER;
static pthread_rwlock_t by_readers = PTHREAD_RWLOCK_INITIALIZER;
static volatile pid_t tids[3];
static volatile int order;

static void *reader_waits(void *unused) {
    tids[0] = current_tid();
    MUST0(pthread_rwlock_rdlock(&by_writer));
    CHECK_EQ(order, 1);
    MUST0(pthread_rwlock_unlock(&by_writer));
    return unused;
}

static void *writer_waits(void *unused) {
    tids[1] = current_tid();
    MUST0(pthread_rwlock_wrlock(&by_readers));
    CHECK_EQ(order, 1);
    MUST0(pthread_rwlock_unlock(&by_readers));
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "a write lock knows its owner (EDEADLK), waiters get their turn");
    MUST0(pthread_rwlock_wrlock(&by_writer));
    MUST0(pthread_rwlock_rdlock(&by_readers));
    pthread_t reader = start_thread(reader_waits, NULL), writer = start_thread(writer_waits, NULL);
    for (int i = 0; i < 2; i++) {
        while (!tids[i])
            ;
        await_in_syscall(tids[i], 202 /* futex */);
    }

    ready_and_wait();

    CHECK_EQ(pthread_rwlock_trywrlock(&by_writer), EBUSY);
#ifdef __GLIBC__
    CHECK_EQ(pthread_rwlock_wrlock(&by_writer), EDEADLK);
    CHECK_EQ(pthread_rwlock_rdlock(&by_writer), EDEADLK);
#endif
    CHECK_EQ(pthread_rwlock_trywrlock(&by_readers), EBUSY);
    order = 1;
    MUST0(pthread_rwlock_unlock(&by_writer));
    MUST0(pthread_rwlock_unlock(&by_readers));
    join_thread(reader);
    join_thread(writer);
    MUST0(pthread_rwlock_wrlock(&by_writer));
    MUST0(pthread_rwlock_wrlock(&by_readers));
    pass();
}
