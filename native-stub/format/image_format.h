/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image format, version 2: the plan that `undump` writes into an image and that the restore stub carries out.
 * This header is the only place that states the layout; the Java constants are generated from it.
 *
 * The file is an ELF executable (ET_EXEC):
 *
 *   0               ELF header, program headers, build-id note
 *                   stub text and read-only data       PT_LOAD R E   -> slot
 *                   stub data                           PT_LOAD RW    -> behind the text
 *                   page data, each piece page aligned  mapped or read by the stub, not by the loader
 *                   plan: image_plan, tables, strings   PT_LOAD R     -> slot + undump_plan
 *                   thread blocks                       PT_LOAD RW    -> behind the plan, page aligned
 *                   header and index of the checkpoint  for inspect, not loaded
 *                   section names and headers           for readelf, objdump, gdb
 *                   of a tuned image: plan, thread blocks, image_untuned, names and headers once more; these count
 *
 * Address space while the stub works: everything of its own lies in the slot, IMAGE_SLOT_SIZE bytes that the planner
 * proved free of the program's mappings, below IMAGE_SLOT_LIMIT, where the kernel never places stack or vdso.
 *
 *   slot                      stub text, stub data and bss, plan, thread blocks
 *   slot + IMAGE_DONE_BITS    one bit per lazy page, set when it is anonymous by now; stays after the launch
 *   slot + IMAGE_RESIDENT     struct image_resident: what the handler of intercepted calls knows; stays after the launch
 *   slot + IMAGE_PARK_VDSO    where [vvar], [vvar_vclock] and [vdso] wait while the space is cleared
 *   slot + IMAGE_PARK_STACK   where the launch's arguments and environment are kept (for /proc/self/cmdline)
 *   slot + IMAGE_SLOT_SIZE    directly below: the changed environment, when the plan changes it; stays after the launch
 *
 * "Plan offset" means bytes from the start of struct image_plan, "image offset" bytes from the start of the file.
 * A table is (plan offset, count). A string is a plan offset of zero-terminated bytes; 0 is none.
 * All numbers are little-endian and naturally aligned; reserved fields are zero. The stub distrusts every number.
 */
#ifndef UNDUMP_IMAGE_FORMAT_H
#define UNDUMP_IMAGE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_MAGIC_U64 UINT64_C(0x4d49504d55444e55) /* "UNDUMPIM" */
#define IMAGE_VERSION 2
#define IMAGE_SLOT_SIZE UINT64_C(0x40000000)   /* 1 GiB */
#define IMAGE_SLOT_LIMIT UINT64_C(0x100000000000) /* 16 TiB: mmap_base of the kernel is never below, whatever ulimit -s */
#define IMAGE_PARK_VDSO UINT64_C(0x20000000)
#define IMAGE_PARK_STACK UINT64_C(0x30000000)
#define IMAGE_DONE_BITS UINT64_C(0x18000000)
#define IMAGE_RESIDENT UINT64_C(0x1c000000)
#define IMAGE_DONE_BITS_LIMIT UINT64_C(0x04000000) /* bytes: 2 TiB of lazy memory */
#define IMAGE_ADDRESS_LIMIT UINT64_C(0x7ffffffff000) /* TASK_SIZE of 4-level paging */
#define IMAGE_EXIT_STATUS 125                  /* the stub gave up; one line on stderr says why */
#define IMAGE_UMASK_OF_LAUNCH UINT32_C(0xffffffff)

#define IMAGE_HEAD_BYTES 4096

