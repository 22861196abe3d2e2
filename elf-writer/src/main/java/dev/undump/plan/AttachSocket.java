// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.SocketAddress;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketState;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * The socket at which HotSpot answers {@code jcmd} and {@code jstack}: its name is the id of the process, so that a launch needs
 * another one. With the old name the tools do not find it, and copies of an image would stand in each other's way.
 *
 * <p>Source: attachListener_linux.cpp (attachListener_posix.cpp since JDK 19), init: bound to {@code .java_pidN.tmp}, and
 * renamed. A capture tells the new name; the old one, without a file, when the file is gone.
 */
final class AttachSocket {

    /** A socket for its owner only, as the tools require it: {@code S_IFSOCK | 0600}. */
    static final int FILE_MODE = 0140600;

    private static final String NAME = "/.java_pid";

    private AttachSocket() {}

    /**
     * Returns the socket's name without the id.
     *
     * @param ownPid of the captured process, as it saw it
     * @return empty for all other sockets
     */
    static Optional<SocketAddress> nameWithoutPid(SocketState socket, int ownPid) {
        SocketAddress local = socket.local();
        String suffix = socket.fileMode() == 0 ? ownPid + ".tmp" : Integer.toString(ownPid);
        boolean isFile = socket.kind() == SocketKind.LISTENING && local.isPath();
        boolean isReady = socket.fileMode() == 0 || socket.fileMode() == FILE_MODE;
        if (!isFile || !isReady || !local.toString().endsWith(NAME + suffix)) {
            return Optional.empty();
        }
        byte[] bytes = local.bytes().bytes();
        int end = bytes.length;
        while (bytes[end - 1] == 0) {
            end--;
        }
        int kept = end - suffix.getBytes(StandardCharsets.US_ASCII).length;
        return Optional.of(new SocketAddress(NativeText.copyOf(Arrays.copyOf(bytes, kept))));
    }
}
