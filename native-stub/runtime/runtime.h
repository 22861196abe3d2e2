/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of libundump share. undump.h is its face. */
#ifndef UNDUMP_RUNTIME_H
#define UNDUMP_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "image_format.h"
#include "undump.h"

#pragma GCC visibility push(hidden)

#define SESSION_PATH_BYTES 4096

/* ---- errors.c ---- */

#define SENTENCE_BYTES 2560

/* Notes the sentence for undump_error() and returns error, a negative errno. */
int fail(int error, const char *format, ...) __attribute__((format(printf, 2, 3)));
void forget_failure(void);

/* ---- commands.c: where ckpt and undump are ---- */

struct command {
    char path[SESSION_PATH_BYTES];
};
int find_ckpt(struct command *ret);
int find_undump(struct command *ret);

/* Whether who started the program may not have all of its rights (AT_SECURE in getauxval(3)): what he says is not to be followed. */
bool is_privileged(void);

/* The variable of the environment; NULL when there is none, or when the program is privileged. */
const char *setting(const char *name);

void commands_before_fork(void);
void commands_after_fork(void);

/* ---- spawn.c ---- */

/* Starts a program that is no child of this one and says nothing when it ends, so that neither SIGCHLD nor wait(2) nor a capture
 * meets it. It gets input as its standard input and output as its standard output and error (-1: /dev/null), and no other
 * descriptor. Returns its process id or -errno. */
pid_t spawn_detached(const char *path, char *const *arguments, int input, int output);

/* Waits for its end, where that would leave a zombie among this process's children. */
void reap_detached(pid_t pid);

/* Whether that process has not ended; a zombie has. True also when nobody can tell. */
bool is_running(pid_t pid);

/* ---- engine.c ---- */

extern struct image_launch_record launch_record;

/* One thread at a time asks the engine for something. -EBUSY: another one does. */
int engine_take(void);
void engine_leave(void);

/* Has the engine do what the arguments say with this process (`ckpt --pid`, the record and its cookie come in front of them) and
 * waits for the answer. Returns the state that the record has then, IMAGE_LAUNCH_*, or -errno. */
int engine_ask(const char *const *arguments, size_t count);

/* ---- hooks.c ---- */

/* The hooks as they were before a checkpoint. */
struct hook_run {
    struct hook **hooks;
    size_t count;
    size_t ran; /* how many `before` were called, from the last one on */
};
int hooks_before(struct hook_run *run);
int hooks_after(struct hook_run *run, bool launched);
void hooks_before_fork(void);
void hooks_after_fork(void);

/* ---- launched.c ---- */

/* Reads what the stub has left in the record, once for each launch. Returns 0 or -errno. */
int note_launch(bool take_environ);

/* ---- sessions.c ---- */

int check_session_name(const char *session);
int session_checkpoint(const char *session, char path[SESSION_PATH_BYTES]);
int make_session_directory(void);
int session_image(const char *session, char path[SESSION_PATH_BYTES]);

#pragma GCC visibility pop

#endif
