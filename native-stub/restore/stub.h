/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The restore stub: the program inside every image. main.c lists its steps; this header is their shared state.
 *
 * Rules: no C library, no heap, no recursion, no floating point or vector register; all state is in one struct; nothing
 * holds an address at link time (no pointers in static data), since the planner chooses where the stub lies; system
 * calls only through sys.h. Whatever can be wrong is found before the point of no return in main.c; behind it a
 * failure still ends in one line and IMAGE_EXIT_STATUS.
 */
#ifndef UNDUMP_STUB_H
#define UNDUMP_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image_format.h"
#include "restore/abi.h"
#include "restore/bytes.h"
#include "restore/plan.h"
#include "restore/sys.h"
#include "restore/text.h"
#include "restore/xstate.h"

#define STUB_BUFFER_BYTES 65536
#define STUB_NO_FD (-1)
#define STUB_PIECES 128
#define STUB_LIMITS 16

#define PROGRAM_HEADERS_LIMIT 64

struct image_head { /* of the opened file; in the buffer between image_open() and image_check_plan() */
    struct abi_elf_header elf;
    struct abi_program_header segments[PROGRAM_HEADERS_LIMIT];
};

struct stub_launch { /* what this exec brought along; the strings move with the launch's stack */
    uint64_t stack_bottom; /* initial rsp, rounded down to a page */
    uint64_t stack_end;    /* exclusive */
    uint64_t arg_start, arg_end, env_start, env_end;
    bool strings_lost; /* arguments and environment could not be kept */
    const char *file_name; /* AT_EXECFN, NULL when the kernel gave none */
    uint64_t vdso;         /* AT_SYSINFO_EHDR, 0 when there is none */
    const uint64_t *initial_stack; /* argc, argv, 0, envp, 0, auxv; until the address space is cleared */
    uint64_t signal_mask;  /* as it was */
    uint32_t fallback_depth; /* images that were left for a fallback on the way to this one */
    bool is_fallback;      /* the environment says so */
    bool verbose;          /* likewise: fallbacks are told of */
    bool secure;           /* AT_SECURE: set-user-id or the like */
    bool is_root;          /* AT_EUID: effective user 0 */
};

struct stub_rights { /* capabilities, bit n is capability n */
    uint64_t permitted, effective, inheritable;
};

#define STUB_ANSWERS 16

struct stub_cpuid { /* an answer of CPUID, so that no leaf is asked twice */
    uint32_t leaf, subleaf;
    uint32_t registers[4];
};

struct stub_machine { /* what was learnt about processor and kernel */
    struct stub_cpuid answers[STUB_ANSWERS];
    uint32_t answer_count;
    uint64_t xcr0;
    uint32_t xsave_size;  /* CPUID 0xD.0 EBX */
    uint32_t place_count; /* of places */
    bool places_moved;
    struct xstate_place places[XSTATE_PLACES_LIMIT];
};

struct stub_vdso { /* where the kernel's own vdso is by now */
    uint64_t address; /* 0: there is none */
    uint64_t size;    /* bytes, page aligned */
    uint64_t below;   /* bytes of [vvar] and [vvar_vclock] directly below */
};

struct stub_reading { /* pieces of memory whose bytes follow each other in the image */
    uint64_t offset; /* image offset of the first */
    uint64_t length; /* bytes of all */
    uint32_t count;
    struct abi_iovec pieces[STUB_PIECES];
};

struct stub_filling { /* the System V segment that was made last */
    uint64_t address; /* where it is attached, before the address space is cleared */
    uint64_t size;
    int32_t aside;
};

struct stub_state {
    const struct image_plan *plan;
    uint64_t slot;
    uint64_t stub_size; /* bytes from the slot's start to the plan */
    int64_t pid;
    int image_fd;
    uint64_t image_size; /* bytes of the opened file */
    int report_fd; /* where messages go: 2, or a duplicate of the launch's 2 */
    int object_fd; /* current shared object of the memory operations */
    bool lazy_is_off; /* the kernel cannot be asked for mappings: lazy memory is read at once */
    int32_t aside[IMAGE_ASIDE_LIMIT]; /* descriptors that only memory needs, ids of System V segments; STUB_NO_FD: not made */
    uint64_t copied[IMAGE_ASIDE_LIMIT / 64]; /* bit n: mapped files whose bytes are in aside n, for they are not there */
    uint64_t made[IMAGE_ASIDE_LIMIT / 64]; /* bit n: segment n outlives this process unless it is taken back */
    struct stub_filling filling;
    struct stub_launch launch;
    struct stub_machine machine;
    struct stub_vdso vdso;
    struct abi_rlimit limits[STUB_LIMITS]; /* as they are now */
    uint32_t failing; /* set by the first thread that gives up; the others wait for the end */
    uint32_t warned_scheduling;
    uint32_t warned_affinity;
    uint32_t warned_policy;
    struct stub_rights rights; /* of the launch */
    bool rights_are_common;    /* the leader takes them up for all threads, before there are others */
    struct abi_sched_attr scheduling; /* of the launch, which threads take up when they begin; size 0: they have it */
    uint32_t *tids;   /* of this launch, by index of the thread */
    uint32_t arrived; /* threads that are ready, without the leader; futex */
    uint32_t go;      /* 1: all may resume; futex */
    struct stub_reading reading;
    struct stub_line line;
    struct stub_line warning;
    uint32_t warning_taken; /* 1: a thread writes it */
    uint8_t buffer[STUB_BUFFER_BYTES] __attribute__((aligned(64)));
};

