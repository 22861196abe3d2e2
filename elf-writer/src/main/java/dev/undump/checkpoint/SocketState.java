// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import java.util.List;

/**
 * A socket of the process.
 *
 * @param family {@code AF_UNIX}, {@code AF_INET} or {@code AF_INET6}
 * @param type {@code SOCK_*}
 * @param protocol {@code IPPROTO_*}; 0 for {@code AF_UNIX}
 * @param flags {@code CKPT_SOCKET_FLAG_*} bits
 * @param backlog of a listening one: connections that may wait
 * @param shutdown 1: receives no more, 2: sends no more, 3: both
 * @param peer of a paired one: index of the other end
 * @param local its own name
 * @param remote where it is or was connected to
 * @param directory what a relative path in {@code local} counts from
 * @param dataOffset what waits to be received, in the checkpoint, page aligned; 0 is none
 * @param dataSize bytes
 * @param packetCount not 0: the data starts with that many 32-bit lengths, then the bytes
 * @param crc CRC-32C of the data
 * @param fileMode {@code st_mode} of the file that {@code local} names; 0: it is not in that directory any more
 * @param options in the order in which they are set
 */
public record SocketState(
        long inode,
        int family,
        int type,
        int protocol,
        SocketKind kind,
        int flags,
        int backlog,
        int shutdown,
        int peer,
        SocketAddress local,
        SocketAddress remote,
        NativeText directory,
        long dataOffset,
        long dataSize,
        int packetCount,
        int crc,
        int fileMode,
        List<SocketOption> options) {

    /** {@code SOCK_STREAM}. */
    public static final int STREAM = 1;

    /** {@code SOCK_DGRAM}. */
    public static final int DATAGRAM = 2;

    /** {@code SOCK_SEQPACKET}. */
    public static final int PACKETS = 5;

    private static final int BOTH_DIRECTIONS = 3;

    public SocketState {
        options = List.copyOf(options);
        boolean unix = family == SocketAddress.UNIX;
        boolean internet = family == SocketAddress.INET || family == SocketAddress.INET6;
        Checks.check(unix || internet, "family of the socket", family);
        Checks.check(type == STREAM || type == DATAGRAM || (unix && type == PACKETS), "type of the socket", type);
        Checks.notNegative("backlog of the socket", backlog);
        Checks.check(shutdown >= 0 && shutdown <= BOTH_DIRECTIONS, "shutdown of the socket", shutdown);
        Checks.notNegative("other end of the socket", peer);
        Checks.check(local.isEmpty() || local.family() == family, "family of the socket's name", local.family());
        Checks.check(remote.isEmpty() || remote.family() == family, "family of the socket's peer", remote.family());
        Checks.pageAligned("offset of what waits in the socket", dataOffset);
        Checks.notNegative("size of what waits in the socket", dataSize);
        Checks.check(dataSize == 0 || dataOffset != 0, "offset of what waits in the socket", dataOffset);
        Checks.check(packetCount >= 0 && packetCount <= dataSize / Integer.BYTES, "packet count of the socket", packetCount);
        boolean pair = kind == SocketKind.PAIRED || kind == SocketKind.ORPHANED;
        Checks.check(!pair || unix, "family of a paired socket", family);
        Checks.check(pair || dataSize == 0, "size of what waits in a socket without another end", dataSize);
        boolean fits = type == STREAM ? packetCount == 0 : packetCount > 0 || dataSize == 0;
        Checks.check(fits, "packet count of the socket", packetCount);
        boolean tcp = internet && type == STREAM;
        Checks.check(kind != SocketKind.RESET || tcp, "type of a socket with a dead connection", type);
        boolean addressed = kind != SocketKind.CONNECTED || (type == DATAGRAM && !remote.isEmpty());
        Checks.check(addressed, "type of a connected socket", type);
        boolean listens = kind != SocketKind.LISTENING || type != DATAGRAM;
        Checks.check(listens, "type of a listening socket", type);
    }

    /** Returns whether the next call reports that the connection is gone. */
    public boolean hasError() {
        return (flags & CheckpointLayout.SOCKET_FLAG_ERROR) != 0;
    }

    /** Returns whether a connection lived that a launch finds dead. */
    public boolean isClosedByCapture() {
        return (flags & CheckpointLayout.SOCKET_FLAG_CLOSED) != 0;
    }

    /** Returns whether it belongs to a computer's own names rather than to the network. */
    public boolean isUnix() {
        return family == SocketAddress.UNIX;
    }

    /** Returns for instance {@code tcp}, {@code udp6} or {@code unix seqpacket}. */
    public String protocolName() {
        if (isUnix()) {
            return type == STREAM ? "unix stream" : type == DATAGRAM ? "unix datagram" : "unix seqpacket";
        }
        return (type == STREAM ? "tcp" : "udp") + (family == SocketAddress.INET6 ? "6" : "");
    }
}
