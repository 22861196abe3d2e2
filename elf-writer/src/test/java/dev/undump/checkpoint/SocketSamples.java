// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Sockets for tests. */
public final class SocketSamples {

    public static final int STREAM = SocketState.STREAM;
    public static final int DATAGRAM = SocketState.DATAGRAM;
    private static final int TCP = 6;
    private static final int UDP = 17;

    private SocketSamples() {}

    public static SocketAddress inet(int port, int... host) {
        byte[] bytes = new byte[16];
        bytes[0] = SocketAddress.INET;
        bytes[2] = (byte) (port >> 8);
        bytes[3] = (byte) port;
        for (int i = 0; i < host.length; i++) {
            bytes[4 + i] = (byte) host[i];
        }
        return new SocketAddress(NativeText.copyOf(bytes));
    }

    /** Returns an address of which the last host byte is given. */
    public static SocketAddress inet6(int port, int last) {
        byte[] bytes = new byte[28];
        bytes[0] = SocketAddress.INET6;
        bytes[2] = (byte) (port >> 8);
        bytes[3] = (byte) port;
        bytes[23] = (byte) last;
        return new SocketAddress(NativeText.copyOf(bytes));
    }

    /** Returns the address of an IPv6 socket that serves IPv4. */
    public static SocketAddress mapped(int port, int... host) {
        byte[] bytes = inet6(port, 0).bytes().bytes();
        bytes[18] = (byte) 0xff;
        bytes[19] = (byte) 0xff;
        for (int i = 0; i < host.length; i++) {
            bytes[20 + i] = (byte) host[i];
        }
        return new SocketAddress(NativeText.copyOf(bytes));
    }

    /** Returns a path, or, when it begins with a zero, an abstract name. */
    public static SocketAddress unix(String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        byte[] bytes = new byte[2 + text.length];
        bytes[0] = SocketAddress.UNIX;
        System.arraycopy(text, 0, bytes, 2, text.length);
        return new SocketAddress(NativeText.copyOf(bytes));
    }

    public static SocketOption option(String label, int level, int name, boolean detail, int... value) {
        byte[] bytes = new byte[value.length];
        for (int i = 0; i < value.length; i++) {
            bytes[i] = (byte) value[i];
        }
        return new SocketOption(level, name, detail, NativeText.of(label), Bytes.copyOf(bytes));
    }

    public static SocketState tcp(SocketKind kind, SocketAddress local, int backlog, SocketOption... options) {
        int family = local.isEmpty() ? SocketAddress.INET : local.family();
        return new SocketState(
                1, family, STREAM, TCP, kind, 0, backlog, 0, 0, local, SocketAddress.NONE, NativeText.EMPTY, 0, 0, 0, 0, 0,
                List.of(options));
    }

    public static SocketState udp(SocketAddress local, SocketAddress remote) {
        SocketKind kind = remote.isEmpty() ? SocketKind.OPEN : SocketKind.CONNECTED;
        return new SocketState(
                1, SocketAddress.INET, DATAGRAM, UDP, kind, 0, 0, 0, 0, local, remote, NativeText.EMPTY, 0, 0, 0, 0, 0, List.of());
    }

    /** Returns a UNIX socket; its contents come from the builder. */
    public static SocketState unix(SocketKind kind, int type, int flags, int shutdown, int peer, SocketAddress local, int packets) {
        int backlog = kind == SocketKind.LISTENING ? 5 : 0;
        // As much as the packets' lengths need, so that the record is one; the builder knows better.
        long size = (long) packets * Integer.BYTES;
        return new SocketState(
                1,
                SocketAddress.UNIX,
                type,
                0,
                kind,
                flags,
                backlog,
                shutdown,
                peer,
                local,
                SocketAddress.NONE,
                NativeText.EMPTY,
                size == 0 ? 0 : 4096,
                size,
                packets,
                0,
                local.isEmpty() || local.isAbstract() ? 0 : 0140640,
                List.of());
    }

    /** Returns the same socket with another {@code st_mode} of its file, 0 for none. */
    public static SocketState withFileMode(SocketState socket, int fileMode) {
        return new SocketState(
                socket.inode(),
                socket.family(),
                socket.type(),
                socket.protocol(),
                socket.kind(),
                socket.flags(),
                socket.backlog(),
                socket.shutdown(),
                socket.peer(),
                socket.local(),
                socket.remote(),
                socket.directory(),
                socket.dataOffset(),
                socket.dataSize(),
                socket.packetCount(),
                socket.crc(),
                fileMode,
                socket.options());
    }

    /**
     * Returns a process with six sockets: 0 listens with two options, 1 and 2 are a pair, 3 has a closed end, 4 is connected UDP, 5
     * is dead.
     */
    public static CheckpointBuilder everyKind() {
        CheckpointBuilder builder = new CheckpointBuilder()
                .socket(
                        tcp(
                                SocketKind.LISTENING,
                                inet(8080, 127, 0, 0, 1),
                                7,
                                option("SO_REUSEADDR", 1, 2, false, 1, 0, 0, 0),
                                option("TCP_CONGESTION", 6, 13, true, 'c', 'u', 'b', 'i', 'c')),
                        new byte[0])
                .socket(pair(2), "waits".getBytes(StandardCharsets.UTF_8))
                .socket(pair(1), new byte[0])
                .socket(unix(SocketKind.ORPHANED, DATAGRAM, 1, 3, 0, SocketAddress.NONE, 2), packets(3, 4))
                .socket(udp(inet(53, 10, 0, 0, 1), inet(54, 10, 0, 0, 2)), new byte[0])
                .socket(tcp(SocketKind.RESET, SocketAddress.NONE, 0), new byte[0]);
        for (int i = 0; i < 6; i++) {
            builder.openFile(file(i, 2)).descriptor(new Descriptor(3 + i, i, false));
        }
        return builder;
    }

    private static SocketState pair(int peer) {
        return unix(SocketKind.PAIRED, STREAM, 0, 0, peer, SocketAddress.NONE, 0);
    }

    /** Returns an open file for a socket. */
    public static OpenFile file(int socket, int openFlags) {
        List<Long> values = List.of(0L, 0L, 0L, 0L);
        return new OpenFile(
                FileKind.SOCKET, 0, openFlags, 0140777, 0, 70 + socket, 0, 9, 0, 0, 0, 0,
                NativeText.of("socket:[" + (70 + socket) + "]"), 0, 0, 0, values, 0, socket);
    }

    /** Returns packets of these lengths as they are stored. */
    public static byte[] packets(int... lengths) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        int total = 0;
        for (int length : lengths) {
            bytes.writeBytes(ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(length).array());
            total += length;
        }
        bytes.writeBytes(new byte[total]);
        return bytes.toByteArray();
    }
}
