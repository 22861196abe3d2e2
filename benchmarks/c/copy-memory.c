/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy-memory: how long it takes to write that much written memory to a new file; prints nanoseconds.
 * What the freeze of a capture is compared with: it also has every written page to copy to a file.
 *
 * argv: MiB file
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK_BYTES = 4 << 20 };

static int64_t nanoseconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        fprintf(stderr, "usage: copy-memory MEBIBYTES FILE\n");
        return 2;
    }
    size_t bytes = (size_t)atol(argv[1]) << 20;
    uint64_t *memory = malloc(bytes);
    if (memory == NULL) {
        perror("copy-memory");
        return 1;
    }
    for (size_t i = 0; i < bytes / sizeof *memory; i++)
        memory[i] = i + 1;
    unlink(argv[2]);
    int64_t start = nanoseconds_now();
    int file = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t done = 0; done < bytes;) {
        size_t chunk = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
        ssize_t written = write(file, (char *)memory + done, chunk);
        if (written <= 0) {
            perror(argv[2]);
            return 1;
        }
        done += (size_t)written;
    }
    printf("%lld\n", (long long)(nanoseconds_now() - start));
    close(file);
    free(memory);
    return 0;
}
