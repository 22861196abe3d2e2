/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Undoes what looking at a queue changes of a socket, whatever becomes of us.
 *
 * Behind the first message of a queue only a socket with SO_PEEK_OFF lets anybody look: recvmsg(2) takes no offset, sock_diag(7)
 * tells sizes only, and the option belongs to the socket, which is the program's own. A descriptor of our own does not help, for
 * it leads to the same socket. So a process of its own holds the socket and waits for our end of a pipe to be closed, by us or by
 * our death; then it sets the option back and ends. It is in a session of its own, so that a signal to ckpt's group misses it.
 */
#ifndef UNDUMP_CAPTURE_PEEK_GUARD_H
#define UNDUMP_CAPTURE_PEEK_GUARD_H

#include <stdbool.h>
#include <sys/types.h>

struct peek_guard {
    int fd;     /* of the socket */
    int offset; /* that it gets back */
    pid_t pid;
    int alive;  /* closed when the time has come */
};

/* Before the option is changed. Returns 0 or -errno. */
int guard_peek_offset(struct peek_guard *guard, int fd, int offset);

/* Sets the option back, and waits until nobody will do that any more. */
void end_peek_guard(struct peek_guard *guard);

bool set_peek_offset(int fd, int offset);

#endif
