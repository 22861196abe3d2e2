/* SPDX-License-Identifier: Apache-2.0 */
/* What one capture knows and holds. Every part is filled by the step named behind it, in this order. */
#ifndef UNDUMP_CAPTURE_STATE_H
#define UNDUMP_CAPTURE_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "buffer.h"
#include "capture.h"
#include "capture_arch.h"
#include "proc_text.h"
#include "writer.h"

struct thread {
    pid_t tid;
    bool attached;                /* we are its tracer */
    bool held;                    /* it stands in PTRACE_EVENT_STOP */
    bool ours;                    /* we attached it, so we detach it; false when it came seized */
    bool changed;                 /* registers or mask are not its own at the moment; inject.c */
    bool stopped_by_job;          /* it stands in a stop of job control and has to stay there */
    bool keeps_number;            /* its registers make a call by its own number again; filtered_waits.c */
    uint64_t stopped_ns;          /* CLOCK_MONOTONIC of its stop, when keeps_number */
    struct user_regs_struct regs; /* as stopped */
    struct user_regs_struct resume; /* what it goes on with: the same, but a call that the stop broke off is made again */
    uint64_t mask;                /* signal mask, which it gets back */
    struct syscall_state call;    /* what it is in the middle of */
    /* before the stop, observe.c */
    char wait_channel[64];
    char state;
    long syscall;                 /* number of /proc syscall, -1 when running */
    uint64_t syscall_stack;       /* its stack pointer there */
    uint64_t exec_start;          /* se.exec_start, nanoseconds of its processor's clock */
    uint64_t switches;            /* nr_voluntary_switches */
    unsigned processor;
    unsigned id_attempts;         /* freeze.c: how often it ran on because of its id in a register */
    unsigned call_stops;          /* freeze.c: stops at calls since it was observed, before it stood */
    unsigned restart_attempts;    /* freeze.c: how often it ran on to show what it restarts */
    uint64_t waited_ns;           /* freeze.c */
    struct ckpt_thread record;    /* threads.c */
    struct ckpt_rights rights;    /* rights.c */
    uint32_t seccomp_mode;        /* of its status */
    bool filters_suspended;       /* filters.c */
};

/* A mapping with what smaps tells. The record goes into the file as it is. */
struct mapping {
    struct ckpt_mapping record;
    char *name;          /* without " (deleted)" */
    uint64_t resident;   /* bytes */
    uint64_t swapped;    /* bytes */
    struct buffer shared_pages; /* struct page_range, shared.c: what exists of shared anonymous memory */
    bool ask_pages;      /* only calls in the program can tell what exists */
    bool in_snapshot;    /* pages.c: its contents are read from the snapshot */
};

/* A file that exists only in memory, memory_files.c. */
struct memory_file {
    struct ckpt_memory_file record;
    char name[NAME_MAX + 1];
    int descriptor; /* of the program, the lowest; -1: it has none */
    int file;       /* ours; -1: it is seen through the mappings only */
    bool borrowed;  /* it is the program's own description */
    const char *deleted_path; /* of a file that had a name once; else NULL */
    bool segment;   /* System V shared memory, segments.c */
};

/* Shared memory that another process has mapped or open. */
struct shared_object {
    uint64_t inode;
    uint32_t dev_major, dev_minor;
    pid_t holder;
};

/* A descriptor of the program that is an end of a pipe. */
struct pipe_end {
    uint64_t inode;
    bool reads, writes;
    bool packets; /* O_DIRECT */
};

/* A socket of ours, like one of the program's that nothing has been done to. */
struct like_socket {
    int family, type, protocol;
    int fd;
};
#define LIKE_SOCKETS 8

/* A copy of the program that never runs, snapshot.c. Descriptors are -1 when there is none. */
struct snapshot {
    pid_t pid;
    int64_t child_pid; /* its number as the program sees it, when it is the program's child; else 0 */
    int pidfd;
    int mem;     /* /proc/PID/mem */
    int pagemap; /* /proc/PID/pagemap */
};

struct capture {
    const struct capture_request *request;
    struct report *report;
    pid_t pid;
    int pidfd;
    int mem;             /* /proc/PID/mem */
    int pagemap;         /* /proc/PID/pagemap */
    uint64_t vdso_start, vdso_end; /* preflight.c; 0 when there is none */

    struct thread *threads; /* freeze.c: leader first */
    size_t thread_count;
    bool frozen;
    bool all_stand;      /* no thread of the program runs */
    uint64_t frozen_since; /* CLOCK_MONOTONIC of the first stop */
    uint64_t frozen_again_ns; /* how long it stood once more, for snapshot.c */
    uint64_t thawed_at;    /* CLOCK_MONOTONIC when the program went on; 0 before */

    struct buffer early_smaps, early_entries; /* early_mappings.c: struct smaps_entry */

    struct mapping *mappings; /* mappings.c */
    size_t mapping_count;

    struct memory_file *memory_files; /* memory_files.c */
    size_t memory_file_count;
    struct buffer memory_files_section, file_extents;
    struct buffer segments;   /* segments.c */
    struct buffer semaphores; /* semaphores.c */

    struct watch_place *watch_places; /* watches.c */
    size_t watch_place_count;
    struct buffer watches;

    struct posix_timer *posix_timers; /* posix_timers.c */
    size_t posix_timer_count;
    bool posix_timers_hidden; /* the kernel lists none */
    struct buffer posix_timers_section;

    struct gadgets gadgets; /* code.c */

    struct snapshot snapshot; /* snapshot.c */

    struct buffer leader_groups; /* rights.c: text of its status */
    bool has_other_users; /* is in another user namespace */
    bool asks_policies;
    struct buffer filters;         /* filters.c */
    struct buffer memory_policies; /* memory_policies.c */

    bool copy_at_once;            /* file_pages.h */
    struct buffer mapped_files;   /* file_pages.c */
    struct buffer deferred_copies;

    uint64_t *channels_elsewhere;    /* outside.c: inodes of pipes and sockets that other processes have open, sorted */
    size_t channels_elsewhere_count;
    struct shared_object *memory_elsewhere; /* outside.c, sorted by inode */
    size_t memory_elsewhere_count;
    struct pipe_end *pipe_ends; /* outside.c */
    size_t pipe_end_count;
    struct like_socket like_sockets[LIKE_SOCKETS]; /* socket_diag.c */
    size_t like_socket_count;
    struct buffer socket_facts; /* sockets.c: struct socket_facts, as the sockets */
    unsigned allowed;    /* ALLOW_* that this capture really needed */

    struct capture_step steps[CAPTURE_STEPS];
    uint32_t step_count;

    struct writer writer;
    struct ckpt_process process;
    struct ckpt_cpu cpu;
    struct buffer threads_section, rights_section, xstates, mappings_section, extents, descriptors, descriptions, pipes, sockets, socket_options,
        epoll_items, file_locks, file_owners, terminals, actions, pending, auxv, cpuid, inputs, strings, allowances;
};

/* Whether one of the give_up signals is pending. */
bool capture_given_up(const struct capture *capture);

uint64_t now_ns(clockid_t clock);

#endif
