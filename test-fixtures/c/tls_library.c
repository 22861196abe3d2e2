/* SPDX-License-Identifier: Apache-2.0 */
/* A library with thread-local storage, for thread_local_storage.c to open at run time. */
#include "tls_library.h"

static __thread long counter = 41;
static __thread char zeroed[5000];

long *tls_library_counter(void) {
    return &counter;
}

char *tls_library_zeroed(void) {
    return zeroed;
}
