/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include "tls_library.h"

#include <dlfcn.h>
#include <stdio.h>

enum { THREADS = 4 };

static __thread uint64_t initialised = 1234, zeroed[100];
static pthread_key_t key;
static volatile int go, parked[THREADS], destroyed;
static long *(*library_counter)(void);
static char *(*library_zeroed)(void);

static void destroy(void *value) {
    __atomic_add_fetch(&destroyed, (int)(uintptr_t)value, __ATOMIC_SEQ_CST);
}

static void check_fresh(void) {
    CHECK_EQ(initialised, 1234);
    CHECK_EQ(zeroed[99], 0);
    if (library_counter)
        CHECK_EQ(*library_counter(), 41);
}

static void *body(void *argument) {
    uintptr_t index = (uintptr_t)argument;
    check_fresh();
    initialised = index + 10;
    zeroed[99] = index + 20;
    MUST0(pthread_setspecific(key, (void *)(index + 1)));
    if (library_counter && index % 2)
        *library_counter() = (long)index + 30;
    raise_flag(&parked[index]);
    await_flag(&go);
    CHECK_EQ(initialised, index + 10);
    CHECK_EQ(zeroed[99], index + 20);
    CHECK_EQ((uintptr_t)pthread_getspecific(key), index + 1);
    if (library_counter) {
        CHECK_EQ(*library_counter(), index % 2 ? (long)index + 30 : 41);
        CHECK_EQ(library_zeroed()[4999], 0);
    }
    return NULL;
}

static void *late(void *unused) {
    check_fresh();
    return unused;
}

/* The library lies beside the program. */
static void open_library(const char *program) {
    char path[4096];
    const char *slash = strrchr(program, '/');
    snprintf(path, sizeof path, "%.*s/libtls_library.so", slash ? (int)(slash - program) : 1,
             slash ? program : ".");
    void *library = dlopen(path, RTLD_NOW);
    CHECK(library != NULL, "dlopen: %s", dlerror());
    library_counter = (long *(*)(void))(uintptr_t)dlsym(library, "tls_library_counter");
    library_zeroed = (char *(*)(void))(uintptr_t)dlsym(library, "tls_library_zeroed");
    CHECK(library_counter && library_zeroed, "dlsym: %s", dlerror());
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "thread-local variables, of a dlopen'ed library too, and keys");
    pthread_t threads[THREADS];
    if (variant_is("library"))
        open_library(argv[0]);
    MUST0(pthread_key_create(&key, destroy));
    for (uintptr_t i = 0; i < THREADS; i++) {
        threads[i] = start_thread(body, (void *)i);
        await_flag(&parked[i]);
    }
    ready_and_wait();
    check_fresh();
    raise_flag(&go);
    for (int i = 0; i < THREADS; i++)
        join_thread(threads[i]);
    CHECK_EQ(destroyed, 1 + 2 + 3 + 4);
    join_thread(start_thread(late, NULL));
    pass();
}
