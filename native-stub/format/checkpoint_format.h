/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The checkpoint format, version 4: what `ckpt` writes and `undump` reads (myckpt.dat).
 * This header is the only place that states the layout; the Java constants are generated from it.
 *
 *   0            +---------------------------+
 *                | ckpt_header               |  CKPT_HEADER_SIZE bytes, rest of the first page is zero
 *   data_offset  +---------------------------+  page aligned
 *                | page data                 |  extents of mappings and memory files, bytes of deleted files,
 *                |                           |  pipes and sockets; every piece starts page aligned; holes are allowed
 *   index_offset +---------------------------+  page aligned
 *                | ckpt_section[section_count]|
 *                | records of each section   |  each section starts 8-byte aligned, in any order, without overlap
 *   total_size   +---------------------------+  end of file
 *
 * All numbers are little-endian, naturally aligned. "Reserved" fields are zero when written and are
 * checked to be zero. Addresses are virtual addresses of the captured process. Pages of a mapping that no
 * extent covers read as zero; those of a private mapping of a memory file are the file's. A string is (offset, length) into the STRINGS section, without a terminator
 * in its length but with a zero byte behind it; (0, 0) is the empty string.
 *
 * Checksums are CRC-32C (Castagnoli, reflected, initial value and final xor 0xffffffff), as in RFC 3720.
 *
 * A field that is "set by capture" comes from the engine; nobody else writes this file.
 * Any change of layout bumps CKPT_VERSION and adds a golden file in the same commit.
 */
#ifndef UNDUMP_CHECKPOINT_FORMAT_H
#define UNDUMP_CHECKPOINT_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define CKPT_MAGIC "UNDUMPCK" /* 8 bytes, no terminator */
#define CKPT_MAGIC_U64 UINT64_C(0x4b43504d55444e55)
#define CKPT_VERSION 4
#define CKPT_OLDEST_VERSION 1 /* oldest version that readers of this release accept */
#define CKPT_PAGE_SIZE 4096
#define CKPT_ARCH_X86_64 62 /* EM_X86_64, elf.h */

/* Every record type X has a field list CKPT_X_FIELDS(F); layout_dump.c prints the offsets for Java from it.
 * The assertion behind each struct ties the list's last field to the size, so that a field cannot be added
 * to one and forgotten in the other without notice. */