/* Everything is found relative to the instruction pointer; without this the compiler asks a table of addresses. */
#pragma GCC visibility push(hidden)

extern struct stub_state stub;
extern const uint8_t undump_base[];
extern const uint8_t undump_plan[];
extern const uint8_t undump_text_end[];
extern const uint8_t undump_intercept[]; /* code: entry of intercepted calls */
extern const uint8_t undump_resume_call[]; /* code: makes a shortened call */

/* start.S */
int64_t stub_clone(uint64_t flags, uint64_t stack, uint64_t child_tid, uint64_t tls, const void *argument);
_Noreturn void stub_resume(struct image_signal_frame *frame);
_Noreturn void stub_main(const uint64_t *initial_stack);
_Noreturn void stub_thread_main(const struct image_thread *thread);

/* report.c: one line on stderr that begins with "undump: "; %e takes the error */
_Noreturn void stub_fail(struct stub_state *state, const char *format, ...);
void stub_warn(struct stub_state *state, const char *format, ...);

/* launch.c */
void launch_read(struct stub_state *state, const uint64_t *initial_stack);

/* launch_record.c */
void launch_record_fill(struct stub_state *state);

/* image_open.c */
void image_open(struct stub_state *state);
void image_open_own(struct stub_state *state);

/* image.c */
void image_check_plan(struct stub_state *state);
void image_read(struct stub_state *state, void *to, uint64_t length, uint64_t offset);
void image_move_aside(struct stub_state *state);
int image_duplicate_aside(const struct stub_state *state, int fd);

/* inputs.c */
void inputs_check(struct stub_state *state);

/* fallback.c */
void fallback_learn(struct stub_state *state);
bool fallback_is_depth(const char *text);
_Noreturn void fallback_run(struct stub_state *state, const char *path, const char *change);

/* machine.c */
bool machine_has_crc(struct stub_state *state);
void machine_check_kernel(struct stub_state *state);
void machine_check_processor(struct stub_state *state);

/* clocks.c */
void clocks_enter(struct stub_state *state);

/* rights.c, rights_text.c */
void rights_learn(struct stub_state *state);
void rights_begin(struct stub_state *state);
void rights_take(struct stub_state *state, const struct image_thread *thread);
bool capabilities_set(const struct stub_rights *rights);
void rights_warn_missing(struct stub_state *state, uint64_t missing);

/* filters.c */
void filters_check(struct stub_state *state);
void filters_set(struct stub_state *state, const struct image_thread *thread);

/* limits.c */
void limits_raise(struct stub_state *state);
void limits_set(struct stub_state *state);

/* files.c, file_objects.c */
void files_restore(struct stub_state *state);
void file_make_deleted(struct stub_state *state, const struct image_file_op *op);
void file_make_pipe(struct stub_state *state, const struct image_file_op *op);
void file_set_pipe_writer(struct stub_state *state, const struct image_file_op *op);
void file_write_pipe_data(struct stub_state *state, const struct image_file_op *op);
void file_make_eventfd(struct stub_state *state, const struct image_file_op *op);
void file_make_timerfd(struct stub_state *state, const struct image_file_op *op);
void file_place(struct stub_state *state, const struct image_file_op *op, int64_t opened);
void file_place_ends(struct stub_state *state, const struct image_file_op *op, int first, int second);
_Noreturn void file_fail(struct stub_state *state, const struct image_file_op *op, const char *doing, int64_t error);

void file_write_stream(struct stub_state *state, const struct image_file_op *op, int writer, uint64_t size, uint64_t offset);

/* inherit.c */
void file_inherit(struct stub_state *state, const struct image_file_op *op);

/* fifos.c */
int64_t fifo_open_end(const char *path, uint32_t flags);
void file_open_fifo(struct stub_state *state, const struct image_file_op *op);
void file_open_pipe_again(struct stub_state *state, const struct image_file_op *op);

/* file_owners.c */
void file_owners_set(struct stub_state *state);

void file_make_timerfd_at(struct stub_state *state, const struct image_file_op *op);

