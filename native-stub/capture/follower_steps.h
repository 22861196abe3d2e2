/* SPDX-License-Identifier: Apache-2.0 */
/* What the files that follow a program share among themselves. */
#ifndef UNDUMP_CAPTURE_FOLLOWER_STEPS_H
#define UNDUMP_CAPTURE_FOLLOWER_STEPS_H

#include "inputs.h"

struct pending_call;

/* A thread that is followed. */
struct followed {
    pid_t tid;                 /* 0: the place is free */
    bool own;                  /* a thread of the program, not of a child */
    bool inside;               /* between the entry and the exit of a call */
    struct pending_call *call; /* that one, when it is about files */
};

/* ---- traced_calls.c ---- */

enum after_entry {
    GO_ON,
    LET_GO, /* the process does what a tracer forbids: it has to be detached first */
};

/* At the entry of a call: finds out what it asks for, and keeps that in thread->call. */
enum after_entry enter_call(struct inputs *inputs, struct followed *thread, uint64_t number, const uint64_t arguments[6]);

/* At its exit: notes what the thread has seen and changed, and forgets the call. */
void leave_call(struct inputs *inputs, struct followed *thread, int64_t result);

void forget_call(struct followed *thread);

/* ---- traced_paths.c ---- */

/* Reads a text from the memory of a thread. Returns its length, or -errno: -ENAMETOOLONG when size is too little. */
long read_text(pid_t tid, uint64_t address, char *text, size_t size);
int read_words(pid_t tid, uint64_t address, void *words, size_t size);

/* What a path of the thread means as an absolute one; base is a descriptor of it or AT_FDCWD. NULL when it names nothing: the directory is
 * deleted, or base is none. The caller frees. */
char *absolute_path(struct inputs *inputs, pid_t tid, int base, const char *text);

/* The name of what a descriptor leads to, and what it is like. NULL: not a file with a name. */
char *path_of_descriptor(pid_t tid, int fd);
int look_at_descriptor(pid_t tid, int fd, struct look *ret);

/* The program has changed what a descriptor leads to. */
void inputs_own_descriptor(struct inputs *inputs, pid_t tid, int fd);

/* Notes that a path could not be used: what stands there, nothing, or a folder on the way that may not be searched. */
void see_failure(struct inputs *inputs, const char *path, bool at_link);

/* Notes the state of a path as it is now: of the link itself when at_link and it is one. */
void see_now(struct inputs *inputs, const char *path, unsigned saw, bool at_link);

/* The same with a look that is known. */
void see_look(struct inputs *inputs, const char *path, unsigned saw, const struct look *look);

/* ---- traced_programs.c ---- */

/* Notes that the program at a path was executed, with its interpreters. */
void see_executed(struct inputs *inputs, pid_t tid, const char *path);

/* A thread has executed another program. */
void note_execution(struct inputs *inputs, pid_t tid);

/* Takes back what was seen in search of the program that the thread executes now. */
void forget_search(struct inputs *inputs, pid_t tid);

/* Files that the program can write to from the start. */
void note_inherited_files(struct inputs *inputs, pid_t pid);

#endif
