// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.DescriptorPolicy;
import dev.undump.plan.FileOp;
import dev.undump.plan.LaunchPolicies;
import dev.undump.plan.LayoutPlanner;
import dev.undump.plan.PlanException;
import dev.undump.plan.PlanOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a launch will do with each descriptor, as the planner decides.
 *
 * @param byDescriptor words by number
 * @param refusal why the planner refuses; then there are no words
 */
record LaunchActions(Map<Integer, String> byDescriptor, Optional<String> refusal) {

    private static final int LAST_STANDARD = 2;

    /** Of an image, what was decided when it was made; of a checkpoint, what an image without further options does. */
    static LaunchActions of(Subject subject) {
        Checkpoint checkpoint = subject.checkpoint();
        try {
            if (subject.image().isPresent()) {
                return new LaunchActions(words(checkpoint, subject.image().get().steps().files()), Optional.empty());
            }
            List<Integer> undecided = undecided(checkpoint);
            LaunchPolicies policies = LaunchPolicies.NONE;
            for (int fd : undecided) {
                policies = policies.withDescriptor(fd, DescriptorPolicy.NULL);
            }
            Map<Integer, String> words = words(checkpoint, LayoutPlanner.descriptorSteps(checkpoint, policies));
            undecided.forEach(fd -> words.put(fd, "for --fd to say"));
            return new LaunchActions(words, Optional.empty());
        } catch (PlanException e) {
            return new LaunchActions(Map.of(), Optional.of(e.getMessage()));
        }
    }

    /** Descriptors that no launch can make, and that it does not bring along. */
    private static List<Integer> undecided(Checkpoint checkpoint) {
        return checkpoint.descriptors().stream()
                .filter(descriptor -> checkpoint.openFile(descriptor).kind() == FileKind.OUTSIDE)
                .filter(descriptor -> checkpoint.descriptors().stream()
                        .noneMatch(other -> other.openFile() == descriptor.openFile() && other.fd() <= LAST_STANDARD))
                .map(Descriptor::fd)
                .toList();
    }

    private static Map<Integer, String> words(Checkpoint checkpoint, List<FileOp> steps) {
        Map<Integer, NativeText> paths = new HashMap<>();
        checkpoint.descriptors().forEach(descriptor -> paths.put(descriptor.fd(), checkpoint.openFile(descriptor).path()));
        Map<Integer, String> actions = new HashMap<>();
        for (FileOp step : steps) {
            word(step, paths.get(step.fd())).ifPresent(word -> actions.put(step.fd(), word));
            if (step.kind() == FileOp.Kind.PIPE && otherEnd(step) >= 0) {
                actions.put(otherEnd(step), "new pipe");
            }
        }
        return actions;
    }

    /** Returns the word for a descriptor. */
    String of(int fd) {
        return byDescriptor.getOrDefault(fd, "-");
    }

    private static Optional<String> word(FileOp step, NativeText path) {
        return switch (step.kind()) {
            case OPEN -> Optional.of(step.path().equals(path) ? "opened again" : "opens " + step.path());
            case FIFO, QUEUE -> Optional.of("opened again");
            case CLOSE -> Optional.of("closed");
            case DUPLICATE -> Optional.of("shares " + plain(step.values().get(0)));
            case INHERIT -> Optional.of(inherited((int) plain(step.values().get(0))));
            case DELETED, MEMFD, MEMFD_OPEN -> Optional.of("from the image");
            case PIPE, PIPE_WRITER, PIPE_OPEN -> step.fd() < 0 ? Optional.empty() : Optional.of("new pipe");
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
                    LOCK,
                    OWNER,
                    SEGMENT,
                    SEGMENT_DATA,
                    SEMAPHORE,
                    TERMINAL_MODES,
                    WATCH,
                    WATCH_MASK,
                    SOCKET_DATA,
                    SOCKET_OPTION,
                    SOCKET_SHUTDOWN -> Optional.empty();
        };
    }

    private static String inherited(int otherwise) {
        return switch (otherwise) {
            case ImageLayout.INHERIT_NEEDED -> "the launch's, needed";
            case ImageLayout.INHERIT_PIPE -> "the launch's, or ended pipe";
            default -> "the launch's";
        };
    }

    private static int otherEnd(FileOp step) {
        return (int) plain(step.values().get(0));
    }

    private static long plain(PlanOffset value) {
        return value instanceof PlanOffset.Plain number ? number.value() : -1;
    }
}
