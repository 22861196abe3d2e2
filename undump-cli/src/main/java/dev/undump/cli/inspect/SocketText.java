// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.SocketOption;
import dev.undump.checkpoint.SocketState;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Sockets in words. */
final class SocketText {

    private static final String[] SHUTDOWN = {"", "receives no more", "sends no more", "receives and sends no more"};

    private SocketText() {}

    /** Returns for instance {@code tcp 127.0.0.1:80, listening, backlog 128, SO_REUSEADDR=1}. */
    static String of(SocketState socket) {
        List<String> words = new ArrayList<>();
        words.add(socket.protocolName() + (socket.local().isEmpty() ? "" : " " + socket.local()));
        words.add(state(socket) + (socket.remote().isEmpty() ? "" : " " + socket.remote()));
        switch (socket.kind()) {
            case LISTENING -> words.add("backlog " + socket.backlog());
            case PAIRED, ORPHANED -> words.add(socket.dataSize() == 0 ? "empty" : Sizes.bytes(socket.dataSize()) + " waiting");
            default -> {}
        }
        if (socket.shutdown() != 0) {
            words.add(SHUTDOWN[socket.shutdown()]);
        }
        if (!socket.options().isEmpty()) {
            words.add(socket.options().stream()
                    .map(SocketText::option)
                    .collect(Collectors.joining(" ")));
        }
        return String.join(", ", words);
    }

    /** Most options are numbers of four bytes. */
    private static String option(SocketOption option) {
        boolean number = option.value().length() == Integer.BYTES;
        return option.label() + (number ? "=" + option.value().buffer().getInt() : "");
    }

    static String state(SocketState socket) {
        return switch (socket.kind()) {
            case OPEN -> "not connected";
            case CONNECTED -> "connected to";
            case ORPHANED -> socket.isClosedByCapture() ? "connection that will be closed" : "other end closed";
            case RESET -> socket.isClosedByCapture() ? "connection that will be reset, to" : "connection that was reset";
            default -> socket.kind().name().toLowerCase(Locale.ROOT);
        };
    }
}
