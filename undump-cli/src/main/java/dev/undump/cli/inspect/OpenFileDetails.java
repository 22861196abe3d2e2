// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import java.util.stream.Collectors;

/** What there is to say about an open file beyond its path. */
final class OpenFileDetails {

    private final Checkpoint checkpoint;

    OpenFileDetails(Checkpoint checkpoint) {
        this.checkpoint = checkpoint;
    }

    /** Returns for instance {@code 9 B in flight}; empty when there is nothing. */
    String of(int openFile) {
        OpenFile file = checkpoint.openFiles().get(openFile);
        return switch (file.kind()) {
            case DELETED -> Sizes.bytes(file.dataSize()) + " stored";
            case MEMFD -> Sizes.bytes(checkpoint.memoryFiles().get(file.object()).storedBytes()) + " stored";
            case FIFO -> pipe(checkpoint.pipes().get(file.object()));
            case PIPE -> file.isOutside() ? "" : pipe(checkpoint.pipes().get(file.object()));
            case EVENTFD -> "count " + Long.toUnsignedString(file.values().get(0))
                    + (file.values().get(1) != 0 ? ", semaphore" : "");
            case EPOLL -> watches(openFile);
            case TIMERFD -> timer(file.values().get(2), file.values().get(3));
            case SIGNALFD -> SignalNames.set(file.values().get(0));
            case INOTIFY -> inotify(openFile);
            case SOCKET -> SocketText.of(checkpoint.sockets().get(file.object()));
            case TERMINAL -> TerminalText.of(checkpoint, openFile);
            case REGULAR, DIRECTORY, DEVICE, OUTSIDE, PIDFD, QUEUE, OWN_PROC -> "";
        };
    }

    private static String pipe(PipeState pipe) {
        return pipe.dataSize() == 0 ? "empty" : Sizes.bytes(pipe.dataSize()) + " in flight";
    }

    private String watches(int openFile) {
        String watched = checkpoint.epollItems().stream()
                .filter(item -> item.openFile() == openFile)
                .map(EpollItem::fd)
                .map(String::valueOf)
                .collect(Collectors.joining(" "));
        return watched.isEmpty() ? "watches nothing" : "watches " + watched;
    }

    private String inotify(int openFile) {
        String watched = checkpoint.watches().stream()
                .filter(watch -> watch.openFile() == openFile)
                .map(watch -> watch.number() + ": " + watch.path())
                .collect(Collectors.joining(", "));
        return watched.isEmpty() ? "watches nothing" : watched;
    }

    private static String timer(long remainingNs, long intervalNs) {
        if (remainingNs <= 0) {
            return "disarmed";
        }
        return "expires in " + Sizes.nanoseconds(remainingNs)
                + (intervalNs <= 0 ? "" : ", then every " + Sizes.nanoseconds(intervalNs));
    }
}
