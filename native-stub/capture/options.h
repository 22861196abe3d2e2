/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_OPTIONS_H
#define UNDUMP_CAPTURE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct options {
    pid_t pid;          /* 0: launch program */
    const char *output; /* NULL: the default */
    bool keep_running;  /* --continue, --cow, --interval */
    bool cow;
    int signal;         /* that asks for a checkpoint */
    unsigned interval;  /* seconds; 0: none */
    unsigned allow;     /* ALLOW_* */
    uint32_t input_mode; /* CKPT_INPUTS_* */
    bool verbose;
    bool fork;          /* the program is not captured but forked (fork.h) */
    uint64_t record;    /* address in the program at which it waits for the answer (caller.h); 0: nobody waits */
    uint64_t cookie;
    bool resume;        /* of a program that asked: its image continues rather than runs a command */
    char **program;     /* ends with NULL */
};

/* Reads the command line. Returns -1 when ckpt is to go on, else the status to exit with; help and errors are
 * printed. */
int parse_options(int argc, char **argv, struct options *ret);

#endif
