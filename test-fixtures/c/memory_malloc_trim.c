/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <malloc.h>
#include <stdlib.h>

/* glibc gives memory back with MADV_DONTNEED (heap_shrink) and brk, and calloc then trusts in zeros. */
enum { BLOCKS = 200, BLOCK = 100 * 1000 };

static volatile int ready, go;

static void use_and_trim(void) {
    for (int round = 0; round < 3; round++) {
        void *blocks[BLOCKS];
        for (int i = 0; i < BLOCKS; i++) {
            blocks[i] = calloc(1, BLOCK);
            check_zero(blocks[i], BLOCK, "calloc");
            fill_pattern(blocks[i], BLOCK, (uint64_t)i);
        }
        for (int i = 0; i < BLOCKS; i++) {
            check_pattern(blocks[i], BLOCK, (uint64_t)i, "block");
            free(blocks[i]);
        }
#ifdef __GLIBC__
        malloc_trim(0);
#endif
    }
}

static void *body(void *unused) {
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK);
        fill_pattern(blocks[i], BLOCK, (uint64_t)i);
    }
    raise_flag(&ready);
    await_flag(&go);
    for (int i = BLOCKS - 1; i >= 0; i--) {
        check_pattern(blocks[i], BLOCK, (uint64_t)i, "block from before");
        free(blocks[i]);
    }
    use_and_trim();
    return unused;
}

int main(int argc, char **argv) {
    fixture_begin(argc, argv, "freed and trimmed heaps give zeros to calloc, in every arena");
    pthread_t thread = start_thread(body, NULL);
    await_flag(&ready);
    void *blocks[BLOCKS];
    for (int i = 0; i < BLOCKS; i++) {
        blocks[i] = malloc(BLOCK);
        fill_pattern(blocks[i], BLOCK, (uint64_t)i + 1000);
    }
    ready_and_wait();
    for (int i = 0; i < BLOCKS; i++) {
        check_pattern(blocks[i], BLOCK, (uint64_t)i + 1000, "block of main from before");
        free(blocks[i]);
    }
    use_and_trim();
    raise_flag(&go);
    join_thread(thread);
    pass();
}
