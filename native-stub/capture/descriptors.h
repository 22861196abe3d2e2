/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_DESCRIPTORS_H
#define UNDUMP_CAPTURE_DESCRIPTORS_H

#include <sys/stat.h>

#include "state.h"

/* What helps with every descriptor that cannot be captured. */
#define FOREIGN_ADVICE "let undump --fd put something in its place by --allow foreign-fd"

/* One open file description of the program, while it is looked at. */
struct open_file {
    int fd;                 /* the lowest descriptor that refers to it */
    uint32_t index;         /* into DESCRIPTIONS */
    bool standard;          /* 0, 1 or 2 refer to it */
    bool deleted;
    char path[PATH_MAX];    /* link text without " (deleted)" */
    struct stat status;
    struct buffer info;     /* fdinfo text */
};

/* Reads all descriptors of the frozen program, with the contents of deleted files and inner pipes. Returns 0, or
 * -errno with a line for each that cannot be captured. */
int read_descriptors(struct capture *capture);

/* ---- descriptions.c ---- */

/* Fills path, status, info and deleted of the file at file->fd. Returns 0 or -errno with a line. */
int read_open_file(struct capture *capture, struct open_file *file);

/* Adds it to DESCRIPTIONS. Returns 0, also when a line says that it cannot be captured, or -errno with a line. */
int add_description(struct capture *capture, struct open_file *file);

/* Says that a descriptor cannot be captured, and returns -ENOTSUP. */
int refuse_file(struct capture *capture, const struct open_file *file, const char *what, const char *advice);

/* ---- regular_files.c ---- */

/* Whether the path leads to this very file, as we see the file system or as the program does. */
bool path_leads_there(const struct capture *capture, const struct open_file *file);

/* They fill kind and object, and may name a file of /proc anew. Return 0 or -ENOTSUP with a line. */
int describe_regular(struct capture *capture, struct open_file *file, struct ckpt_description *record);
int describe_directory(struct capture *capture, struct open_file *file, struct ckpt_description *record);

/* ---- pipes.c ---- */

/* Classifies a pipe and saves its bytes in flight. Fills record->flags, object. */
int describe_pipe(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

/* Saves what is in flight, seen from a reading end. Returns 0 or -errno. */
int save_in_flight(struct capture *capture, int reader, struct ckpt_pipe *pipe);

/* ---- fifos.c ---- */

/* Describes a named pipe, with its bytes in flight when nobody else could read them. */
int describe_fifo(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

/* ---- kernel_files.c: the anon_inode files ---- */

/* Fills kind and values for an eventfd, timerfd, signalfd or epoll instance; -ENOTSUP with a line for others. */
int describe_kernel_file(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

/* Fills them for a POSIX message queue, or refuses it. */
int describe_queue(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

/* ---- terminals.c ---- */

/* Notes the modes and the size of a terminal, or refuses one that is not the program's own. */
int describe_terminal(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

/* ---- kernel_files.c: when all descriptors are known ---- */

/* Looks again at timers that may have expired in the moment of the first look. */
int settle_timers(struct capture *capture);

/* Copies the watch lists of all epoll instances, when all descriptors are known. */
int read_epoll_items(struct capture *capture);

#endif
