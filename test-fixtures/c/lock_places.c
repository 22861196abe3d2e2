/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <stdlib.h>

/* Recursive mutexes that a thread holds, wherever programs put them: their owner is known again by its new id. */
struct object {
    char name[264];
    pthread_mutex_t mutex;
    int value;
};

enum { ROWS = 200 };

static struct object rows[ROWS];
static pthread_mutex_t *apart;
static struct object *whole;
static pthread_mutex_t waited;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER;
static volatile int locked, go, done, waiting;

static void make(pthread_mutex_t *mutex) {
    pthread_mutexattr_t attributes;
    MUST0(pthread_mutexattr_init(&attributes));
    MUST0(pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE));
    MUST0(pthread_mutex_init(mutex, &attributes));
}

static void use_and_release(pthread_mutex_t *mutex) {
    MUST0(pthread_mutex_trylock(mutex));
    MUST0(pthread_mutex_unlock(mutex));
    MUST0(pthread_mutex_unlock(mutex));
    CHECK_EQ(pthread_mutex_unlock(mutex), EPERM);
}

static __attribute__((noinline)) void hold(struct object *object) {
    MUST0(pthread_mutex_lock(&object->mutex));
    object->value = 1;
    raise_flag(&locked);
    await_flag(&go);
    CHECK_EQ(object->value, 1);
    use_and_release(&object->mutex);
}

static void *own(void *argument) {
    MUST0(pthread_mutex_lock(apart));
    MUST0(pthread_mutex_lock(&waited));
    MUST0(pthread_rwlock_wrlock(&written));
    hold(argument);
    use_and_release(apart);
    MUST0(pthread_cond_signal(&condition));
    use_and_release(&waited);
    CHECK_EQ(pthread_rwlock_wrlock(&written), EDEADLK);
    MUST0(pthread_rwlock_unlock(&written));
    raise_flag(&done);
    return NULL;
}

static void *wait_for_condition(void *argument) {
    MUST0(pthread_mutex_lock(&waited));
    waiting = 1;
    while (!done)
        MUST0(pthread_cond_wait(&condition, &waited));
    MUST0(pthread_mutex_unlock(&waited));
    return argument;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "recursive mutexes in objects, rows and by themselves know their owner");
    bool in_row = variant_is("row");
    whole = calloc(1, sizeof(*whole));
    apart = calloc(1, sizeof(*apart));
    make(&waited);
    make(apart);
    struct object *object = in_row ? &rows[ROWS - 7] : whole;
    make(&object->mutex);
    pthread_t waiter = start_thread(wait_for_condition, NULL);
    bool waits = false;
    while (!waits) { /* until it has let go of the mutex, which it does when it waits */
        MUST0(pthread_mutex_lock(&waited));
        waits = waiting;
        MUST0(pthread_mutex_unlock(&waited));
    }
    pthread_t owner = start_thread(own, object);
    await_flag(&locked);

    ready_and_wait();

    CHECK_EQ(pthread_mutex_trylock(apart), EBUSY);
    CHECK_EQ(pthread_mutex_trylock(&object->mutex), EBUSY);
    raise_flag(&go);
    join_thread(owner);
    MUST0(pthread_mutex_lock(&waited));
    MUST0(pthread_cond_signal(&condition));
    MUST0(pthread_mutex_unlock(&waited));
    join_thread(waiter);
    for (int i = 0; i < 2; i++) {
        MUST0(pthread_mutex_lock(apart));
        MUST0(pthread_mutex_unlock(apart));
    }
    pass();
}
