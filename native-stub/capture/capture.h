/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The capture engine: turns a running program into a checkpoint file, from outside, by ptrace and /proc.
 *
 * Whatever happens, the program is not harmed: on every failure it goes on as before, and no partial file is left.
 * The engine neither prints nor exits; it is used by one thread at a time, which becomes the program's tracer.
 */
#ifndef UNDUMP_CAPTURE_CAPTURE_H
#define UNDUMP_CAPTURE_CAPTURE_H

#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "report.h"

#define CAPTURE_ENGINE "ckpt 0.1.0"

/* What --allow accepts: a restore that is weaker than the program was. */
#define ALLOW_CHILDREN 0x1u
#define ALLOW_OUTSIDE_PIPE 0x2u
#define ALLOW_FILE_LOCK 0x4u
#define ALLOW_SHARED_MEMORY 0x8u
#define ALLOW_TCP_CLOSED 0x10u
#define ALLOW_UNIX_CLOSED 0x20u
#define ALLOW_LOST_DATAGRAMS 0x40u
#define ALLOW_WATCH_EVENTS 0x100u
#define ALLOW_FOREIGN_FD 0x4000u
#define ALLOW_MAPPED_COPY 0x1000u
#define ALLOW_SEMAPHORES 0x2000u

struct allowance {
    const char *word;
    unsigned bit;
    const char *meaning;
};
extern const struct allowance ALLOWANCES[];
extern const unsigned ALLOWANCE_COUNT;

struct follower;

struct capture_request {
    pid_t pid;
    const char *output;      /* file name with %p and %n, relative to the caller's directory; NULL: myckpt.dat in the
                                program's working directory */
    unsigned number;         /* what %n stands for */
    uint32_t trigger;        /* CKPT_TRIGGER_* */
    pid_t asker;             /* CKPT_TRIGGER_SELF: the thread that stands behind its own kill(2), where it has to stay; else 0 */
    uint64_t launch_record;  /* address of the program's image_launch_record; 0: it has none */
    uint64_t launch_cookie;  /* of the call by which it asked */
    bool keep_running;       /* the program goes on after success; else it is ended */
    bool cow;                /* private memory is read from a snapshot, when the program goes on already; needs
                                keep_running */
    bool seized;             /* the caller traces the threads already, which are in no ptrace stop that it knows of,
                                and wants them back running and traced */
    void (*serve)(void *context); /* may be NULL. Called when a traced thread may have stopped while the program goes
                                on already and the file is being finished */
    void *context;           /* for serve */
    int trigger_signal;      /* pending signals of this number that came from kill(2) are not part of the program; 0 */
    unsigned allow;          /* ALLOW_* */
    uint32_t input_mode;     /* CKPT_INPUTS_* */
    struct follower *follower; /* CKPT_INPUTS_TRACED: knows what was seen, and keeps following when the capture fails; else NULL */
    pid_t engine;            /* another process of ours that is no child of the program; 0 */
    const sigset_t *give_up; /* blocked signals that, when pending, mean: undo everything and fail; may be NULL */
};

/* A step of the capture and when it was done, for those who ask where the time goes. */
struct capture_step {
    const char *name;
    uint64_t took_ns;
};
#define CAPTURE_STEPS 32

struct capture_outcome {
    char path[PATH_MAX];  /* absolute name of the written file */
    uint64_t bytes;       /* size on disk, holes not counted */
    uint64_t frozen_ns;   /* how long the program stood still */
    uint64_t snapshot_ns; /* how long the snapshot was read; 0 when there was none */
    bool went_on;         /* the program had gone on when the capture ended, well or not */
    uint32_t threads;
    uint32_t step_count;
    struct capture_step steps[CAPTURE_STEPS];
};

/* Captures request->pid. Returns 0 and fills ret, or -errno with at least one line in report; -ECANCELED when a
 * give_up signal came. SIGCHLD is blocked meanwhile and may be consumed: a caller that waits for it must look for its
 * children itself afterwards. */
int capture_program(const struct capture_request *request, struct capture_outcome *ret, struct report *report);

/* Makes the process survive what a full disk does (SIGXFSZ is ignored), and keeps messages out of the checkpoint when
 * it was started with closed standard descriptors (they become /dev/null). Not for programs that ckpt launches. */
void capture_prepare_process(void);

#endif
