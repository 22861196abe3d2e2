/* SPDX-License-Identifier: Apache-2.0 */
/*
 * undump.h: for programs that ask for their own checkpoint.
 *
 *     struct undump_options options = UNDUMP_OPTIONS_INIT;
 *     options.checkpoint = "warm.ckpt";
 *     switch (undump_checkpoint(&options)) {
 *     case 0:  ... the program that goes on
 *     case 1:  ... a launch of the image that `undump --out tool warm.ckpt` made: undump_launched() has its arguments
 *     default: fprintf(stderr, "%s\n", undump_error());
 *     }
 *
 * Link with -lundump or libundump.a, or dlopen libundump.so; nothing needs to be preloaded. Before the first call the
 * library does nothing and holds nothing: no thread, no descriptor, no signal. The checkpoint itself is taken from outside
 * by the `ckpt` command, which is looked for as UNDUMP_CKPT says, beside the library (../bin/ckpt of an installed tree, or
 * of a checkout), and in PATH.
 *
 * Functions return 0 or what they say, and a negative errno on failure; undump_error() then has the whole sentence. All of
 * them may be called from any thread that has 64 KiB of stack left; none of them from a signal handler. A checkpoint and a
 * rollback are no cancellation points: a thread that is cancelled meanwhile ends behind them.
 *
 * A program that has rights which its caller may not have (AT_SECURE in getauxval(3), or real and effective ids that differ)
 * takes neither commands nor the sessions' place from its environment: undump_set_commands names the commands there, and there
 * are no sessions.
 */
#ifndef UNDUMP_H
#define UNDUMP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define UNDUMP_API __attribute__((visibility("default")))

/* ---- a checkpoint ---- */

#define UNDUMP_END 0x1u          /* the program ends with status 0 when its checkpoint is complete; no thread makes a step more */
#define UNDUMP_COW 0x2u          /* other threads stand for milliseconds only, while a snapshot of the memory is written */
#define UNDUMP_KEEP_ENVIRON 0x4u /* a launch keeps `environ` as it was; else it becomes the environment of the launch */
#define UNDUMP_RESUME 0x8u       /* a launch continues rather than runs a command: in the directory of the capture and with
                                    its `environ` (implies UNDUMP_KEEP_ENVIRON) */

struct undump_options {
    size_t size;              /* sizeof(struct undump_options); newer fields are taken as zero when it is less */
    const char *checkpoint;   /* file to write, relative to the working directory; NULL: the session's, or "myckpt.dat" */
    const char *session;      /* name under which undump_rollback finds it; NULL: none */
    unsigned flags;           /* UNDUMP_* */
    const char *const *allow; /* weaker restores that are accepted, as ckpt --allow; ends with NULL; NULL: none */
};
#define UNDUMP_OPTIONS_INIT {sizeof(struct undump_options), NULL, NULL, 0, NULL}

/*
 * Takes a checkpoint of the whole process. Returns
 *   0        in the process that goes on, when the file is complete; with UNDUMP_END it does not return
 *   1        in every launch of an image that is made of it
 *   -EBUSY   another thread takes one at the moment, or a debugger traces this process
 *   -ECANCELED a hook said no
 *   -E2BIG   fields are set that only a newer library knows
 *   -ENOENT  the ckpt command was not found
 *   -EPERM   this system does not let ckpt trace the process
 *   -ENOTSUP the process has something that no launch can bring back; undump_error() names it
 *   others   as from writing a file
 * After a failure everything is as before and the program goes on. options may be NULL.
 */
UNDUMP_API int undump_checkpoint(const struct undump_options *options);

/* The sentence for the last failure in this thread, "" when there was none. Valid until the thread's next call. */
UNDUMP_API const char *undump_error(void);

/* Names the two commands, instead of looking for them. NULL: as before. The strings are copied. */
UNDUMP_API int undump_set_commands(const char *ckpt, const char *undump);

/* ---- in a launch ---- */

