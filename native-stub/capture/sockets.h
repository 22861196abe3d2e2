/* SPDX-License-Identifier: Apache-2.0 */
#ifndef UNDUMP_CAPTURE_SOCKETS_H
#define UNDUMP_CAPTURE_SOCKETS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "descriptors.h"

/* A socket of the program while it is looked at, through a descriptor of our own for the same open file. */
struct open_socket {
    int descriptor;   /* the program's */
    const char *path; /* socket:[INODE] */
    int fd;           /* ours */
    int family, type, protocol;
};

/* What the kernel tells of an AF_UNIX socket to those who ask by inode (sock_diag(7)). */
struct unix_facts {
    bool known;         /* nothing is, for a socket of a network namespace where we may not go */
    bool has_peer;
    uint32_t peer;      /* inode; 0: closed, or not accepted yet */
    uint32_t file;      /* inode of the socket file; 0: none */
    uint32_t shutdown;  /* as in struct ckpt_socket */
    uint32_t backlog;   /* of a listening one */
};

#define ADDRESS_TEXT 160

/* ---- sockets.c ---- */

/* Fills record for a socket and adds it to SOCKETS; a line for one that cannot be captured. */
int describe_socket(struct capture *capture, const struct open_file *file, struct ckpt_description *record);

/* Joins the two ends of pairs, when all descriptors are known. */
int join_sockets(struct capture *capture);

/* A line that refuses this socket; returns -ENOTSUP. */
int refuse_socket(struct capture *capture, const struct open_socket *socket, const char *what, const char *advice);

/* ---- socket_names.c ---- */

/* Writes an address like 127.0.0.1:80, [::]:80, /run/x or @name into text. */
void address_text(const struct sockaddr *address, size_t length, char text[ADDRESS_TEXT]);

/* What a socket is called that is not captured, such as "a netlink socket (NETLINK_ROUTE)"; NULL for those that are. */
const char *uncommon_socket(const struct open_socket *socket, char *text, size_t size);

/* ---- socket_files.c ---- */

/* Notes the mode of the file of a socket that was bound to a path, 0 when it is not there any more, and the directory that a
 * relative path counts from. Of a file that was renamed in its directory, the address becomes that of the name it has now. */
void note_socket_file(struct capture *capture, struct sockaddr_un *address, socklen_t *size, const struct unix_facts *facts,
                      struct ckpt_socket *record);

/* ---- socket_diag.c ---- */

/* A socket in the network namespace of the program, if we may go there, else in ours. Returns it or -errno; it stays the
 * capture's, and nobody changes it. */
int socket_like(struct capture *capture, int family, int type, int protocol);

void release_like_sockets(struct capture *capture);

struct unix_facts ask_unix_socket(struct capture *capture, uint64_t inode);

/* ---- socket_options.c ---- */

/* Adds the options that differ from a fresh socket's to SOCKET_OPTIONS; a line for those that a launch could not set. */
int read_socket_options(struct capture *capture, const struct open_socket *socket, struct ckpt_socket *record);

/* ---- socket_queues.c ---- */

/* Copies what waits to be received, without taking it out. */
int copy_socket_queue(struct capture *capture, const struct open_socket *socket, struct ckpt_socket *record);

#endif
