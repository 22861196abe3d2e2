/* SPDX-License-Identifier: Apache-2.0 */
/*
 * copy-memory: how long it takes to copy that much written memory; prints nanoseconds.
 * What the freeze of a capture is compared with: it also has every written page to copy, to a file.
 *
 * argv: MiB [file, default new memory of its own, the plainest copy]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static int copy_to_memory(const char *memory, size_t bytes)
{
    char *copy = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return 1;
    memcpy(copy, memory, bytes);
    int wrong = copy[bytes - 1] != memory[bytes - 1];
    return munmap(copy, bytes) != 0 || wrong;
}

static int copy_to_file(const char *memory, size_t bytes, const char *path)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t done = 0; done < bytes;) {
        size_t chunk = bytes - done < CHUNK_BYTES ? bytes - done : CHUNK_BYTES;
        ssize_t written = write(file, memory + done, chunk);
        if (written <= 0)
            return 1;
        done += (size_t)written;
    }
    return close(file);
}

int main(int argc, char **argv)
{
    if (argc != 2 && argc != 3) {
        fprintf(stderr, "usage: copy-memory MEBIBYTES [FILE]\n");
        return 2;
    }
    size_t bytes = (size_t)atol(argv[1]) << 20;
    char *memory = malloc(bytes);
    if (memory == NULL || bytes == 0) {
        perror("copy-memory");
        return 1;
    }
    memset(memory, 1, bytes);
    if (argc == 3)
        unlink(argv[2]);
    else if (copy_to_memory(memory, bytes) != 0) /* once untimed: a virtual machine may have to ask its host for pages */
        return 1;
    int64_t start = nanoseconds_now();
    int error = argc == 3 ? copy_to_file(memory, bytes, argv[2]) : copy_to_memory(memory, bytes);
    int64_t end = nanoseconds_now();
    if (error != 0) {
        perror(argc == 3 ? argv[2] : "copy-memory");
        return 1;
    }
    printf("%lld\n", (long long)(end - start));
    free(memory);
    return 0;
}
