/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <sys/mman.h>

/* A page that this thread may not touch, for its protection key and not for its protection. */
int main(int argc, char **argv) {
    fixture_begin(argc, argv, "protection keys: keys of pages, allocation, and the PKRU register");
#ifdef __GLIBC__
    int key = pkey_alloc(0, 0);
    if (key < 0)
        skip("this CPU or kernel has no protection keys");
    unsigned char *closed = map_memory(PAGE, PROT_READ | PROT_WRITE, 0);
    fill_pattern(closed, PAGE, 1);
    MUST(pkey_mprotect(closed, PAGE, PROT_READ | PROT_WRITE, key));
    MUST(pkey_set(key, PKEY_DISABLE_ACCESS));

    ready_and_wait();

    CHECK_EQ(pkey_get(key), PKEY_DISABLE_ACCESS);
    CHECK_EQ(try_access(closed, ACCESS_READ), SIGSEGV);
    CHECK_EQ(last_access_code(), 4 /* SEGV_PKUERR */);
    MUST(pkey_set(key, 0));
    check_pattern(closed, PAGE, 1, "page with a key");
    int next = pkey_alloc(0, 0);
    CHECK(next != key, "key %d was given out twice", key);
    MUST(pkey_free(key));
    pass();
#else
    skip("this libc has no protection keys");
#endif
}