/* watches.c */
void file_make_inotify(struct stub_state *state, const struct image_file_op *op);
void file_add_watch(struct stub_state *state, const struct image_file_op *op);
void file_set_watch(struct stub_state *state, const struct image_file_op *op);

/* file_handles.c */
void file_make_pidfd(struct stub_state *state, const struct image_file_op *op);
void file_open_queue(struct stub_state *state, const struct image_file_op *op);
void file_add_spent(struct stub_state *state, const struct image_file_op *op);

/* terminal.c */
void terminal_restore(struct stub_state *state);

/* file_locks.c */
void file_locks_take(struct stub_state *state);

/* sockets.c, socket_bind.c */
void socket_make(struct stub_state *state, const struct image_file_op *op);
void socket_make_pair(struct stub_state *state, const struct image_file_op *op);
void socket_set_end(struct stub_state *state, const struct image_file_op *op);
void socket_send_data(struct stub_state *state, const struct image_file_op *op);
void socket_set_option(struct stub_state *state, const struct image_file_op *op);
void socket_bind(struct stub_state *state, const struct image_file_op *op);

/* socket_takeover.c: removes the socket file at path, for the socket at fd, if no process has it any more. Returns whether it did.
 * Ends the launch with a line if a living one was met on the way and cannot get its name back. */
bool socket_take_stale_name(struct stub_state *state, int fd, const char *path);
void socket_connect(struct stub_state *state, const struct image_file_op *op);
void socket_listen(struct stub_state *state, const struct image_file_op *op);
void socket_shutdown(struct stub_state *state, const struct image_file_op *op);
void socket_make_reset(struct stub_state *state, const struct image_file_op *op);

/* memory_files.c */
int memory_file_descriptor(const struct stub_state *state, int32_t number);
void memory_file_make(struct stub_state *state, const struct image_file_op *op);
void memory_file_fill(struct stub_state *state, const struct image_file_op *op);
void memory_file_reopen(struct stub_state *state, const struct image_file_op *op);
void memory_files_finish(struct stub_state *state);

/* space.c */
void space_keep_launch(struct stub_state *state);
void space_keep_vdso(struct stub_state *state);
int space_move_vdso(struct stub_state *state, uint64_t to);
void space_clear(struct stub_state *state);

/* mapped_files.c */
void mapped_files_check(struct stub_state *state);
bool mapped_file_is_copied(const struct stub_state *state, int32_t aside);
int64_t mapped_file_map(struct stub_state *state, const struct image_memory_op *op);

/* segments.c */
void segment_find(struct stub_state *state, const struct image_file_op *op);
void segment_fill(struct stub_state *state, const struct image_file_op *op);
int64_t segment_attach(struct stub_state *state, const struct image_memory_op *op);
void segments_finish(struct stub_state *state);
void segments_take_back(struct stub_state *state);
void segments_keep(struct stub_state *state);

/* semaphores.c */
void semaphores_take(struct stub_state *state);

/* memory.c */
void memory_restore(struct stub_state *state);

/* lazy.c */
void lazy_prepare(struct stub_state *state);
int64_t lazy_map(struct stub_state *state, const struct image_memory_op *op);

/* vdso.c */
bool vdso_is_the_same(const struct stub_state *state);
void vdso_restore(struct stub_state *state);

/* environment.c */
void environment_change(struct stub_state *state);

/* process.c */
void process_set_personality(struct stub_state *state);
void process_restore(struct stub_state *state);
void process_start_timers(struct stub_state *state);
void process_queue_signals(struct stub_state *state);

/* posix_timers.c */
void posix_timers_make(struct stub_state *state);
void posix_timers_start(struct stub_state *state);
/* Makes it send its signal now; false: it runs, but its signal has to be queued instead. */
bool posix_timer_fire(struct stub_state *state, const struct image_posix_timer *timer);

/* threads.c */
void threads_prepare(struct stub_state *state);
void threads_create(struct stub_state *state);
void threads_await(struct stub_state *state);
void threads_patch_ids(struct stub_state *state);
_Noreturn void threads_resume(struct stub_state *state);

#pragma GCC visibility pop

/* NULL: as the launch's. */
static inline const struct image_rights *rights_of(const struct image_plan *plan, const struct image_thread *thread)
{
    return thread->rights == 0 ? NULL : plan_at(plan, thread->rights);
}

#define NANOSECONDS UINT64_C(1000000000)

static inline struct abi_timespec to_timespec(uint64_t nanoseconds)
{
    return (struct abi_timespec){.seconds = (int64_t)(nanoseconds / NANOSECONDS),
                                 .nanoseconds = (int64_t)(nanoseconds % NANOSECONDS)};
}

static inline bool is_error(int64_t result)
{
    return result < 0 && result > -4096;
}

#endif
