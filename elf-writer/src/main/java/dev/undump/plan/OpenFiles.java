// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.OpenFile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The descriptors of each open file description, and which of them are the launch's own. Those that the user has decided about are
 * not among them: {@link PolicyPlanner} plans these.
 */
final class OpenFiles {

    /** What open(2) is given again: not what concerned the moment of opening (O_CREAT, O_EXCL, O_NOCTTY, O_TRUNC), nor O_ASYNC,
     * which it would not take. */
    static final int REOPEN_FLAGS = 03 | 02000 | 04000 | 010000 | 040000 | 0100000 | 0200000 | 0400000
            | 01000000 | 02000000 | 04000000 | 010000000;

    static final int LAST_STANDARD = 2;

    private final Checkpoint checkpoint;
    private final LaunchPolicies policies;
    private final List<Descriptor> descriptors;
    private final TreeMap<Integer, List<Descriptor>> byIndex = new TreeMap<>();

    OpenFiles(Checkpoint checkpoint, LaunchPolicies policies) {
        this.checkpoint = checkpoint;
        this.policies = policies;
        this.descriptors = checkpoint.descriptors().stream()
                .filter(descriptor -> !policies.descriptors().containsKey(descriptor.fd()))
                .toList();
        for (Descriptor descriptor : descriptors) {
            byIndex.computeIfAbsent(descriptor.openFile(), unused -> new ArrayList<>()).add(descriptor);
        }
    }

    /** All descriptors that the user has not decided about, by number. */
    List<Descriptor> descriptors() {
        return descriptors;
    }

    /** What the user has decided, by descriptor. */
    Map<Integer, DescriptorPolicy> policies() {
        return policies.descriptors();
    }

    /** Whether the user has allowed a weaker restore. */
    boolean allows(LaunchPolicies.Weaker what) {
        return policies.weaker().contains(what);
    }

    /** The descriptors of each description that has one, by its index; the lowest first. */
    Map<Integer, List<Descriptor>> byIndex() {
        return byIndex;
    }

    /** The descriptors of a description, the lowest first; empty when it has none. */
    List<Descriptor> sharing(int openFile) {
        return byIndex.getOrDefault(openFile, List.of());
    }

    /**
     * Whether descriptors are the launch's own. The terminal, and whatever leads out of the process at 0, 1 or 2, always; files
     * when they were inherited, which is known under ckpt, and otherwise assumed unless the program has another descriptor of
     * the same description: then it made the standard one itself by dup2.
     *
     * @param openFile index of a description that has a descriptor
     */
    boolean comesFromOutside(int openFile) {
        OpenFile file = checkpoint.openFiles().get(openFile);
        List<Descriptor> sharing = byIndex.get(openFile);
        boolean standard = sharing.get(0).fd() <= LAST_STANDARD;
        boolean alsoElsewhere = sharing.get(sharing.size() - 1).fd() > LAST_STANDARD;
        boolean inherited =
                checkpoint.process().launchedByCkpt() ? file.isInherited() : !alsoElsewhere && !policies.reopenStandardFiles();
        return switch (file.kind()) {
            case TERMINAL, OUTSIDE -> standard;
            case PIPE -> file.isOutside();
            case REGULAR, DELETED, MEMFD, DEVICE, DIRECTORY, OWN_PROC, QUEUE -> standard && inherited;
            case FIFO, EVENTFD, EPOLL, TIMERFD, SIGNALFD, INOTIFY, PIDFD, SOCKET -> false;
        };
    }
}
