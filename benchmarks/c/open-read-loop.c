/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open-read-loop: opens a file, reads a block of it and closes it, again and again: nothing but system calls.
 *
 * argv: file repetitions
 */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char block[4096];
    if (argc != 3) {
        fprintf(stderr, "usage: open-read-loop FILE REPETITIONS\n");
        return 2;
    }
    for (long left = atol(argv[2]); left > 0; left--) {
        int file = open(argv[1], O_RDONLY | O_CLOEXEC);
        if (file < 0 || read(file, block, sizeof block) <= 0 || close(file) != 0) {
            perror(argv[1]);
            return 1;
        }
    }
    return 0;
}
