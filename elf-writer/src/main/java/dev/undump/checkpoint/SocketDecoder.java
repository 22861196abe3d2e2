// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.util.List;

/** Decodes sockets and their options. */
final class SocketDecoder {

    private static final int KNOWN_FLAGS = CheckpointLayout.SOCKET_FLAG_ERROR | CheckpointLayout.SOCKET_FLAG_CLOSED;

    private SocketDecoder() {}

    static SocketOption option(RecordView view) {
        int size = view.intAt(CheckpointLayout.SocketOption.SIZE);
        int flags = view.intAt(CheckpointLayout.SocketOption.FLAGS);
        Checks.check(size >= 0 && size <= CheckpointLayout.SocketOption.VALUE_BYTES, "size of the option", size);
        Checks.check((flags & ~CheckpointLayout.SOCKET_OPTION_DETAIL) == 0, "flags of the option", flags);
        view.reserved(
                CheckpointLayout.SocketOption.VALUE + size, CheckpointLayout.SocketOption.VALUE_BYTES - size);
        return new SocketOption(
                view.intAt(CheckpointLayout.SocketOption.LEVEL),
                view.intAt(CheckpointLayout.SocketOption.NAME),
                flags != 0,
                view.textAt(CheckpointLayout.SocketOption.LABEL),
                view.bytesAt(CheckpointLayout.SocketOption.VALUE, size));
    }

    static SocketState socket(RecordView view, List<SocketOption> options) {
        view.reserved(CheckpointLayout.Socket.RESERVED, Long.BYTES);
        int flags = view.intAt(CheckpointLayout.Socket.FLAGS);
        Checks.check((flags & ~KNOWN_FLAGS) == 0, "flags of the socket", flags);
        return new SocketState(
                view.longAt(CheckpointLayout.Socket.INODE),
                view.intAt(CheckpointLayout.Socket.FAMILY),
                view.intAt(CheckpointLayout.Socket.TYPE),
                view.intAt(CheckpointLayout.Socket.PROTOCOL),
                SocketKind.ofCode(view.intAt(CheckpointLayout.Socket.STATE)),
                flags,
                view.intAt(CheckpointLayout.Socket.BACKLOG),
                view.intAt(CheckpointLayout.Socket.SHUTDOWN),
                view.intAt(CheckpointLayout.Socket.PEER),
                new SocketAddress(view.textAt(CheckpointLayout.Socket.LOCAL)),
                new SocketAddress(view.textAt(CheckpointLayout.Socket.REMOTE)),
                view.textAt(CheckpointLayout.Socket.DIRECTORY),
                view.longAt(CheckpointLayout.Socket.DATA_OFFSET),
                view.longAt(CheckpointLayout.Socket.DATA_SIZE),
                view.intAt(CheckpointLayout.Socket.PACKET_COUNT),
                view.intAt(CheckpointLayout.Socket.DATA_CRC),
                view.intAt(CheckpointLayout.Socket.FILE_MODE),
                options);
    }
}
