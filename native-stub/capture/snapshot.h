/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A snapshot of the program: a copy of its memory, made by the kernel's fork as fast as page tables are copied, which is
 * read when the program has gone on. It is a process that never runs: born traced, it stands before its first
 * instruction until it is killed, and it is killed when the engine ends (PTRACE_O_EXITKILL).
 *
 * The program must not see a child, not by wait(2), not by SIGCHLD, not by a zombie. So a thread of the program makes a
 * middle process, which shares its memory and costs nothing; that one gives up the program's descriptors, which must
 * not be held open, and makes the snapshot; then it is killed and, while everything stands, reaped by the thread. The
 * snapshot is then a child of init. When the program is a child of ours, both become children of ours (CLONE_PARENT).
 * When the program itself is who gets the children of others, as the first process of a container or as a subreaper,
 * the snapshot stays its child, without a signal for its end and so of the kind that wait(2) does not see without __WALL;
 * the program is stopped once more to reap it. (A kill -9 of the engine leaves such a program with that zombie.)
 *
 * Rule: kill -9 of the engine at any moment must leave the program unharmed and nothing behind. As told in inject.h,
 * whoever is let go in the middle returns into a signal frame: middle and snapshot to exit_group, the thread to a wait4
 * for the middle process, whose number the kernel has written into that frame, and then to what it did before.
 *
 * What fork does not copy is read from the program while it stands: shared memory and MADV_DONTFORK; see pages.c.
 */
#ifndef UNDUMP_CAPTURE_SNAPSHOT_H
#define UNDUMP_CAPTURE_SNAPSHOT_H

#include "state.h"

/* Makes capture->snapshot of the frozen program, when the request wants one. Returns 0 or -errno with a line. */
int make_snapshot(struct capture *capture);

/* Makes the program reap an ended snapshot that was its child; tracer only. What stands in the way leaves it a zombie
 * that the program does not see. Returns 0. */
int forget_snapshot(struct capture *capture);

/* Ends it. Idempotent; may be called by another thread than the tracer. */
void drop_snapshot(struct capture *capture);

#endif
