// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.plan.FileOp;
import dev.undump.plan.LayoutPlanner;
import dev.undump.plan.PlanException;
import dev.undump.plan.PlanOffset;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a launch will do with each descriptor, as the planner decides.
 *
 * @param byDescriptor words by number
 * @param refusal why the planner refuses; then there are no words
 */
record LaunchActions(Map<Integer, String> byDescriptor, Optional<String> refusal) {

    static LaunchActions of(Checkpoint checkpoint) {
        Map<Integer, String> actions = new HashMap<>();
        try {
            for (FileOp step : LayoutPlanner.descriptorSteps(checkpoint)) {
                word(step).ifPresent(word -> actions.put(step.fd(), word));
                if (step.kind() == FileOp.Kind.PIPE && otherEnd(step) >= 0) {
                    actions.put(otherEnd(step), "new pipe");
                }
            }
            return new LaunchActions(actions, Optional.empty());
        } catch (PlanException e) {
            return new LaunchActions(Map.of(), Optional.of(e.getMessage()));
        }
    }

    /** Returns the word for a descriptor. */
    String of(int fd) {
        return byDescriptor.getOrDefault(fd, "-");
    }

    private static Optional<String> word(FileOp step) {
        return switch (step.kind()) {
            case OPEN, QUEUE -> Optional.of("opened again");
            case DUPLICATE -> Optional.of("shares " + plain(step.values().get(0)));
            case INHERIT -> Optional.of("the launch's");
            case DELETED, MEMFD, MEMFD_OPEN -> Optional.of("from the image");
            case PIPE, PIPE_WRITER -> step.fd() < 0 ? Optional.empty() : Optional.of("new pipe");
            case EVENTFD, EPOLL, TIMERFD, TIMERFD_AT, SIGNALFD, SOCKET, INOTIFY, PIDFD -> Optional.of("made again");
            case TERMINAL -> Optional.of("the terminal");
            case SOCKET_BIND -> Optional.of("bound again");
            case SOCKET_LISTEN -> Optional.of("listens again");
            case SOCKET_CONNECT -> Optional.of("connected again");
            case SOCKET_PAIR, SOCKET_END -> Optional.of(
                    step.kind() == FileOp.Kind.SOCKET_PAIR && otherEnd(step) < 0 ? "other end closed" : "new pair");
            case SOCKET_RESET -> Optional.of("connection closed");
            case EPOLL_ADD,
                    EPOLL_SPENT,
                    PIPE_DATA,
                    MEMFD_DATA,
                    CLOSE,
                    LOCK,
                    TERMINAL_MODES,
                    WATCH,
                    WATCH_MASK,
                    SOCKET_DATA,
                    SOCKET_OPTION,
                    SOCKET_SHUTDOWN -> Optional.empty();
        };
    }

    private static int otherEnd(FileOp step) {
        return (int) plain(step.values().get(0));
    }

    private static long plain(PlanOffset value) {
        return value instanceof PlanOffset.Plain number ? number.value() : -1;
    }
}