#define CKPT_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), "size of " #type)
#define CKPT_ASSERT_LAST(type, field)                                                                        \
    _Static_assert(offsetof(struct type, field) + sizeof(((struct type *)0)->field) == sizeof(struct type), \
                   "last field of " #type)

struct ckpt_string {
    uint32_t offset; /* bytes from the start of the STRINGS section */
    uint32_t length; /* bytes, without the terminating zero */
};
#define CKPT_STRING_FIELDS(F) F(offset) F(length)
CKPT_ASSERT_SIZE(ckpt_string, 8);

/* ---- header: the first four fields never move, so that any version can name the version that it met ---- */
struct ckpt_header {
    uint8_t magic[8];       /* CKPT_MAGIC */
    uint32_t version;       /* CKPT_VERSION */
    uint32_t header_size;   /* bytes: sizeof(struct ckpt_header) of the writer */
    uint64_t total_size;    /* bytes of the whole file; a shorter file is truncated */
    uint32_t header_crc;    /* CRC-32C of header_size bytes with this field taken as zero */
    uint32_t index_crc;     /* CRC-32C of index_size bytes at index_offset */
    uint64_t data_offset;   /* bytes from file start, page aligned */
    uint64_t data_size;     /* bytes, page aligned */
    uint64_t index_offset;  /* bytes from file start, page aligned, >= data_offset + data_size */
    uint64_t index_size;    /* bytes; index_offset + index_size == total_size */
    uint32_t section_count; /* ckpt_section entries at index_offset */
    uint32_t page_size;     /* CKPT_PAGE_SIZE */
    uint32_t arch;          /* CKPT_ARCH_X86_64 */
    uint32_t reserved0;
    uint8_t id[16];         /* random, made by capture; names this checkpoint */
    uint64_t reserved[4];
};
#define CKPT_HEADER_FIELDS(F)                                                                                  \
    F(magic) F(version) F(header_size) F(total_size) F(header_crc) F(index_crc) F(data_offset) F(data_size)    \
    F(index_offset) F(index_size) F(section_count) F(page_size) F(arch) F(reserved0) F(id) F(reserved)
CKPT_ASSERT_SIZE(ckpt_header, 128);
CKPT_ASSERT_LAST(ckpt_header, reserved);
#define CKPT_HEADER_SIZE 128

/* ---- section table ---- */
struct ckpt_section {
    uint32_t kind;        /* CKPT_SECTION_* ; each kind at most once; unknown kinds are skipped */
    uint32_t record_size; /* bytes per record; 1 for byte sections */
    uint64_t offset;      /* bytes from file start, 8-byte aligned, inside the index */
    uint64_t size;        /* bytes == record_size * count */
    uint64_t count;       /* records */
};
#define CKPT_SECTION_FIELDS(F) F(kind) F(record_size) F(offset) F(size) F(count)
CKPT_ASSERT_SIZE(ckpt_section, 32);
CKPT_ASSERT_LAST(ckpt_section, count);

#define CKPT_SECTION_PROCESS 1       /* one ckpt_process */
#define CKPT_SECTION_THREADS 2       /* ckpt_thread, the thread group leader first, then by tid */
#define CKPT_SECTION_XSTATES 3       /* bytes: xsave areas of the threads, each 64-byte aligned in the section */
#define CKPT_SECTION_MAPPINGS 4      /* ckpt_mapping, by address, not overlapping */
#define CKPT_SECTION_EXTENTS 5       /* ckpt_extent, by address, not overlapping, each inside one mapping */
#define CKPT_SECTION_DESCRIPTORS 6   /* ckpt_descriptor, by fd */
#define CKPT_SECTION_DESCRIPTIONS 7  /* ckpt_description: open file descriptions, referred to by index */
#define CKPT_SECTION_PIPES 8         /* ckpt_pipe, referred to by index */
#define CKPT_SECTION_EPOLL_ITEMS 9   /* ckpt_epoll_item */
#define CKPT_SECTION_ACTIONS 10      /* ckpt_signal_action, signals whose action is not SIG_DFL with flags 0 */
#define CKPT_SECTION_PENDING 11      /* ckpt_pending_signal, in queue order */
#define CKPT_SECTION_AUXV 12         /* bytes: /proc/PID/auxv as read */
#define CKPT_SECTION_CPU 13          /* one ckpt_cpu */
#define CKPT_SECTION_CPUID 14        /* ckpt_cpuid, what the capturing machine answered */
#define CKPT_SECTION_STRINGS 15      /* bytes; starts with a zero byte */
#define CKPT_SECTION_ALLOWANCES 16   /* ckpt_string: the --allow words that this capture needed */
#define CKPT_SECTION_MEMORY_FILES 17 /* ckpt_memory_file, referred to by index; since version 2 */
#define CKPT_SECTION_FILE_EXTENTS 18 /* ckpt_file_extent, by memory file, then by offset; since version 2 */
#define CKPT_SECTION_SOCKETS 19      /* ckpt_socket, referred to by index; since version 3 */
#define CKPT_SECTION_SOCKET_OPTIONS 20 /* ckpt_socket_option, by socket; since version 3 */
#define CKPT_SECTION_POSIX_TIMERS 24 /* ckpt_posix_timer, by id; since version 3 */
#define CKPT_SECTION_WATCHES 25      /* ckpt_watch, by description, then by number; since version 3 */
#define CKPT_SECTION_FILE_LOCKS 26   /* ckpt_file_lock; since version 3 */
#define CKPT_SECTION_FILE_OWNERS 27  /* ckpt_file_owner, by description; since version 3 */
#define CKPT_SECTION_SEGMENTS 28     /* ckpt_segment, one for each memory file that is one; since version 3 */
#define CKPT_SECTION_SEMAPHORES 29   /* ckpt_semaphore; since version 3 */
#define CKPT_SECTION_TERMINALS 30    /* ckpt_terminal; since version 3 */
#define CKPT_SECTION_RIGHTS 31       /* ckpt_rights, one for each of THREADS, in their order; since version 3 */
#define CKPT_SECTION_FILTERS 32      /* ckpt_filter, referred to by index; since version 3 */
#define CKPT_SECTION_MEMORY_POLICIES 33 /* ckpt_memory_policy, by address, not overlapping; since version 3 */
#define CKPT_SECTION_INPUTS 34       /* ckpt_input, by path as bytes, each path once; since version 4 */

/* ---- process ---- */
struct ckpt_rlimit {
    uint64_t soft; /* as in prlimit64: ~0 is unlimited */
    uint64_t hard;
};
struct ckpt_itimer {
    uint64_t interval_us; /* microseconds */
    uint64_t value_us;    /* microseconds that remained; 0 is disarmed */
};
#define CKPT_RLIMIT_FIELDS(F) F(soft) F(hard)
#define CKPT_ITIMER_FIELDS(F) F(interval_us) F(value_us)
CKPT_ASSERT_SIZE(ckpt_rlimit, 16);
CKPT_ASSERT_SIZE(ckpt_itimer, 16);

struct ckpt_process {
    uint32_t pid;               /* as the engine saw it */
    uint32_t own_pid;           /* as the program saw it: innermost NSpid */
    uint32_t parent_pid;
    uint32_t group_id;          /* process group */
    uint32_t session_id;
    uint32_t uid;               /* effective, for information */
    uint32_t gid;
    uint32_t umask;
    uint32_t dumpable;          /* prctl(PR_GET_DUMPABLE) */
    uint32_t no_new_privs;      /* 0 or 1 */
    uint32_t child_subreaper;   /* 0 or 1 */
    uint32_t personality;       /* /proc/PID/personality */
    uint32_t thp_disable;       /* prctl(PR_GET_THP_DISABLE): 1, and from 6.18 on 3 for PR_THP_DISABLE_EXCEPT_ADVISED */
    uint32_t membarrier;        /* membarrier(MEMBARRIER_CMD_GET_REGISTRATIONS), 0 when unknown */
    uint32_t trigger;           /* CKPT_TRIGGER_* */
    uint32_t launched_by_ckpt;  /* 1: descriptors known as inherited are marked, see CKPT_DESCRIPTION_INHERITED */
    uint64_t start_code;        /* mm fields, /proc/PID/stat and PR_SET_MM_MAP, prctl(2) */
    uint64_t end_code;
    uint64_t start_data;
    uint64_t end_data;
    uint64_t start_brk;
    uint64_t brk;
    uint64_t start_stack;
    uint64_t arg_start;
    uint64_t arg_end;
    uint64_t env_start;
    uint64_t env_end;
    uint64_t realtime_ns;       /* CLOCK_REALTIME at the moment all threads had stopped */
    uint64_t monotonic_ns;      /* CLOCK_MONOTONIC as the program sees it (time_namespaces(7)), same moment */
    uint64_t boottime_ns;       /* CLOCK_BOOTTIME, likewise */
    uint64_t frozen_ns;         /* how long the threads stood still, nanoseconds; 0 when not known at writing */
    uint64_t resident_bytes;    /* private resident memory at capture */
    struct ckpt_string executable;     /* path of /proc/PID/exe, " (deleted)" removed */
    struct ckpt_string command_line;   /* /proc/PID/cmdline as read, zero separated */
    struct ckpt_string working_directory;
    struct ckpt_string command_name;   /* comm of the leader */
    struct ckpt_string kernel_release; /* uname -r */
    struct ckpt_string kernel_version; /* uname -v */
    struct ckpt_string engine;         /* "ckpt 1.0.0" */
    struct ckpt_string wd_state;       /* "" or "deleted" */
    struct ckpt_itimer itimers[3];     /* ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF */
    struct ckpt_rlimit rlimits[16];    /* index is RLIMIT_* of asm-generic/resource.h */
    uint32_t nice;              /* of the leader, as int32: -20..19, for information */
    uint32_t vdso_seen;         /* 1 when a [vdso] mapping was present */
    uint32_t snapshot;          /* 1: private memory was read from a snapshot, after frozen_ns (ckpt --cow) */
    uint32_t reserved0;
    uint64_t launch_record;     /* address of the image_launch_record (image_format.h) of a program that asked itself; else 0 */
    uint64_t input_mode;        /* CKPT_INPUTS_*: how the INPUTS were found; since version 4, else 0 */
};
#define CKPT_PROCESS_FIELDS(F)                                                                                 \
    F(pid) F(own_pid) F(parent_pid) F(group_id) F(session_id) F(uid) F(gid) F(umask) F(dumpable)               \
    F(no_new_privs) F(child_subreaper) F(personality) F(thp_disable) F(membarrier) F(trigger)                  \
    F(launched_by_ckpt) F(start_code) F(end_code) F(start_data) F(end_data) F(start_brk) F(brk)                \
    F(start_stack) F(arg_start) F(arg_end) F(env_start) F(env_end) F(realtime_ns) F(monotonic_ns)              \
    F(boottime_ns) F(frozen_ns) F(resident_bytes) F(executable) F(command_line) F(working_directory)           \
    F(command_name) F(kernel_release) F(kernel_version) F(engine) F(wd_state) F(itimers) F(rlimits)            \
    F(nice) F(vdso_seen) F(snapshot) F(reserved0) F(launch_record) F(input_mode)
CKPT_ASSERT_SIZE(ckpt_process, 592);
CKPT_ASSERT_LAST(ckpt_process, input_mode);

#define CKPT_TRIGGER_PID 1      /* ckpt --pid */
#define CKPT_TRIGGER_SIGNAL 2   /* SIGUSR2 under ckpt */
#define CKPT_TRIGGER_INTERVAL 3 /* ckpt --interval */
#define CKPT_TRIGGER_API 4      /* undump_checkpoint(): the image is a command */
#define CKPT_TRIGGER_SELF 5     /* SIGUSR2 under ckpt that the program sent itself: the image is a command */

/* ---- threads ---- */
struct ckpt_thread {
    uint32_t tid;             /* as the engine saw it */
    uint32_t own_tid;         /* as the program saw it; this number is what its memory holds */
    uint64_t regs[27];        /* struct user_regs_struct, asm/user_64.h order: r15 r14 r13 r12 rbp rbx r11 r10 r9 r8
                                 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base ds es fs gs; as
                                 stopped: nothing is wound back yet */
    uint64_t xstate_offset;   /* bytes into the XSTATES section */
    uint32_t xstate_size;     /* bytes; standard (not compacted) xsave format, NT_X86_XSTATE */
    uint32_t in_syscall;      /* 1: stopped inside a system call, which has to be made again or continued */
    int64_t syscall_number;   /* when in_syscall: the call; for restart_syscall the call that it stands for, -1 unknown */
    int64_t syscall_result;   /* when in_syscall: the kernel's pending result: -512 -513 -514 -516 (ERESTART*), or -4
                                 (EINTR) of a call that the stop itself broke off and that no signal handler explains */
    uint64_t waited_ns;       /* when in_syscall: how long the call had been waiting, nanoseconds; never more than in
                                 truth; 0 when unknown */
    uint64_t signal_mask;     /* bit n-1 is signal n; the mask that the thread will have outside sigsuspend and the like */
    uint64_t altstack_address;/* stack_t of sigaltstack(2) */
    uint64_t altstack_size;
    uint32_t altstack_flags;
    uint32_t parent_death_signal; /* prctl(PR_GET_PDEATHSIG) of this thread */
    uint64_t robust_list;     /* get_robust_list(2): head address, 0 is none */
    uint64_t robust_list_size;
    uint64_t rseq_address;    /* PTRACE_GET_RSEQ_CONFIGURATION; 0 is not registered */
    uint32_t rseq_size;
    uint32_t rseq_signature;
    uint64_t clear_child_tid; /* prctl(PR_GET_TID_ADDRESS) */
    uint32_t policy;          /* sched_getattr(2) */
    uint32_t policy_flags;    /* SCHED_FLAG_RESET_ON_FORK and others */
    int32_t nice;             /* also 0: that of the program's parent */
    uint32_t priority;
    uint64_t runtime_ns;      /* SCHED_DEADLINE */
    uint64_t deadline_ns;
    uint64_t period_ns;
    uint64_t timer_slack_ns;
    uint64_t affinity[16];    /* sched_getaffinity(2), 1,024 processors; none: those of the program's parent */
    uint8_t name[16];         /* comm, zero padded */
    struct ckpt_string wait_channel; /* /proc/PID/task/TID/wchan before the stop, "" when it ran */
    uint64_t reserved[3];
};
#define CKPT_THREAD_FIELDS(F)                                                                                  \
    F(tid) F(own_tid) F(regs) F(xstate_offset) F(xstate_size) F(in_syscall) F(syscall_number)                  \
    F(syscall_result) F(waited_ns) F(signal_mask) F(altstack_address) F(altstack_size) F(altstack_flags)       \
    F(parent_death_signal) F(robust_list) F(robust_list_size) F(rseq_address) F(rseq_size) F(rseq_signature)   \
    F(clear_child_tid) F(policy) F(policy_flags) F(nice) F(priority) F(runtime_ns) F(deadline_ns)              \
    F(period_ns) F(timer_slack_ns) F(affinity) F(name) F(wait_channel) F(reserved)
CKPT_ASSERT_SIZE(ckpt_thread, 560);
CKPT_ASSERT_LAST(ckpt_thread, reserved);

/* ---- what a thread may do, and what else the kernel keeps for each thread by itself ---- */
struct ckpt_rights {
    uint32_t uids[4];      /* real, effective, saved, of the file system; as the engine sees them */
    uint32_t gids[4];
    uint64_t inheritable;  /* capabilities(7): bit n is capability n. None of another user namespace than the engine's counts */
    uint64_t permitted;
    uint64_t effective;
    uint64_t bounding;
    uint64_t ambient;
    uint32_t securebits;   /* prctl(PR_GET_SECUREBITS), SECBIT_KEEP_CAPS included */
    uint32_t io_priority;  /* ioprio_get(2); 0: none was set */
    uint32_t flags;        /* CKPT_RIGHTS_* */
    int32_t oom_score_adj; /* of the process, the same for all threads; 0 also where it is that of the program's parent */
    uint32_t policy;       /* get_mempolicy(2): MPOL_* with flags; 0: default */
    uint32_t filter_count; /* seccomp(2): how many filters it runs under */
    uint64_t policy_nodes; /* bit n is memory node n */
    uint64_t first_filter; /* index into FILTERS, the one that was set first; threads may refer to the same */
    struct ckpt_string groups; /* supplementary groups, uint32_t each */
    uint64_t reserved;
};
#define CKPT_RIGHTS_FIELDS(F)                                                                                  \
    F(uids) F(gids) F(inheritable) F(permitted) F(effective) F(bounding) F(ambient) F(securebits)              \
    F(io_priority) F(flags) F(oom_score_adj) F(policy) F(filter_count) F(policy_nodes) F(first_filter)         \
    F(groups) F(reserved)
CKPT_ASSERT_SIZE(ckpt_rights, 128);
CKPT_ASSERT_LAST(ckpt_rights, reserved);

#define CKPT_RIGHTS_NO_NEW_PRIVILEGES 0x1u
#define CKPT_RIGHTS_STRICT 0x2u         /* seccomp's strict mode */
#define CKPT_RIGHTS_OTHER_USERS 0x4u    /* in another user namespace than the engine */

struct ckpt_filter {
    struct ckpt_string instructions; /* struct sock_filter each, as they were given to the kernel */
    uint32_t flags;                  /* SECCOMP_FILTER_FLAG_LOG 2 */
    uint32_t reserved;
};
#define CKPT_FILTER_FIELDS(F) F(instructions) F(flags) F(reserved)
CKPT_ASSERT_SIZE(ckpt_filter, 16);
CKPT_ASSERT_LAST(ckpt_filter, reserved);

struct ckpt_memory_policy { /* of memory whose policy is not that of the leader, mbind(2) */
    uint64_t start; /* page aligned */
    uint64_t end;
    uint64_t nodes; /* bit n is memory node n */
    uint32_t mode;  /* MPOL_* with flags */
    uint32_t reserved;
};
#define CKPT_MEMORY_POLICY_FIELDS(F) F(start) F(end) F(nodes) F(mode) F(reserved)
CKPT_ASSERT_SIZE(ckpt_memory_policy, 32);
CKPT_ASSERT_LAST(ckpt_memory_policy, reserved);

/* ---- memory ---- */
struct ckpt_mapping {
    uint64_t start;        /* page aligned */
    uint64_t end;          /* page aligned, exclusive */
    uint32_t kind;         /* CKPT_MAPPING_* */
    uint32_t protection;   /* PROT_READ 1, PROT_WRITE 2, PROT_EXEC 4 */
    uint32_t flags;        /* CKPT_VMA_* */
    uint32_t share_id;     /* shared anonymous memory: equal for mappings of one object, from 1; file mappings: 1 + index
                              into MEMORY_FILES; else 0 */
    uint64_t file_offset;  /* bytes into file or shared object */
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    struct ckpt_string name;      /* path, or [heap], [stack], [anon:...] as in maps; " (deleted)" removed */
    uint64_t first_extent; /* index into EXTENTS */
    uint64_t extent_count;
    uint64_t file_size;    /* bytes of the mapped file at capture, 0 when not known */
    uint64_t file_mtime_ns;
    uint64_t file_birth_ns; /* when the mapped file was made (statx), 0 when not known; since version 3 */
};
#define CKPT_MAPPING_FIELDS(F)                                                                                 \
    F(start) F(end) F(kind) F(protection) F(flags) F(share_id) F(file_offset) F(inode) F(dev_major)            \
    F(dev_minor) F(name) F(first_extent) F(extent_count) F(file_size) F(file_mtime_ns) F(file_birth_ns)
CKPT_ASSERT_SIZE(ckpt_mapping, 104);
CKPT_ASSERT_LAST(ckpt_mapping, file_birth_ns);

#define CKPT_MAPPING_ANONYMOUS 1        /* private anonymous, also [heap] and [stack] */
#define CKPT_MAPPING_PRIVATE_FILE 2
#define CKPT_MAPPING_SHARED_FILE 3
#define CKPT_MAPPING_SHARED_ANONYMOUS 4 /* /dev/zero (deleted) */
#define CKPT_MAPPING_VDSO 5             /* contents in extents */
#define CKPT_MAPPING_VVAR 6             /* [vvar], [vvar_vclock]: no contents */

#define CKPT_VMA_GROWSDOWN 0x00000001u   /* gd; bits mirror VmFlags of /proc/PID/smaps */
#define CKPT_VMA_NORESERVE 0x00000002u   /* nr */
#define CKPT_VMA_LOCKED 0x00000004u      /* lo */
#define CKPT_VMA_LOCKED_ON_FAULT 0x00000008u /* lf */
#define CKPT_VMA_DONTFORK 0x00000010u    /* dc */
#define CKPT_VMA_DONTDUMP 0x00000020u    /* dd */
#define CKPT_VMA_WIPEONFORK 0x00000040u  /* wf */
#define CKPT_VMA_MERGEABLE 0x00000080u   /* mg */
#define CKPT_VMA_HUGEPAGE 0x00000100u    /* hg */
#define CKPT_VMA_NOHUGEPAGE 0x00000200u  /* nh */
#define CKPT_VMA_SEQUENTIAL 0x00000400u  /* sr */
#define CKPT_VMA_RANDOM 0x00000800u      /* rr */
#define CKPT_VMA_DROPPABLE 0x00001000u   /* dp: contents are not stored */
#define CKPT_VMA_SEALED 0x00002000u      /* sl */
#define CKPT_VMA_MAY_WRITE 0x00004000u   /* mw: a shared file mapping without it is of a read-only descriptor */
#define CKPT_VMA_DELETED 0x00008000u     /* name was marked (deleted) */
#define CKPT_VMA_ACCOUNTED 0x00010000u   /* ac */
#define CKPT_VMA_HEAP 0x00020000u        /* [heap] */
#define CKPT_VMA_STACK 0x00040000u       /* [stack] of the main thread */

struct ckpt_extent {
    uint64_t address;     /* page aligned */
    uint64_t length;      /* bytes, page aligned, not zero */
    uint64_t file_offset; /* bytes from file start, page aligned; 0 for kinds without bytes */
    uint32_t kind;        /* CKPT_EXTENT_* */
    uint32_t crc;         /* CRC-32C of the bytes; 0 for kinds without bytes */
};
#define CKPT_EXTENT_FIELDS(F) F(address) F(length) F(file_offset) F(kind) F(crc)
CKPT_ASSERT_SIZE(ckpt_extent, 32);
CKPT_ASSERT_LAST(ckpt_extent, crc);

#define CKPT_EXTENT_PRIVATE 1    /* bytes of anonymous pages, or of file pages that the program has written */
#define CKPT_EXTENT_FILE 2       /* bytes as they stand in the mapped file */
#define CKPT_EXTENT_GUARD 3      /* MADV_GUARD_INSTALL: touching it is SIGSEGV */
#define CKPT_EXTENT_BEYOND_EOF 4 /* pages of a file mapping behind the file's end: touching them is SIGBUS */

/* A file that exists only in memory (memfd_create; since version 3 also System V shared memory, which then has a ckpt_segment, and
 * deleted files that are mapped shared), with all that refers to it: descriptions of kind CKPT_FILE_MEMFD by `object`, mappings by
 * share_id. Those mappings have extents only for what is their own: guards, and in private ones the
 * pages that the program has written, pages of zeros included. Everything else that they show is the file's. */
struct ckpt_memory_file {
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint64_t size;         /* bytes, st_size; whole pages when the file could be seen through its mappings only */
    uint32_t seals;        /* fcntl(F_GET_SEALS); 0 when the file could be seen through its mappings only */
    uint32_t mode;         /* st_mode; 0 as above */
    struct ckpt_string name; /* what memfd_create was given */
    uint64_t first_extent; /* index into FILE_EXTENTS */
    uint64_t extent_count;
    uint64_t reserved;
};
#define CKPT_MEMORY_FILE_FIELDS(F)                                                                             \
    F(inode) F(dev_major) F(dev_minor) F(size) F(seals) F(mode) F(name) F(first_extent) F(extent_count) F(reserved)
CKPT_ASSERT_SIZE(ckpt_memory_file, 64);
CKPT_ASSERT_LAST(ckpt_memory_file, reserved);

struct ckpt_file_extent { /* bytes of a memory file; what no extent covers is a hole */
    uint64_t offset;      /* bytes into the file, page aligned */
    uint64_t length;      /* bytes, page aligned, not zero; the last page of the file may reach behind its end */
    uint64_t file_offset; /* bytes from the checkpoint's start, page aligned */
    uint32_t crc;         /* CRC-32C of the bytes */
    uint32_t reserved;
};
#define CKPT_FILE_EXTENT_FIELDS(F) F(offset) F(length) F(file_offset) F(crc) F(reserved)
CKPT_ASSERT_SIZE(ckpt_file_extent, 32);
CKPT_ASSERT_LAST(ckpt_file_extent, reserved);

/* A memory file that is a System V shared memory segment which the program has attached: what shmctl(IPC_STAT) told. */
struct ckpt_segment {     /* since version 3 */
    uint32_t memory_file; /* index into MEMORY_FILES; ascending */
    int32_t id;           /* shmid */
    int32_t key;          /* as it was made with, also when it is marked to be destroyed */
    uint32_t mode;        /* shm_perm.mode, permissions only */
    uint32_t uid, gid;    /* owner */
    uint32_t creator_uid, creator_gid;
    uint64_t size;        /* bytes, shm_segsz */
    uint64_t changed_s;   /* shm_ctime: made or changed by IPC_SET, seconds of CLOCK_REALTIME */
    uint32_t flags;       /* CKPT_SEGMENT_* */
    uint32_t reserved;
};
#define CKPT_SEGMENT_FIELDS(F)                                                                                 \
    F(memory_file) F(id) F(key) F(mode) F(uid) F(gid) F(creator_uid) F(creator_gid) F(size) F(changed_s) F(flags) F(reserved)
CKPT_ASSERT_SIZE(ckpt_segment, 56);
CKPT_ASSERT_LAST(ckpt_segment, reserved);

#define CKPT_SEGMENT_DESTROYED 0x1u /* marked to be destroyed (IPC_RMID): it lives as long as it is attached */

/* What the kernel would undo at the program's end (SEM_UNDO), for one semaphore. */
struct ckpt_semaphore { /* since version 3 */
    int32_t set;        /* semid */
    int32_t key;        /* of the set */
    uint32_t count;     /* semaphores in the set */
    uint32_t creator_uid;
    uint32_t number;    /* which of them */
    int32_t adjustment; /* added to its value at the program's end; not 0 */
    uint64_t changed_s; /* sem_ctime: made or changed by semctl (IPC_SET, SETVAL, SETALL), seconds of CLOCK_REALTIME */
    struct ckpt_string boot; /* /proc/sys/kernel/random/boot_id, or empty: a set does not outlive the machine's run */
    uint32_t ipc_namespace;  /* inode of /proc/PID/ns/ipc of the program; 0: not known */
    uint32_t reserved;
};
#define CKPT_SEMAPHORE_FIELDS(F)                                                                               \
    F(set) F(key) F(count) F(creator_uid) F(number) F(adjustment) F(changed_s) F(boot) F(ipc_namespace) F(reserved)
CKPT_ASSERT_SIZE(ckpt_semaphore, 48);
CKPT_ASSERT_LAST(ckpt_semaphore, reserved);

/* ---- descriptors ---- */
struct ckpt_descriptor {
    int32_t fd;
    uint32_t description; /* index into DESCRIPTIONS; equal for dup'ed descriptors */
    uint32_t flags;       /* FD_CLOEXEC 1 */
    uint32_t reserved;
};
#define CKPT_DESCRIPTOR_FIELDS(F) F(fd) F(description) F(flags) F(reserved)
CKPT_ASSERT_SIZE(ckpt_descriptor, 16);
CKPT_ASSERT_LAST(ckpt_descriptor, reserved);

struct ckpt_description {
    uint32_t kind;       /* CKPT_FILE_* */
    uint32_t flags;      /* CKPT_DESCRIPTION_* */
    uint32_t open_flags; /* F_GETFL bits incl. access mode; O_CLOEXEC: opened with it, which F_GETFL tells for good */
    uint32_t mode;       /* st_mode */
    uint64_t offset;     /* file position, bytes (or directory cookie) */
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t rdev_major; /* of devices */
    uint32_t rdev_minor;
    uint64_t size;       /* st_size */
    uint64_t mtime_ns;
    struct ckpt_string path; /* /proc/PID/fd/N link text, " (deleted)" removed */
    uint64_t data_offset;    /* CKPT_FILE_DELETED: contents in the data area, page aligned; 0 is none */
    uint64_t data_size;      /* bytes */
    uint64_t values[4];      /* eventfd: count, 1 when semaphore; signalfd: mask; timerfd: clock, settime flags,
                                remaining ns, interval ns */
    uint64_t value_extra;    /* timerfd: expirations not read yet; of one set to a moment of CLOCK_REALTIME or its alarm clock the
                                time of the next one stands in offset, nanoseconds, since version 3 */
    uint32_t object;         /* CKPT_FILE_PIPE, _FIFO: index into PIPES; CKPT_FILE_MEMFD: MEMORY_FILES; CKPT_FILE_SOCKET: SOCKETS */
    uint32_t data_crc;       /* CRC-32C of the data_size bytes, set by capture */
};
#define CKPT_DESCRIPTION_FIELDS(F)                                                                             \
    F(kind) F(flags) F(open_flags) F(mode) F(offset) F(inode) F(dev_major) F(dev_minor) F(rdev_major)          \
    F(rdev_minor) F(size) F(mtime_ns) F(path) F(data_offset) F(data_size) F(values) F(value_extra) F(object)   \
    F(data_crc)
CKPT_ASSERT_SIZE(ckpt_description, 136);
CKPT_ASSERT_LAST(ckpt_description, data_crc);

#define CKPT_FILE_REGULAR 1
#define CKPT_FILE_DIRECTORY 2
#define CKPT_FILE_DELETED 3   /* regular file without a name: contents are stored */
#define CKPT_FILE_DEVICE 4    /* null, zero, full, random, urandom: reopened by path */
#define CKPT_FILE_TERMINAL 5
#define CKPT_FILE_PIPE 6      /* anonymous pipe; see CKPT_DESCRIPTION_OUTSIDE */
#define CKPT_FILE_EVENTFD 7
#define CKPT_FILE_EPOLL 8
#define CKPT_FILE_TIMERFD 9
#define CKPT_FILE_SIGNALFD 10
#define CKPT_FILE_OUTSIDE 11  /* anything else at 0, 1 or 2 that came from outside (socket, FIFO, device): the launch's own */
#define CKPT_FILE_MEMFD 12    /* since version 2 */
#define CKPT_FILE_SOCKET 13   /* since version 3 */

#define CKPT_FILE_INOTIFY 20  /* since version 3 */
#define CKPT_FILE_PIDFD 21    /* of the process itself; since version 3 */
#define CKPT_FILE_QUEUE 22    /* POSIX message queue, reopened by its name; since version 3 */
#define CKPT_FILE_OWN_PROC 23 /* file or directory of the process itself in /proc; path begins with /proc/self/; since version 3 */
#define CKPT_FILE_FIFO 30     /* named pipe, opened by path; object: PIPES, where data is what only the program could read; since
                                 version 3 */

#define CKPT_DESCRIPTION_INHERITED 0x1u /* known to have been inherited when ckpt started the program */
#define CKPT_DESCRIPTION_OUTSIDE 0x2u   /* pipe with an end in another process */

struct ckpt_pipe {
    uint64_t inode;
    uint32_t capacity;    /* F_GETPIPE_SZ, bytes */
    uint32_t flags;       /* 1: packet mode (O_DIRECT) at the writing end */
    uint64_t data_offset; /* bytes in flight in the data area, page aligned; 0 is none */
    uint64_t data_size;
    uint32_t packet_count; /* not 0: the data starts with that many uint32_t lengths, then the bytes */
    uint32_t data_crc;    /* CRC-32C of the bytes in flight */
};
#define CKPT_PIPE_FIELDS(F) F(inode) F(capacity) F(flags) F(data_offset) F(data_size) F(packet_count) F(data_crc)
CKPT_ASSERT_SIZE(ckpt_pipe, 40);
CKPT_ASSERT_LAST(ckpt_pipe, data_crc);

/* A socket that a launch makes again. Addresses are what getsockname(2) and getpeername(2) gave: struct sockaddr_in,
 * sockaddr_in6, or sockaddr_un as far as the name goes; empty: none. */
struct ckpt_socket {
    uint64_t inode;
    uint32_t family;      /* AF_*, socket(7) */
    uint32_t type;        /* SOCK_* */
    uint32_t protocol;    /* IPPROTO_*; 0 for AF_UNIX */
    uint32_t state;       /* CKPT_SOCKET_* */
    uint32_t flags;       /* CKPT_SOCKET_FLAG_* */
    uint32_t backlog;     /* CKPT_SOCKET_LISTENING: connections that may wait */
    uint32_t shutdown;    /* 1: receives no more, 2: sends no more */
    uint32_t peer;        /* CKPT_SOCKET_PAIRED: index of the other end in SOCKETS; else 0 */
    struct ckpt_string local;     /* AF_UNIX with a path: the file's name by now, if it was renamed in its directory */
    struct ckpt_string remote;    /* CKPT_SOCKET_CONNECTED: where to; CKPT_SOCKET_RESET: where to, for information */
    struct ckpt_string directory; /* AF_UNIX, name with a relative path: the working directory that it counts from */
    uint64_t data_offset; /* what waits to be received, in the data area, page aligned; 0 is none */
    uint64_t data_size;
    uint32_t packet_count; /* not 0: the data starts with that many uint32_t lengths, then the bytes */
    uint32_t data_crc;    /* CRC-32C of the data_size bytes */
    uint32_t file_mode;   /* AF_UNIX with a path: st_mode of the socket file; 0: it is not in that directory any more */
    uint32_t option_count;
    uint64_t first_option; /* index into SOCKET_OPTIONS */
    uint64_t reserved;
};
#define CKPT_SOCKET_FIELDS(F)                                                                                  \
    F(inode) F(family) F(type) F(protocol) F(state) F(flags) F(backlog) F(shutdown) F(peer) F(local) F(remote)  \
    F(directory) F(data_offset) F(data_size) F(packet_count) F(data_crc) F(file_mode) F(option_count)          \
    F(first_option) F(reserved)
CKPT_ASSERT_SIZE(ckpt_socket, 112);
CKPT_ASSERT_LAST(ckpt_socket, reserved);

#define CKPT_SOCKET_OPEN 1      /* neither listens nor is connected; bound when it has a local address */
#define CKPT_SOCKET_LISTENING 2
#define CKPT_SOCKET_CONNECTED 3 /* of datagrams: connected to an address */
#define CKPT_SOCKET_PAIRED 4    /* AF_UNIX: the other end is the program's, too */
#define CKPT_SOCKET_ORPHANED 5  /* AF_UNIX: the other end is closed */
#define CKPT_SOCKET_RESET 6     /* TCP: had a connection that is dead */

#define CKPT_SOCKET_FLAG_ERROR 0x1u   /* the next call reports that the connection is gone (ECONNRESET) */
#define CKPT_SOCKET_FLAG_CLOSED 0x2u  /* the connection lived; --allow says that a launch finds it dead */

struct ckpt_socket_option { /* an option that differs from a fresh socket's, or from those of other machines, as setsockopt(2)
                               takes it */
    uint32_t level;
    uint32_t name;
    uint32_t size;  /* bytes of value */
    uint32_t flags; /* CKPT_SOCKET_OPTION_* */
    struct ckpt_string label; /* like "SO_REUSEADDR" */
    uint8_t value[40];
};
#define CKPT_SOCKET_OPTION_FIELDS(F) F(level) F(name) F(size) F(flags) F(label) F(value)
CKPT_ASSERT_SIZE(ckpt_socket_option, 64);
CKPT_ASSERT_LAST(ckpt_socket_option, value);

#define CKPT_SOCKET_OPTION_DETAIL 0x1u /* speed or convenience: a launch that may not set it goes on and says so */

struct ckpt_epoll_item {
    uint32_t description; /* the epoll instance, index into DESCRIPTIONS */
    int32_t fd;           /* watched descriptor */
    uint32_t events;      /* EPOLL* with EPOLLET and others */
    uint32_t reserved;
    uint64_t data;        /* epoll_data */
};
#define CKPT_EPOLL_ITEM_FIELDS(F) F(description) F(fd) F(events) F(reserved) F(data)
CKPT_ASSERT_SIZE(ckpt_epoll_item, 24);
CKPT_ASSERT_LAST(ckpt_epoll_item, data);

struct ckpt_watch {       /* since version 3 */
    uint32_t description; /* the inotify instance, index into DESCRIPTIONS */
    int32_t number;       /* watch descriptor, from 1 */
    uint32_t mask;        /* IN_* */
    uint32_t reserved;
    struct ckpt_string path; /* by which it was found */
};
#define CKPT_WATCH_FIELDS(F) F(description) F(number) F(mask) F(reserved) F(path)
CKPT_ASSERT_SIZE(ckpt_watch, 24);
CKPT_ASSERT_LAST(ckpt_watch, path);

struct ckpt_file_lock { /* since version 3 */
    uint32_t description; /* through which it was taken, index into DESCRIPTIONS */
    uint32_t kind;        /* CKPT_LOCK_* */
    uint32_t exclusive;   /* 0 shared (read), 1 exclusive (write) */
    uint32_t reserved;
    uint64_t start;       /* bytes into the file; of FLOCK 0 */
    uint64_t length;      /* bytes; 0: to the end, wherever that is */
};
#define CKPT_FILE_LOCK_FIELDS(F) F(description) F(kind) F(exclusive) F(reserved) F(start) F(length)
CKPT_ASSERT_SIZE(ckpt_file_lock, 32);
CKPT_ASSERT_LAST(ckpt_file_lock, length);

#define CKPT_LOCK_FLOCK 1       /* flock(2) */
#define CKPT_LOCK_PROCESS 2     /* fcntl(F_SETLK): of the process */
#define CKPT_LOCK_DESCRIPTION 3 /* fcntl(F_OFD_SETLK): of the open file description */

/* Who gets the signals of a description: fcntl(2), F_SETOWN_EX, F_SETSIG. O_ASYNC is among its open_flags. */
struct ckpt_file_owner { /* since version 3 */
    uint32_t description; /* index into DESCRIPTIONS */
    uint32_t kind;        /* CKPT_OWNER_* */
    uint32_t tid;         /* CKPT_OWNER_THREAD: own_tid; else 0 */
    uint32_t signal;      /* F_GETSIG; 0: SIGIO */
};
#define CKPT_FILE_OWNER_FIELDS(F) F(description) F(kind) F(tid) F(signal)
CKPT_ASSERT_SIZE(ckpt_file_owner, 16);
CKPT_ASSERT_LAST(ckpt_file_owner, signal);

#define CKPT_OWNER_THREAD 0  /* F_OWNER_* of fcntl(2) */
#define CKPT_OWNER_PROCESS 1 /* the program itself */
#define CKPT_OWNER_GROUP 2   /* its process group */
#define CKPT_OWNER_NOBODY 3  /* only the signal is set */

/* A terminal that the program had open: struct termios and struct winsize of the kernel, asm-generic/termbits.h. */
struct ckpt_terminal {      /* since version 3 */
    uint32_t description;   /* index into DESCRIPTIONS */
    uint32_t flags;         /* CKPT_TERMINAL_* */
    uint32_t input_flags;   /* c_iflag */
    uint32_t output_flags;  /* c_oflag */
    uint32_t control_flags; /* c_cflag, for information */
    uint32_t local_flags;   /* c_lflag */
    uint8_t line;           /* c_line */
    uint8_t characters[19]; /* c_cc */
    uint16_t rows;          /* 0: not known */
    uint16_t columns;
    uint32_t device_major;  /* of the terminal itself, also where /dev/tty was opened */
    uint32_t device_minor;
    uint32_t reserved;
};
#define CKPT_TERMINAL_FIELDS(F)                                                                                \
    F(description) F(flags) F(input_flags) F(output_flags) F(control_flags) F(local_flags) F(line)             \
    F(characters) F(rows) F(columns) F(device_major) F(device_minor) F(reserved)
CKPT_ASSERT_SIZE(ckpt_terminal, 60);
CKPT_ASSERT_LAST(ckpt_terminal, reserved);

#define CKPT_TERMINAL_CONTROLLING 0x1u /* of the program's session */
#define CKPT_TERMINAL_FOREGROUND 0x2u  /* and the program was in its foreground, so that the modes are its own */

/* ---- signals ---- */
struct ckpt_signal_action {
    uint32_t signal;
    uint32_t reserved;
    uint64_t handler; /* struct kernel_sigaction, rt_sigaction(2) raw: 0 SIG_DFL, 1 SIG_IGN */
    uint64_t flags;   /* SA_* with SA_RESTORER 0x04000000 */
    uint64_t restorer;
    uint64_t mask;
};
#define CKPT_SIGNAL_ACTION_FIELDS(F) F(signal) F(reserved) F(handler) F(flags) F(restorer) F(mask)
CKPT_ASSERT_SIZE(ckpt_signal_action, 40);
CKPT_ASSERT_LAST(ckpt_signal_action, mask);

struct ckpt_pending_signal {
    uint32_t tid;  /* own_tid of the thread; 0: pending for the process */
    uint32_t signal;
    uint8_t info[128]; /* siginfo_t as PTRACE_PEEKSIGINFO gave it */
};
#define CKPT_PENDING_SIGNAL_FIELDS(F) F(tid) F(signal) F(info)
CKPT_ASSERT_SIZE(ckpt_pending_signal, 136);
CKPT_ASSERT_LAST(ckpt_pending_signal, info);

/* What timer_create(2) has made. Since version 3. */
struct ckpt_posix_timer {
    int32_t id;           /* as the kernel numbers them, not below 0 */
    int32_t clock;        /* clockid_t; of the CPU-time clocks (below 0) the three low bits alone */
    uint32_t clock_tid;   /* own_tid of the thread whose time a CPU-time clock counts, own_pid for that of the process; else 0 */
    uint32_t notify;      /* SIGEV_SIGNAL 0, SIGEV_NONE 1, SIGEV_THREAD 2, SIGEV_THREAD_ID 4 */
    uint32_t signal;      /* 1 to 64, of SIGEV_NONE anything */
    uint32_t tid;         /* own_tid of the thread that SIGEV_THREAD_ID names; else 0 */
    uint64_t value;       /* sigev_value */
    uint64_t interval_ns;
    uint64_t remaining_ns;/* 0: it does not run. When its signal is pending, until the end of the interval after it */
};
#define CKPT_POSIX_TIMER_FIELDS(F)                                                                             \
    F(id) F(clock) F(clock_tid) F(notify) F(signal) F(tid) F(value) F(interval_ns) F(remaining_ns)
CKPT_ASSERT_SIZE(ckpt_posix_timer, 48);
CKPT_ASSERT_LAST(ckpt_posix_timer, remaining_ns);

/* ---- inputs ---- */

/* A file whose state the program has seen before the capture. What it has made itself is none, nor are /proc, /dev, /sys, pipes,
 * sockets and memfds. All fields are those of the capture, which are those of the program's first look but for what it has changed
 * itself. Since version 4. */
struct ckpt_input {
    struct ckpt_string path; /* absolute, as the program's name space shows it, dots and links as the program gave them */
    uint32_t kind;           /* CKPT_INPUT_* */
    uint32_t mode;           /* st_mode; 0 of a missing one */
    uint64_t size;           /* bytes */
    uint64_t inode;
    int64_t mtime_ns;        /* since the epoch */
    int64_t ctime_ns;
    struct ckpt_string target; /* CKPT_INPUT_LINK: what readlink(2) said; else empty */
    uint64_t reserved;
};
#define CKPT_INPUT_FIELDS(F)                                                                                   \
    F(path) F(kind) F(mode) F(size) F(inode) F(mtime_ns) F(ctime_ns) F(target) F(reserved)
CKPT_ASSERT_SIZE(ckpt_input, 64);
CKPT_ASSERT_LAST(ckpt_input, reserved);

#define CKPT_INPUT_FILE 1      /* regular file whose content was or may have been read (opened, mapped, executed) */
#define CKPT_INPUT_STATUS 2    /* asked for only (stat, access): its kind, and of a regular file size and time */
#define CKPT_INPUT_DIRECTORY 3 /* whose entries were read */
#define CKPT_INPUT_LINK 4      /* whose target was read (readlink), or its own status (lstat); the other fields are the link's */
#define CKPT_INPUT_MISSING 5   /* looked for and not found (ENOENT, ENOTDIR) */

#define CKPT_INPUTS_NONE 0   /* not asked for; there is no INPUTS */
#define CKPT_INPUTS_MAPPED 1 /* what was mapped or open for reading at the capture */
#define CKPT_INPUTS_TRACED 2 /* every call of the program and its children that looked at a file */

/* ---- processor ---- */
struct ckpt_cpu {
    uint8_t vendor[16];      /* CPUID 0, zero padded */
    uint8_t model[48];       /* CPUID 0x80000002..4 */
    uint64_t xcr0;           /* xgetbv(0) */
    uint32_t xsave_size;     /* CPUID 0xD.0 EBX: bytes for the enabled components, standard format */
    uint32_t xsavec_size;    /* CPUID 0xD.1 EBX: compacted; 0 without XSAVEC */
    uint32_t min_sigstack;   /* AT_MINSIGSTKSZ */
    uint32_t reserved;
};
#define CKPT_CPU_FIELDS(F) F(vendor) F(model) F(xcr0) F(xsave_size) F(xsavec_size) F(min_sigstack) F(reserved)
CKPT_ASSERT_SIZE(ckpt_cpu, 88);
CKPT_ASSERT_LAST(ckpt_cpu, reserved);

/* Leaves 1, 7.0, 7.1, 0xD.0, 0xD.1, 0xD.2 to 0xD.63 that exist, 0x14.0, 0x19.0, 0x1D, 0x1E, 0x24.0, 0x80000001,
 * 0x80000007, 0x80000008, as far as the processor has them. */
struct ckpt_cpuid {
    uint32_t leaf;
    uint32_t subleaf;
    uint32_t eax, ebx, ecx, edx;
};
#define CKPT_CPUID_FIELDS(F) F(leaf) F(subleaf) F(eax) F(ebx) F(ecx) F(edx)
CKPT_ASSERT_SIZE(ckpt_cpuid, 24);
CKPT_ASSERT_LAST(ckpt_cpuid, edx);

#endif
