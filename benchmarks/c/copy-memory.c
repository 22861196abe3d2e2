/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy-memory: how long it takes to copy that much written memory; prints nanoseconds.
 * What the freeze of a capture is compared with: it also has every written page to copy to a file.
 *
 * argv: MiB [file, default a new file in memory, which knows no disk and is the least that a copy can cost]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
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
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: copy-memory MEBIBYTES [FILE]\n");
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
    const char *path = argc > 2 ? argv[2] : NULL;
    if (path != NULL)
        unlink(path);
    int64_t start = nanoseconds_now();
    int file = path == NULL ? memfd_create("copy-memory", 0) : open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t done = 0; done < bytes;) {
        size_t chunk = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
        ssize_t written = write(file, (char *)memory + done, chunk);
        if (written <= 0) {
            perror(path == NULL ? "copy-memory" : path);
            return 1;
        }
        done += (size_t)written;
    }
    printf("%lld\n", (long long)(nanoseconds_now() - start));
    close(file);
    free(memory);
    return 0;
}