struct undump_launch {
    size_t size;            /* sizeof(struct undump_launch) of the library */
    uint64_t generation;    /* 1 in a launch; 2 in a launch of an image that was taken in such a launch, and so on */
    uint8_t nonce[32];      /* random, from the kernel, another one for every launch */
    int argc;
    char *const *argv;      /* of the launch, argv[0] included; ends with NULL */
    char *const *envp;      /* likewise its environment */
    const char *directory;  /* working directory of the launch; "" when it has no name */
};

/* What this process was launched with; NULL in a process that never was. Valid until the next launch, never freed. */
UNDUMP_API const struct undump_launch *undump_launched(void);

/* ---- hooks ---- */

struct undump_hooks {
    size_t size;                      /* sizeof(struct undump_hooks) */
    const char *name;                 /* for messages; copied */
    int (*before)(void *data);        /* before a checkpoint; last registered first. Not 0: no checkpoint is taken */
    int (*after_resume)(void *data);  /* in the process that goes on, also after a failure if its `before` ran; first registered first */
    int (*after_launch)(void *data);  /* in a launch; first registered first */
    void *data;
};

/* Functions that are NULL are not called. All run in the thread that calls undump_checkpoint. All after-functions run, even
 * if one fails; undump_error() then names the failed ones, and undump_checkpoint returns 0 or 1 nevertheless.
 * Returns an id > 0. */
UNDUMP_API int undump_add_hooks(const struct undump_hooks *hooks);

/* -ENOENT: there is none of that id. Not to be called while a checkpoint is taken, except by a hook. */
UNDUMP_API int undump_remove_hooks(int id);

/* ---- sessions: checkpoints by name, to go back to ---- */

struct undump_session {
    size_t size;
    const char *name;
    const char *checkpoint;  /* its file */
    const char *image;       /* executable made of it; the file is there after undump_session_image or a rollback */
    int64_t realtime_ns;     /* when its checkpoint was complete */
    uint64_t bytes;          /* of the checkpoint on disk */
};

/* Calls visit for every session, oldest first, until it returns something else than 0, and returns that. They are kept in
 * $UNDUMP_SESSIONS, else $XDG_STATE_HOME/undump/sessions, else ~/.local/state/undump/sessions. */
UNDUMP_API int undump_sessions(int (*visit)(const struct undump_session *session, void *data), void *data);

/* Makes the image of a session when it is not there yet or older than its checkpoint (runs the `undump` command, which is
 * looked for as ckpt is; UNDUMP_COMMAND names it). */
UNDUMP_API int undump_session_image(const char *session);

/* Removes the session's files. -ENOENT: no such session. */
UNDUMP_API int undump_session_remove(const char *session);

/* This process becomes the one that it was at the checkpoint of that session: undump_checkpoint returns 1 there. What execve(2)
 * keeps stays: process id, parent, standard files, arguments, environment, children, credentials, pending signals, and the
 * directory, unless the session has UNDUMP_RESUME. Memory, threads, other descriptors, what is done on signals, and timers are
 * the session's. Returns only on failure, and then changed nothing; but a launch that is refused, because the image was damaged
 * or something that the session needs is gone, ends the process with the words and status of any launch. */
UNDUMP_API int undump_rollback(const char *session);

/* ---- fork with all threads ---- */

/*
 * As fork(2), but the child has every thread of the caller, each where it stood, with an id of its own; a system call that it was in is
 * made again or waits on. Descriptors are shared with the parent as after fork(2); what a child of fork(2) does not inherit (pending
 * signals, timers, locks of fcntl(2), MADV_DONTFORK memory) is not inherited. Handlers of pthread_atfork(3) do not run, for no lock has
 * lost its holder. Returns in the calling thread: the child's process id in the parent, to be waited for by wait(2), and 0 in the
 * child; or, and then there is no child and everything goes on as before,
 *   -EBUSY    another thread is in a call of this library that stops the process, or another process traces it
 *   -EAGAIN   the child may not have as many processes and threads (RLIMIT_NPROC, pids.max)
 *   -ENOENT, -EPERM  as undump_checkpoint
 *   -ENOTSUP  a thread has something that a copy cannot have; undump_error() names it
 *   others    as from clone(2)
 * docs/fork.md tells how it is done, what it costs and where it ends.
 */
UNDUMP_API pid_t undump_fork(void);

#ifdef __cplusplus
}
#endif

#endif
