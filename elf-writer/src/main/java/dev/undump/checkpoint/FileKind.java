// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/** What an open file description refers to. */
public enum FileKind {
    /** {@code CKPT_FILE_REGULAR}: a file with a path. */
    REGULAR(CheckpointLayout.FILE_REGULAR),
    /** {@code CKPT_FILE_DIRECTORY}. */
    DIRECTORY(CheckpointLayout.FILE_DIRECTORY),
    /** {@code CKPT_FILE_DELETED}: a file without a name, contents stored. */
    DELETED(CheckpointLayout.FILE_DELETED),
    /** {@code CKPT_FILE_DEVICE}: null, zero, full, random or urandom. */
    DEVICE(CheckpointLayout.FILE_DEVICE),
    /** {@code CKPT_FILE_TERMINAL}. */
    TERMINAL(CheckpointLayout.FILE_TERMINAL),
    /** {@code CKPT_FILE_PIPE}: one end of an anonymous pipe. */
    PIPE(CheckpointLayout.FILE_PIPE),
    /** {@code CKPT_FILE_EVENTFD}. */
    EVENTFD(CheckpointLayout.FILE_EVENTFD),
    /** {@code CKPT_FILE_EPOLL}. */
    EPOLL(CheckpointLayout.FILE_EPOLL),
    /** {@code CKPT_FILE_TIMERFD}. */
    TIMERFD(CheckpointLayout.FILE_TIMERFD),
    /** {@code CKPT_FILE_SIGNALFD}. */
    SIGNALFD(CheckpointLayout.FILE_SIGNALFD),
    /** {@code CKPT_FILE_OUTSIDE}: standard input, output or error from outside, of a kind that only a launch can give. */
    OUTSIDE(CheckpointLayout.FILE_OUTSIDE),
    /** {@code CKPT_FILE_MEMFD}: a file that exists only in memory. */
    MEMFD(CheckpointLayout.FILE_MEMFD),
    /** {@code CKPT_FILE_INOTIFY}. */
    INOTIFY(CheckpointLayout.FILE_INOTIFY),
    /** {@code CKPT_FILE_PIDFD}: the process itself. */
    PIDFD(CheckpointLayout.FILE_PIDFD),
    /** {@code CKPT_FILE_QUEUE}: a POSIX message queue. */
    QUEUE(CheckpointLayout.FILE_QUEUE),
    /** {@code CKPT_FILE_OWN_PROC}: a file or directory of the process itself in /proc. */
    OWN_PROC(CheckpointLayout.FILE_OWN_PROC),
    /** {@code CKPT_FILE_SOCKET}. */
    SOCKET(CheckpointLayout.FILE_SOCKET),
    /** {@code CKPT_FILE_FIFO}: a named pipe. */
    FIFO(CheckpointLayout.FILE_FIFO);

    private final int code;

    FileKind(int code) {
        this.code = code;
    }

    /** Returns the number that stands for it in the file. */
    public int code() {
        return code;
    }

    /**
     * Returns the constant with this number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static FileKind ofCode(int code) {
        for (FileKind candidate : values()) {
            if (candidate.code == code) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("file kind " + Integer.toUnsignedString(code) + " is unknown");
    }
}
