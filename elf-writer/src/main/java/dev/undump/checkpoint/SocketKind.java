// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/** What a socket was doing. */
public enum SocketKind {
    /** {@code CKPT_SOCKET_OPEN}: neither listens nor is connected. */
    OPEN(CheckpointLayout.SOCKET_OPEN),
    /** {@code CKPT_SOCKET_LISTENING}. */
    LISTENING(CheckpointLayout.SOCKET_LISTENING),
    /** {@code CKPT_SOCKET_CONNECTED}: of datagrams, connected to an address. */
    CONNECTED(CheckpointLayout.SOCKET_CONNECTED),
    /** {@code CKPT_SOCKET_PAIRED}: the other end is the program's, too. */
    PAIRED(CheckpointLayout.SOCKET_PAIRED),
    /** {@code CKPT_SOCKET_ORPHANED}: the other end is closed. */
    ORPHANED(CheckpointLayout.SOCKET_ORPHANED),
    /** {@code CKPT_SOCKET_RESET}: had a TCP connection that is dead. */
    RESET(CheckpointLayout.SOCKET_RESET);

    private final int code;

    SocketKind(int code) {
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
    public static SocketKind ofCode(int code) {
        for (SocketKind candidate : values()) {
            if (candidate.code == code) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("state of the socket " + Integer.toUnsignedString(code) + " is unknown");
    }
}