#define IMAGE_ASSERT_SIZE(type, bytes) _Static_assert(sizeof(struct type) == (bytes), "size of " #type)
#define IMAGE_ASSERT_LAST(type, field)                                                                       \
    _Static_assert(offsetof(struct type, field) + sizeof(((struct type *)0)->field) == sizeof(struct type), \
                   "last field of " #type)

struct image_table {
    uint64_t offset; /* plan offset, 8-byte aligned */
    uint64_t count;  /* records */
};
#define IMAGE_TABLE_FIELDS(F) F(offset) F(count)
IMAGE_ASSERT_SIZE(image_table, 16);

/* ---- what the launching machine must have ---- */
struct image_cpu_feature {
    uint32_t leaf; /* CPUID; sorted by leaf, subleaf so that each is asked once */
    uint32_t subleaf;
    uint32_t reg;  /* 0 eax, 1 ebx, 2 ecx, 3 edx */
    uint32_t mask; /* the bits that must be set */
    uint64_t name; /* string, like "avx512f" */
};
#define IMAGE_CPU_FEATURE_FIELDS(F) F(leaf) F(subleaf) F(reg) F(mask) F(name)
IMAGE_ASSERT_SIZE(image_cpu_feature, 24);
IMAGE_ASSERT_LAST(image_cpu_feature, name);

/* Place of an xsave component in the threads' frames as captured; the stub moves components when CPUID 0xD of the
 * launching machine says another place. Only components 3 and up that some thread uses are listed. */
struct image_xstate_component {
    uint32_t number;
    uint32_t offset; /* bytes in the standard format */
    uint32_t size;
    uint32_t reserved;
};
#define IMAGE_XSTATE_COMPONENT_FIELDS(F) F(number) F(offset) F(size) F(reserved)
IMAGE_ASSERT_SIZE(image_xstate_component, 16);
IMAGE_ASSERT_LAST(image_xstate_component, reserved);

/* ---- memory, in order ---- */
struct image_memory_op {
    uint32_t kind;       /* IMAGE_MEMORY_* */
    uint32_t protection; /* PROT_* */
    uint64_t address;    /* page aligned, outside the slot */
    uint64_t length;     /* bytes, page aligned, not zero */
    uint64_t offset;     /* image offset, or offset in the shared object or file */
    uint32_t flags;      /* further MAP_* bits such as MAP_NORESERVE, MAP_GROWSDOWN; 0 for others */
    uint32_t argument;   /* advice, mlock2 flags, table index */
    uint32_t optional;   /* 1: a failure is a detail lost, not an error */
    uint32_t reserved;
};
#define IMAGE_MEMORY_OP_FIELDS(F)                                                                              \
    F(kind) F(protection) F(address) F(length) F(offset) F(flags) F(argument) F(optional) F(reserved)
IMAGE_ASSERT_SIZE(image_memory_op, 48);
IMAGE_ASSERT_LAST(image_memory_op, reserved);

#define IMAGE_MEMORY_ANONYMOUS 1     /* mmap(MAP_FIXED | MAP_PRIVATE | MAP_ANONYMOUS | flags) */
#define IMAGE_MEMORY_SHARED 2        /* mmap(MAP_FIXED | MAP_SHARED | MAP_ANONYMOUS | flags) */
#define IMAGE_MEMORY_IMAGE 3         /* mmap(MAP_FIXED | MAP_PRIVATE | flags) of the image at offset; behind its end: SIGBUS */
#define IMAGE_MEMORY_READ 4          /* length bytes of the image at offset read to address, which is writable now */
#define IMAGE_MEMORY_PROTECT 5       /* mprotect */
#define IMAGE_MEMORY_ADVISE 6        /* madvise(argument) */
#define IMAGE_MEMORY_LOCK 7          /* mlock2(argument) */
#define IMAGE_MEMORY_SEAL 8          /* mseal */
#define IMAGE_MEMORY_FILE 9          /* mmap(MAP_FIXED | MAP_SHARED) of mapped_files[argument] at offset */
#define IMAGE_MEMORY_OBJECT 10       /* memfd of length bytes becomes the current shared object (address is 0) */
#define IMAGE_MEMORY_OBJECT_MAP 11   /* mmap(MAP_FIXED | MAP_SHARED) of the current shared object at offset */
#define IMAGE_MEMORY_UNMAP 12        /* munmap */
#define IMAGE_MEMORY_NAME 13         /* prctl(PR_SET_VMA_ANON_NAME), offset is the string's plan offset */
#define IMAGE_MEMORY_DROPPABLE 14    /* mmap(MAP_FIXED | MAP_DROPPABLE | MAP_ANONYMOUS); private where unknown */
#define IMAGE_MEMORY_LAZY 15         /* as IMAGE, for memory that was anonymous: lies in a lazy range. Where it is writable the
                                        first page is written at once, so that core dumps contain the mapping (anon_vma) */
#define IMAGE_MEMORY_DESCRIPTOR_MAP 16 /* mmap(MAP_FIXED | flags) of descriptor (int32_t) argument at offset; flags hold MAP_SHARED
                                        or MAP_PRIVATE */
#define IMAGE_MEMORY_SEGMENT 20 /* length bytes from offset of the System V segment that file operation SEGMENT number argument has put
                                        aside (fd IMAGE_ASIDE_FIRST - argument), attached; flags IMAGE_SEGMENT_READ_ONLY */
#define IMAGE_MEMORY_PREFETCH 17     /* posix_fadvise(WILLNEED) of length bytes of the image at offset, unless the last page is in
                                        the page cache already (address is 0) */

#define IMAGE_MEMORY_POLICY 19       /* mbind(argument) with the nodes whose bits are set in offset */

/*
 * Lazy memory: anonymous memory of the program that a launch maps privately from the image instead of reading it.
 * Nothing but time may tell the difference, so the system calls that could (IMAGE_INTERCEPTED_CALLS) are routed at undump
 * time to the stub's `undump_intercept`. Contract of that entry, which is reached by a jump, never by a call:
 *   in   rax number and rdi, rsi, rdx, r10, r8, r9 arguments as at the syscall instruction; r11 the address behind it
 *   out  as the kernel leaves it: rax result, rcx the address behind the instruction, r11 undefined, all others as before;
 *        goes on at that address.
 * r11 - 2 holds a `syscall` instruction (bytes 0f 05): where the site's own was overwritten it has moved, as part of the
 * island, in front of the jump back. A call that the kernel can answer is made by that instruction, so that nothing lies
 * on the stack meanwhile: vfork's child shares it, clone's has another, and madvise may discard it. A call of a number that
 * is not in IMAGE_INTERCEPTED_CALLS goes there at once, and no register but r11 has changed.
 * Otherwise at most IMAGE_INTERCEPT_STACK bytes of the program's stack are used, below the red zone.
 */
#define IMAGE_INTERCEPT_STACK 384
#define IMAGE_INTERCEPTED_CALLS(F) /* numbers of x86-64; a list, not a table of fields */                        \
    F(25) /* mremap */ F(28) /* madvise */ F(440) /* process_madvise */ F(16) /* ioctl: UFFDIO_REGISTER, _MOVE, TIOCGWINSZ */ \
    F(157) /* prctl: PR_SET_VMA, _SECCOMP */ F(329) /* pkey_mprotect */ F(237) /* mbind */ F(317) /* seccomp */  \
    F(161) /* chroot */ F(155) /* pivot_root */ F(165) /* mount */ F(166) /* umount2 */ F(429) /* move_mount */    \
    F(272) /* unshare */ F(308) /* setns */ F(446) /* landlock_restrict_self */

#define IMAGE_LAZY_DONTFORK UINT32_C(0x80000000) /* in flags: MADV_DONTFORK, as V8 has it for its heap */

struct image_lazy_range { /* one mapping of kind LAZY; sorted by address, not overlapping */
    uint64_t address;    /* page aligned */
    uint64_t length;     /* bytes, page aligned */
    uint64_t first_page; /* number of its first bit in the bitmap */
    uint32_t flags;      /* MAP_NORESERVE and IMAGE_LAZY_DONTFORK when the program's mapping had them */
    uint32_t image_page; /* page of the image that it starts with; 0 in the plan, the stub sets it in the resident record */
};
#define IMAGE_LAZY_RANGE_FIELDS(F) F(address) F(length) F(first_page) F(flags) F(image_page)
IMAGE_ASSERT_SIZE(image_lazy_range, 32);
IMAGE_ASSERT_LAST(image_lazy_range, image_page);

/* Made by the stub at launch in fresh memory at slot + IMAGE_RESIDENT. A later capture carries it along as the program's
 * memory; the planner of that one finds it by its magic, takes the image's pages in its ranges for the anonymous memory that
 * they are, and clears `active`: the older handler then lets every call pass. Unless a thread is inside of it, its entry
 * becomes a jump to the newer one, and nobody gets into the older stub any more. */
#define IMAGE_RESIDENT_MAGIC_U64 UINT64_C(0x4e44495345525544) /* "DURESIDN" */
struct image_resident {
    uint64_t magic;        /* IMAGE_RESIDENT_MAGIC_U64 */
    uint64_t active;       /* 1; 0: pass every call, for nothing is lazy any more */
    uint64_t slot;
    uint64_t device_major; /* of the image, as /proc/self/maps tells them */
    uint64_t device_minor;
    uint64_t inode;
    uint64_t range_count;
    uint64_t split_count;  /* mappings that the handler has cut, against vm.max_map_count */
    uint64_t attributes;   /* 1: the program gave lazy memory attributes that a new mapping would lose */
    uint64_t intercept;    /* address of undump_intercept: a later image leads it to its own */
    uint64_t text_end;     /* behind the code that starts at the slot */
    uint64_t stacks_used;  /* bit n: the handler's stack n */
    uint64_t converter;    /* process that makes lazy memory anonymous at the moment; another's after a fork means nobody */
    uint64_t torn;         /* 1: contents are in a copy only, for that moment */
    uint64_t tracer;       /* what process tracer_owner gave to PR_SET_PTRACER */
    uint64_t tracer_owner;
    struct image_lazy_range ranges[];
};
#define IMAGE_RESIDENT_FIELDS(F)                                                                               \
    F(magic) F(active) F(slot) F(device_major) F(device_minor) F(inode) F(range_count) F(split_count)          \
    F(attributes) F(intercept) F(text_end) F(stacks_used) F(converter) F(torn) F(tracer) F(tracer_owner)
IMAGE_ASSERT_SIZE(image_resident, 128);

struct image_mapped_file {
    uint64_t path;  /* string */
    uint64_t size;  /* bytes that the file must at least have */
    uint64_t inode; /* must be the same file; 0: any */
    uint64_t birth_ns; /* when it was made; 0: not known */
    uint32_t open_flags; /* O_RDONLY or O_RDWR */
    int32_t instead; /* what is mapped when it is not there or not as it must be: descriptor put aside by an IMAGE_FILE_MEMFD; 0:
                        nothing is, the launch ends; IMAGE_INSTEAD_BYTES: nothing, for what it covers shows the bytes already */
};
#define IMAGE_MAPPED_FILE_FIELDS(F) F(path) F(size) F(inode) F(birth_ns) F(open_flags) F(instead)
IMAGE_ASSERT_SIZE(image_mapped_file, 40);
IMAGE_ASSERT_LAST(image_mapped_file, instead);

#define IMAGE_INSTEAD_NOTHING 0
#define IMAGE_INSTEAD_BYTES 1

/*
 * ---- inputs: files whose state the program has seen while it was warmed; docs/inputs.md ----
 * Kind of file, permissions, size, times and inode as they were: unchanged. Otherwise a FILE is unchanged if it has that size and
 * digest, a LINK and a DIRECTORY if they have that digest, a STATUS if its mode and, of a regular file, size and mtime are the same.
 * A digest is SHA-256: of a FILE's bytes; of what readlink(2) says of a LINK; of a DIRECTORY the sum modulo 2^256, little-endian, of
 * those of its entries but "." and "..", each of a type byte (d_type 4, 8 or 10, else 0) and the name behind it.
 */
struct image_input {
    uint64_t path;     /* string, absolute */
    uint32_t kind;     /* IMAGE_INPUT_* */
    uint32_t mode;     /* st_mode; MISSING: 0, or of the link at path that leads nowhere */
    uint64_t size;     /* bytes */
    uint64_t inode;
    int64_t mtime_ns;  /* since the epoch, modulo 2^64 */
    int64_t ctime_ns;
    uint8_t digest[32];
};
#define IMAGE_INPUT_FIELDS(F) F(path) F(kind) F(mode) F(size) F(inode) F(mtime_ns) F(ctime_ns) F(digest)
IMAGE_ASSERT_SIZE(image_input, 80);
IMAGE_ASSERT_LAST(image_input, digest);

#define IMAGE_INPUT_FILE 1      /* as CKPT_INPUT_* */
#define IMAGE_INPUT_STATUS 2
#define IMAGE_INPUT_DIRECTORY 3
#define IMAGE_INPUT_LINK 4
#define IMAGE_INPUT_MISSING 5

#define IMAGE_FALLBACK_VARIABLE "UNDUMP_FALLBACK" /* in a fallback's environment: how many images have been left that way */
#define IMAGE_FALLBACK_LIMIT 8                    /* so many in a row lead in a circle */

/* ---- descriptors, in order ---- */
struct image_file_op {
    uint32_t kind;       /* IMAGE_FILE_* */
    int32_t fd;          /* the number that it gets */
    uint32_t open_flags; /* O_*; O_CLOEXEC only for what F_GETFL tells */
    uint32_t close_on_exec; /* 0 or 1 */
    uint64_t path;       /* string */
    uint64_t offset;     /* file position */
    uint64_t values[4];  /* by kind, below */
};
#define IMAGE_FILE_OP_FIELDS(F) F(kind) F(fd) F(open_flags) F(close_on_exec) F(path) F(offset) F(values)
IMAGE_ASSERT_SIZE(image_file_op, 64);
IMAGE_ASSERT_LAST(image_file_op, values);

#define IMAGE_FILE_OPEN 1      /* open(path, open_flags), then lseek(offset); values[0]: S_IFMT bits that it must have; values[1] 1:
                                  in place of something else, so only a regular file is sought in, and no directory is taken
                                  unless values[0] says so */
#define IMAGE_FILE_DUPLICATE 2 /* dup of descriptor values[0] */
#define IMAGE_FILE_INHERIT 3   /* the launch's own, with close_on_exec, and O_NONBLOCK of open_flags when it is a pipe or socket;
                                  values[0] IMAGE_INHERIT_*: what if there is none. Before all steps that make anything */
#define IMAGE_FILE_DELETED 4   /* nameless file; values[0] image offset, values[1] bytes of contents */
#define IMAGE_FILE_PIPE 5      /* fd reads, (int32) values[0] writes, -1 for a closed end; values[1] image offset and values[2] bytes
                                  in flight, values[3] capacity, offset: packets among them as in PIPE_DATA; open_flags of the reading end */
#define IMAGE_FILE_PIPE_WRITER 6 /* follows its PIPE: fd is the writing end; open_flags and close_on_exec of it; no new object */
#define IMAGE_FILE_EVENTFD 7   /* values[0] count, values[1] 1 when semaphore */
#define IMAGE_FILE_EPOLL 8     /* epoll_create1 */
#define IMAGE_FILE_EPOLL_ADD 9 /* fd is the epoll; values[0] watched fd, values[1] events, values[2] data; after all others. offset 1:
                                  what came in the watched one's place may be nothing that can be watched, or closed */
#define IMAGE_FILE_TIMERFD 10  /* values: clock, settime flags, remaining ns, interval ns; offset: expirations not read yet */
#define IMAGE_FILE_SIGNALFD 11 /* values[0] mask */
#define IMAGE_FILE_TERMINAL 12 /* /dev/tty, or a duplicate of the first of 0, 1, 2 that is a terminal */
#define IMAGE_FILE_PIPE_DATA 13 /* after all ends are open: writes values[2] bytes of image offset values[1] into descriptor fd
                                   (packets: values[0] lengths of uint32_t stand first, counted in values[2]) */
#define IMAGE_FILE_CLOSE 14    /* the program finds it closed */
#define IMAGE_FILE_MEMFD 15    /* file in memory of values[0] bytes, named by path, opened to read and write; values[1] st_mode, 0: as
                                  it comes; values[2] seals, set when memory is restored; values[3] n: made only when mapped file
                                  n - 1 cannot be, and so is its MEMFD_DATA, of the same fd */
#define IMAGE_FILE_MEMFD_DATA 16 /* values[2] bytes (whole pages) of image offset values[1] into MEMFD fd at offset values[0] */
#define IMAGE_FILE_MEMFD_OPEN 17 /* the file of descriptor (int32_t) values[0] opened again with open_flags and offset */


/* Sockets. Bytes such as an address or the value of an option stand at plan offset `path`, `offset` of them, with a zero
 * byte behind; addresses are struct sockaddr of the family. Each step but the first works on what a step before has made. */
#define IMAGE_FILE_SOCKET 18   /* socket(values[0] family, values[1] type, values[2] protocol); open_flags */
#define IMAGE_FILE_SOCKET_PAIR 19 /* socketpair(AF_UNIX, values[3] type and IMAGE_PAIR_ERROR); (int32_t) values[0]: the other end, -1: closed when the
                                  values[2] bytes of image offset values[1] (offset: packets among them, as in PIPE_DATA) wait
                                  to be received; open_flags of this end */
#define IMAGE_FILE_SOCKET_END 20 /* follows its PAIR: fd is the other end; open_flags and close_on_exec of it; no new object */
#define IMAGE_FILE_SOCKET_DATA 21 /* sends values[2] bytes of image offset values[1] from fd (values[0]: packets) */
#define IMAGE_FILE_SOCKET_OPTION 22 /* setsockopt(values[0] level, values[1] name); values[2] string: its name, 0: none;
                                  values[3] IMAGE_OPTION_* */
#define IMAGE_FILE_SOCKET_BIND 23 /* bind to an address; values[0] IMAGE_BIND_*; values[1] string: directory for a relative path;
                                  values[2] st_mode that the socket file shall have, 0: it shall be removed again; values[3]
                                  string: the address in words */
#define IMAGE_FILE_SOCKET_CONNECT 24 /* connect, datagrams only, to an address; values[0] string: in words */
#define IMAGE_FILE_SOCKET_LISTEN 25 /* values[0] backlog; values[1] string: the address in words */
#define IMAGE_FILE_SOCKET_SHUTDOWN 26 /* values[0] 1: receives no more, 2: sends no more, 3: both */
#define IMAGE_FILE_SOCKET_RESET 27 /* a TCP socket of family values[0] with a connection that its peer has reset; values[1] 1: that
                                  is still to be reported; open_flags */

#define IMAGE_FILE_FIFO 40 /* opens a named pipe as open_flags say, without waiting for the other end; values[1] image offset and
                              values[2] bytes that wait in it, values[3] capacity, 0: as it is */
#define IMAGE_FILE_PIPE_OPEN 41 /* the pipe of descriptor values[0] opened once more with open_flags */
#define IMAGE_FILE_OWNER 42 /* when threads exist: F_SETOWN_EX of fd, values[0] IMAGE_OWNER_*, values[1] index of the thread;
                               values[2] F_SETSIG; open_flags: O_ASYNC when it is on */

#define IMAGE_INHERIT_ANY 0    /* then it stays closed */
#define IMAGE_INHERIT_NEEDED 1 /* the launch ends with a line; also when it does not give the access mode of open_flags */
#define IMAGE_INHERIT_PIPE 2   /* an end of a pipe, of that access mode, whose other end is closed */

#define IMAGE_OWNER_THREAD 0 /* F_OWNER_* of fcntl(2) */
#define IMAGE_OWNER_PROCESS 1
#define IMAGE_OWNER_GROUP 2
#define IMAGE_OWNER_NOBODY 3 /* only the signal is set */

#define IMAGE_OPTION_NEEDED 0       /* a failure ends the launch */
#define IMAGE_OPTION_DETAIL 1       /* a failure is said */
#define IMAGE_OPTION_UNUSED 2       /* a failure does not matter: nothing is sent or received any more */
#define IMAGE_PAIR_ERROR 0x100u     /* the closed end leaves ECONNRESET behind */
#define IMAGE_BIND_ANY_ADDRESS 0x1u /* where the address does not exist: the port alone */
#define IMAGE_BIND_AUTOMATIC 0x2u   /* when taken: any name that the kernel gives */
#define IMAGE_BIND_OWN_PID 0x4u     /* the path is followed by the launched process's id in decimal; where that cannot be: any name */
#define IMAGE_FILE_LOCK 30 /* after memory, whose making closes files: values[0] IMAGE_LOCK_*, values[1] 1 when exclusive,
                              values[2] first byte, values[3] bytes, 0: to the end */

#define IMAGE_FILE_INOTIFY 31 /* inotify_init1 */
#define IMAGE_FILE_WATCH 32 /* fd is the inotify instance: values[0] becomes the number of a watch on path that reports nothing yet */
#define IMAGE_FILE_WATCH_MASK 33 /* after all WATCH of fd: the watch on path, of number values[0], reports values[1] */
#define IMAGE_FILE_PIDFD 34   /* pidfd_open of this process */
#define IMAGE_FILE_QUEUE 35   /* mq_open of path, "/name" */
#define IMAGE_FILE_EPOLL_SPENT 36 /* as EPOLL_ADD, of an item that has fired under EPOLLONESHOT, before all EPOLL_ADD of fd;
                                     values[3] not 0: descriptor values[3] - 1 writes into the empty pipe that is watched */
#define IMAGE_FILE_TIMERFD_AT 37 /* values: clock, settime flags, next moment in ns, interval ns; offset as of TIMERFD */

#define IMAGE_FILE_SEGMENT 43 /* System V segment put aside as fd: attached if it is there, else made. path: in words; values[0] id in
                                 the low half, key in the high one; values[1] bytes; values[2] shm_ctime; values[3] creator's uid low,
                                 gid high; offset owner's uid low, gid high; open_flags permissions and IMAGE_SEGMENT_* */
#define IMAGE_FILE_SEGMENT_DATA 44 /* values[2] bytes (whole pages) of image offset values[1] into SEGMENT fd at offset values[0], if it
                                 was made */
#define IMAGE_FILE_SEMAPHORE 45 /* fd 0; semaphore number offset of set values[0] (id low, key high) is taken again: int32_t values[1] is
                                 what the kernel adds to it at the program's end (SEM_UNDO), and is taken from it; values[2]
                                 semaphores of the set low, creator's uid high; values[3] its sem_ctime; path: boot_id of the machine's
                                 run, open_flags: inode of the IPC namespace that it was seen in, 0: not known; after memory */

#define IMAGE_SEGMENT_PERMISSIONS 0777u
#define IMAGE_SEGMENT_DESTROYED 0x10000u /* is always made, and marked to be destroyed */
#define IMAGE_SEGMENT_COPY 0x20000u      /* when it is neither there nor can be made: as DESTROYED */
#define IMAGE_SEGMENT_READ_ONLY 0x40000u /* SHM_RDONLY */
#define IMAGE_FILE_TERMINAL_MODES 46 /* before the program goes on: if fd is a terminal, and none was found by an earlier step of the
                                     kind, it gets the modes of the struct image_terminal at plan offset path, of `offset` bytes */

#define IMAGE_LOCK_FLOCK 1
#define IMAGE_LOCK_PROCESS 2
#define IMAGE_LOCK_DESCRIPTION 3

struct image_terminal { /* as in struct termios of the kernel; a bit outside of its mask stays as the launch has it */
    uint32_t input_mask;
    uint32_t input_flags;
    uint32_t output_mask;
    uint32_t output_flags;
    uint32_t local_mask;
    uint32_t local_flags;
    uint32_t set_characters; /* 1: line and characters are set */
    uint8_t line;
    uint8_t characters[19];
    uint16_t rows;    /* that the program knows of: if the launch has others, it gets SIGWINCH */
    uint16_t columns;
    uint32_t redraw;  /* 1: it draws on the terminal: also if they are the same, see IMAGE_INTERCEPTED_CALLS */
};
#define IMAGE_TERMINAL_FIELDS(F)                                                                               \
    F(input_mask) F(input_flags) F(output_mask) F(output_flags) F(local_mask) F(local_flags) F(set_characters) \
    F(line) F(characters) F(rows) F(columns) F(redraw)
IMAGE_ASSERT_SIZE(image_terminal, 56);
IMAGE_ASSERT_LAST(image_terminal, redraw);

/* Memory needs descriptors that the program had not. IMAGE_ASIDE_FIRST - n stands for the n-th of them: made by MEMFD or
 * MEMFD_OPEN under a number that nobody else wants, closed when memory is restored. */
#define IMAGE_ASIDE_FIRST (-2)
#define IMAGE_ASIDE_LIMIT 256

/* ---- what the kernel shows of the process ---- */
struct image_environment_change { /* of /proc/self/environ, which is the launch's otherwise */
    uint64_t text;        /* string: NAME=VALUE, set in place of all of that name; NAME alone: these are left out */
    uint64_t name_length; /* bytes, not 0 */
};
#define IMAGE_ENVIRONMENT_CHANGE_FIELDS(F) F(text) F(name_length)
IMAGE_ASSERT_SIZE(image_environment_change, 16);
IMAGE_ASSERT_LAST(image_environment_change, name_length);

/* ---- signals ---- */
struct image_signal_action { /* argument of rt_sigaction, plus the number */
    uint64_t signal;
    uint64_t handler;
    uint64_t flags;
    uint64_t restorer;
    uint64_t mask;
};
#define IMAGE_SIGNAL_ACTION_FIELDS(F) F(signal) F(handler) F(flags) F(restorer) F(mask)
IMAGE_ASSERT_SIZE(image_signal_action, 40);
IMAGE_ASSERT_LAST(image_signal_action, mask);

struct image_pending_signal {
    uint32_t signal;
    uint32_t timer;    /* 0: info is queued; n: posix_timers[n - 1] fires, whose own signal this is */
    uint8_t info[128]; /* siginfo_t */
};
#define IMAGE_PENDING_SIGNAL_FIELDS(F) F(signal) F(timer) F(info)
IMAGE_ASSERT_SIZE(image_pending_signal, 136);
IMAGE_ASSERT_LAST(image_pending_signal, info);

#define IMAGE_NO_THREAD UINT32_MAX
#define IMAGE_TIMER_ID_LIMIT (1 << 20) /* how far a kernel before 6.16 is led on, which gives the next free id only */

struct image_posix_timer { /* by id */
    int32_t id;
    int32_t clock;         /* clockid_t; of a CPU-time clock the three low bits */
    uint32_t clock_thread; /* index of the thread whose time a CPU-time clock counts (of the first one the process's, as the
                              bits say); IMAGE_NO_THREAD: it is another clock */
    uint32_t thread;       /* index of the thread that gets the signal, with SIGEV_THREAD_ID; else IMAGE_NO_THREAD */
    uint32_t notify;       /* SIGEV_* */
    uint32_t signal;
    uint64_t value;        /* sigev_value */
    uint64_t interval_ns;
    uint64_t remaining_ns; /* 0: it does not run */
    uint32_t fires;        /* 1: a pending signal makes it fire, which starts it, too */
    uint32_t reserved;
};
#define IMAGE_POSIX_TIMER_FIELDS(F)                                                                            \
    F(id) F(clock) F(clock_thread) F(thread) F(notify) F(signal) F(value) F(interval_ns) F(remaining_ns) F(fires) F(reserved)
IMAGE_ASSERT_SIZE(image_posix_timer, 56);
IMAGE_ASSERT_LAST(image_posix_timer, reserved);

/* ---- threads: the first is the leader, the process's main thread ---- */
struct image_thread {
    uint32_t old_tid; /* what tid_patches of 4 bytes find in memory, unless it is somebody else's by now; for messages */
    uint32_t parent_death_signal;
    uint64_t block;   /* plan offset of its image_thread_block */
    uint64_t fs_base;
    uint64_t gs_base;
    uint64_t clear_child_tid;
    uint64_t robust_list; /* 0: none */
    uint64_t robust_list_size;
    uint64_t rseq_address; /* 0: not registered */
    uint32_t rseq_size;
    uint32_t rseq_signature;
    uint32_t policy;       /* sched_setattr; skipped when all as a fresh process has it (scheduling 0) */
    uint32_t policy_flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns;
    uint64_t deadline_ns;
    uint64_t period_ns;
    uint64_t timer_slack_ns; /* 0: leave */
    uint64_t affinity[16];   /* used when set_affinity is 1 */
    uint32_t set_affinity;
    uint32_t set_scheduling;
    uint8_t name[16];
    struct image_table pending; /* image_pending_signal of this thread */
    uint64_t interrupted_rip;   /* where it goes on, with EINTR, if SIGWINCH comes first; 0: its call goes on, or there is none */
    uint64_t rights;            /* plan offset of an image_rights, which threads may share; 0: as the launch's */
};
#define IMAGE_THREAD_FIELDS(F)                                                                                 \
    F(old_tid) F(parent_death_signal) F(block) F(fs_base) F(gs_base) F(clear_child_tid) F(robust_list)         \
    F(robust_list_size) F(rseq_address) F(rseq_size) F(rseq_signature) F(policy) F(policy_flags) F(nice)       \
    F(priority) F(runtime_ns) F(deadline_ns) F(period_ns) F(timer_slack_ns) F(affinity) F(set_affinity)        \
    F(set_scheduling) F(name) F(pending) F(interrupted_rip) F(rights)
IMAGE_ASSERT_SIZE(image_thread, 304);
IMAGE_ASSERT_LAST(image_thread, rights);

/* What a thread is left with: never more than the launch has, and never more than the program had. */
struct image_rights {
    uint64_t inheritable;  /* bit n is capability n */
    uint64_t permitted;
    uint64_t effective;
    uint64_t bounding;
    uint64_t ambient;
    uint64_t needed;       /* capabilities that the program had chosen to keep: a launch that lacks one says so */
    uint32_t securebits;
    uint32_t set_capabilities; /* 0: capabilities and securebits stay as the launch has them */
    uint32_t is_root;      /* 1: the program's effective user was 0 */
    uint32_t no_new_privs;
    uint32_t io_priority;  /* 0: leave */
    uint32_t set_policy;   /* 1: set_mempolicy(policy, policy_nodes) */
    uint32_t policy;
    uint32_t strict;       /* 1: seccomp's strict mode, at the very end */
    uint64_t policy_nodes;
    struct image_table groups;  /* uint32_t; set where the launch may */
    uint64_t set_groups;
    struct image_table filters; /* image_filter, in the order in which they are set, at the very end */
};
#define IMAGE_RIGHTS_FIELDS(F)                                                                                 \
    F(inheritable) F(permitted) F(effective) F(bounding) F(ambient) F(needed) F(securebits)                    \
    F(set_capabilities) F(is_root) F(no_new_privs) F(io_priority) F(set_policy) F(policy) F(strict)            \
    F(policy_nodes) F(groups) F(set_groups) F(filters)
IMAGE_ASSERT_SIZE(image_rights, 128);
IMAGE_ASSERT_LAST(image_rights, filters);

#define IMAGE_GROUPS_LIMIT 65536 /* NGROUPS_MAX */

struct image_filter { /* of seccomp */
    struct image_table instructions; /* struct sock_filter, 8 bytes each */
    uint32_t flags;                  /* SECCOMP_FILTER_FLAG_LOG */
    uint32_t by_prctl;               /* 1: the filters before allow prctl(PR_SET_SECCOMP), not seccomp(2) */
};
#define IMAGE_FILTER_FIELDS(F) F(instructions) F(flags) F(by_prctl)
IMAGE_ASSERT_SIZE(image_filter, 24);
IMAGE_ASSERT_LAST(image_filter, by_prctl);
#define IMAGE_FILTER_LIMIT 4096 /* BPF_MAXINSNS */

/* A system call that cannot simply be made again, because part of its time has passed. The frame then resumes at the
 * stub's `undump_resume_call` with rbx = address of this record and the adjusted arguments in registers; behind the
 * `syscall` that code puts the program's registers back and jumps to return_address. No stack is used. */
struct image_resume_call {
    uint64_t return_address; /* behind the program's syscall instruction */
    uint64_t rdi, rsi, rdx, r10, r8, r9, rbx; /* the program's */
    uint64_t timespec[2];    /* what an adjusted argument points to */
    uint64_t reserved[6];
};
#define IMAGE_RESUME_CALL_FIELDS(F)                                                                            \
    F(return_address) F(rdi) F(rsi) F(rdx) F(r10) F(r8) F(r9) F(rbx) F(timespec) F(reserved)
IMAGE_ASSERT_SIZE(image_resume_call, 128);
IMAGE_ASSERT_LAST(image_resume_call, reserved);

/* Prepared context of a thread, writable, one per thread, page aligned, thread_block_size bytes. */
struct image_signal_frame { /* struct rt_sigframe of arch/x86/include/asm/sigframe.h; rsp is 8 behind its start at rt_sigreturn */
    uint64_t pretcode;
    uint64_t uc_flags; /* UC_FP_XSTATE 1 | UC_SIGCONTEXT_SS 2 | UC_STRICT_RESTORE_SS 4 */
    uint64_t uc_link;
    uint64_t ss_sp;
    uint64_t ss_flags; /* int and padding */
    uint64_t ss_size;
    uint64_t r8, r9, r10, r11, r12, r13, r14, r15, rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip, eflags;
    uint16_t cs, gs, fs, ss;
    uint64_t err, trapno, oldmask, cr2;
    uint64_t fpstate; /* address of the block's xstate */
    uint64_t reserved1[8];
    uint64_t uc_sigmask;
    uint8_t info[128];
};
#define IMAGE_SIGNAL_FRAME_FIELDS(F)                                                                           \
    F(pretcode) F(uc_flags) F(uc_link) F(ss_sp) F(ss_flags) F(ss_size) F(r8) F(r9) F(r10) F(r11) F(r12)        \
    F(r13) F(r14) F(r15) F(rdi) F(rsi) F(rbp) F(rbx) F(rdx) F(rax) F(rcx) F(rsp) F(rip) F(eflags) F(cs) F(gs)  \
    F(fs) F(ss) F(err) F(trapno) F(oldmask) F(cr2) F(fpstate) F(reserved1) F(uc_sigmask) F(info)
IMAGE_ASSERT_SIZE(image_signal_frame, 440);
IMAGE_ASSERT_LAST(image_signal_frame, info);

struct image_thread_block {
    uint8_t stack[1024]; /* room for a stack; the stub uses others, which share pages */
    struct image_resume_call call;
    struct image_signal_frame frame;
    uint8_t padding[456];
    uint8_t xstate[]; /* at 2048: xsave area with struct _fpx_sw_bytes at 464 and FP_XSTATE_MAGIC2 behind it */
};
#define IMAGE_THREAD_BLOCK_FIELDS(F) F(stack) F(call) F(frame) F(padding)
IMAGE_ASSERT_SIZE(image_thread_block, 2048);
#define IMAGE_BLOCK_XSTATE 2048

/* Memory words that hold the id of a thread or of the process: after all threads exist,
 * *address = (*address & keep_mask) | new id of the thread. A register is patched in the frame, inside the blocks. */
struct image_tid_patch {
    uint64_t address;
    uint64_t keep_mask; /* bits of the old word that stay, such as FUTEX_WAITERS */
    uint32_t thread;    /* index into threads; IMAGE_GROUP_ID: the id of the process group */
    uint32_t width;     /* 4 or 8 bytes */
};
#define IMAGE_GROUP_ID (UINT32_MAX - 1)
#define IMAGE_TID_PATCH_FIELDS(F) F(address) F(keep_mask) F(thread) F(width)
IMAGE_ASSERT_SIZE(image_tid_patch, 24);
IMAGE_ASSERT_LAST(image_tid_patch, width);

/* Function of the captured vdso, for trampolines. */
struct image_vdso_symbol {
    uint64_t name;   /* string, "__vdso_clock_gettime" */
    uint64_t offset; /* bytes from the start of the captured vdso */
    uint32_t system_call; /* used when the running vdso lacks the function */
    uint32_t room;   /* bytes up to the next function */
};
#define IMAGE_VDSO_SYMBOL_FIELDS(F) F(name) F(offset) F(system_call) F(room)
IMAGE_ASSERT_SIZE(image_vdso_symbol, 24);
IMAGE_ASSERT_LAST(image_vdso_symbol, room);

/*
 * How a program that asked for its checkpoint (undump.h) hears how it went. It lies in the program's own memory, inside one
 * writable private mapping, and the program waits until `state` is not PENDING. The engine writes state, error and message by
 * /proc/PID/mem when all is done; the stub writes the rest before the program's threads run. The memory of a checkpoint itself
 * says PENDING.
 */
#define IMAGE_LAUNCH_MAGIC_U64 UINT64_C(0x48434e55414c5544) /* "DULAUNCH" */
#define IMAGE_LAUNCH_PENDING 1  /* set by the program before it starts the engine */
#define IMAGE_LAUNCH_SAVED 2    /* by the engine: the checkpoint is complete */
#define IMAGE_LAUNCH_FAILED 3   /* by the engine: error and message say why; nothing was written */
#define IMAGE_LAUNCH_LAUNCHED 4 /* by the stub */
#define IMAGE_LAUNCH_FORKED 5   /* by the engine, in the parent: child is the new process */
#define IMAGE_LAUNCH_CHILD 6    /* by the engine, in the child of undump_fork */
struct image_launch_record {
    uint64_t magic;      /* IMAGE_LAUNCH_MAGIC_U64 */
    uint32_t size;       /* bytes of this struct */
    uint32_t state;      /* IMAGE_LAUNCH_PENDING and so on; a futex(2) word */
    uint64_t cookie;     /* random, made anew for each call: the engine was started for this record */
    int32_t error;       /* negative errno */
    int32_t child;       /* process id, as the parent sees it */
    uint64_t generation; /* launches behind the program: the stub adds one */
    uint64_t arg_start;  /* arguments of the launch, each with a zero byte behind it, as /proc/self/cmdline shows them */
    uint64_t arg_end;
    uint64_t env_start;  /* its environment, likewise */
    uint64_t env_end;
    uint8_t nonce[32];   /* getrandom(2) */
    uint64_t reserved[4];
    uint8_t message[2048];   /* zero-terminated lines */
    uint8_t directory[4096]; /* zero-terminated: the directory that the launch was made in; empty when it has no name */
};
#define IMAGE_LAUNCH_RECORD_FIELDS(F)                                                                          \
    F(magic) F(size) F(state) F(cookie) F(error) F(child) F(generation) F(arg_start) F(arg_end) F(env_start)   \
    F(env_end) F(nonce) F(reserved) F(message) F(directory)
IMAGE_ASSERT_SIZE(image_launch_record, 6280);
IMAGE_ASSERT_LAST(image_launch_record, directory);

/* ---- the plan ---- */
struct image_plan {
    uint64_t magic;      /* IMAGE_MAGIC_U64 */
    uint32_t version;    /* IMAGE_VERSION */
    uint32_t plan_crc;   /* CRC-32C of plan_size bytes from here with this field taken as zero */
    uint64_t plan_size;  /* bytes of plan, tables and strings; page aligned; thread blocks start behind it */
    uint64_t blocks_size;       /* bytes of all thread blocks */
    uint32_t blocks_crc;        /* CRC-32C of the thread blocks as stored */
    uint32_t thread_block_size; /* bytes, page aligned */
    uint64_t image_size;        /* bytes of the whole file; a shorter one is truncated */
    uint8_t image_id[16];       /* from the checkpoint */
    uint64_t id_offset;  /* image offset of a second copy of image_id: the opened file is this image */
    uint64_t slot;       /* address */
    uint32_t min_kernel_major;
    uint32_t min_kernel_minor;
    struct image_table cpu_features;
    struct image_table xstate_components;
    uint64_t xcr0;              /* components that must be enabled */
    uint32_t max_xsave_size;    /* CPUID 0xD.0 EBX must not be larger: resolver trampolines of ld.so reserve that much; 0: any */
    uint32_t max_xsavec_size;   /* the same for CPUID 0xD.1 EBX; 0: any */
    struct image_table file_ops;
    struct image_table mapped_files;
    struct image_table memory_ops;
    struct image_table actions;         /* image_signal_action of all signals that are not SIG_DFL */
    struct image_table pending;         /* pending for the process */
    struct image_table threads;
    struct image_table tid_patches;
    struct image_table vdso_symbols;
    uint64_t vdso_address;  /* captured place; 0: the program had none */
    uint64_t vdso_size;     /* bytes */
    uint64_t vdso_copy;     /* plan offset of the captured vdso, vdso_size bytes, 8-byte aligned */
    uint32_t vdso_trampolines; /* 1: use trampolines even where the running vdso is the same */
    uint32_t umask;         /* IMAGE_UMASK_OF_LAUNCH: stays as it is, for a command */
    uint32_t personality;
    uint32_t dumpable;
    uint32_t no_new_privs;
    uint32_t child_subreaper;
    uint32_t thp_disable;
    uint32_t membarrier;    /* registrations, bits of MEMBARRIER_CMD_REGISTER_* */
    uint64_t working_directory; /* string; a directory that is gone: the launch's, and a line on stderr; 0: the launch's */
    uint64_t start_code, end_code, start_data, end_data, start_brk, brk, start_stack;
    struct image_table auxv;    /* uint64_t pairs, for /proc/self/auxv */
    uint64_t itimer_us[6];      /* ITIMER_REAL, VIRTUAL, PROF: interval, remaining */
    uint64_t rlimits[32];       /* RLIMIT_*: soft, hard */
    uint32_t set_rlimits;       /* bit n: set RLIMIT n */
    uint32_t reserved0;
    uint64_t monotonic_ns;      /* CLOCK_MONOTONIC of the capture; a launch at an earlier one goes into a time namespace; 0: not known */
    struct image_table lazy_ranges; /* image_lazy_range */
    uint64_t coverage;          /* string for inspect: how the sites of intercepted calls were found; 0: nothing is lazy */
    struct image_table posix_timers;
    struct image_table environment; /* image_environment_change */
    uint64_t boottime_ns;       /* the same of CLOCK_BOOTTIME */
    int32_t oom_score_adj;      /* 0: leave */
    uint32_t filtered;          /* 1: some thread gets seccomp filters, which stand in the plan: it stays mapped */
    uint64_t launch_record;     /* address of an image_launch_record in memory that the plan makes; 0: none */
    struct image_table inputs;  /* image_input; none: nothing is checked */
    uint64_t fallback_path;     /* string, absolute: what runs in place of the image when an input has changed; 0 without inputs */
    struct image_table fallback_arguments; /* uint64_t strings; the first one is argv[0] */
    uint32_t fallback_takes_arguments;     /* 1: the launch's, from argv[1] on, follow */
    uint32_t reserved1;
    uint64_t reserved;
};
#define IMAGE_PLAN_FIELDS(F)                                                                                   \
    F(magic) F(version) F(plan_crc) F(plan_size) F(blocks_size) F(blocks_crc) F(thread_block_size)             \
    F(image_size) F(image_id) F(id_offset) F(slot) F(min_kernel_major) F(min_kernel_minor) F(cpu_features)     \
    F(xstate_components) F(xcr0) F(max_xsave_size) F(max_xsavec_size) F(file_ops) F(mapped_files)              \
    F(memory_ops) F(actions) F(pending) F(threads) F(tid_patches) F(vdso_symbols) F(vdso_address)              \
    F(vdso_size) F(vdso_copy) F(vdso_trampolines) F(umask) F(personality) F(dumpable) F(no_new_privs)          \
    F(child_subreaper) F(thp_disable) F(membarrier) F(working_directory) F(start_code) F(end_code)             \
    F(start_data) F(end_data) F(start_brk) F(brk) F(start_stack) F(auxv) F(itimer_us) F(rlimits)               \
    F(set_rlimits) F(reserved0) F(monotonic_ns) F(lazy_ranges) F(coverage) F(posix_timers) \
    F(environment) F(boottime_ns) F(oom_score_adj) F(filtered) F(launch_record)               \
    F(inputs) F(fallback_path) F(fallback_arguments) F(fallback_takes_arguments) F(reserved1) F(reserved)
IMAGE_ASSERT_LAST(image_plan, reserved);

/* ---- tuned images ---- */
/* `undump tune` leaves the untuned image as it is, but for its first page, and puts a plan of its own, thread blocks and section
 * headers behind it; the loader is led there by the new first page. Section .undump.untuned, not loaded, keeps the old one:
 * tuning starts from it each time. */
#define IMAGE_UNTUNED_MAGIC_U64 UINT64_C(0x4e5554444d554455) /* "UDUMDTUN" */
struct image_untuned {
    uint64_t magic;         /* IMAGE_UNTUNED_MAGIC_U64 */
    uint64_t image_size;    /* bytes of the untuned image */
    uint64_t limit_ms;      /* how long the program was observed at most */
    uint64_t read_bytes;    /* what it had mapped of the image by then, in pages that it had not written to */
    uint64_t written_bytes; /* pages that it had written to */
    uint64_t prefetch_bytes;
    uint64_t prefetch_count;
    uint64_t huge_bytes;    /* read into huge pages */
    uint8_t head[IMAGE_HEAD_BYTES];
};
#define IMAGE_UNTUNED_FIELDS(F)                                                                                \
    F(magic) F(image_size) F(limit_ms) F(read_bytes) F(written_bytes) F(prefetch_bytes) F(prefetch_count)      \
    F(huge_bytes) F(head)
IMAGE_ASSERT_SIZE(image_untuned, 64 + IMAGE_HEAD_BYTES);
IMAGE_ASSERT_LAST(image_untuned, head);

#endif
