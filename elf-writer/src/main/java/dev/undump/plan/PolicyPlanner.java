// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Plans the descriptors that the user has decided about. Each is taken by itself: duplicates go their own way, but those of one
 * description with the same decision share one again.
 */
final class PolicyPlanner {

    private static final int O_DIRECT = 040000;
    private static final int O_DIRECTORY = 0200000;
    private static final int FORMAT_MASK = 0170000;
    private static final int FORMAT_DIRECTORY = 0040000;
    private static final NativeText NULL_DEVICE = NativeText.of("/dev/null");

    private final Checkpoint checkpoint;
    private final OpenFiles openFiles;
    private final List<FileOp> inherits = new ArrayList<>();
    private final List<FileOp> openings = new ArrayList<>();

    /** What descriptors must have in common to share a description again. */
    private record Common(int openFile, DescriptorPolicy policy) {}

    private PolicyPlanner(Checkpoint checkpoint, OpenFiles openFiles) {
        this.checkpoint = checkpoint;
        this.openFiles = openFiles;
    }

    static PolicyPlanner plan(Checkpoint checkpoint, OpenFiles openFiles) throws PlanException {
        PolicyPlanner planner = new PolicyPlanner(checkpoint, openFiles);
        planner.refuseUnknown();
        Map<Common, Descriptor> first = new HashMap<>();
        for (Descriptor descriptor : checkpoint.descriptors()) {
            DescriptorPolicy policy = openFiles.policies().get(descriptor.fd());
            if (policy != null) {
                Descriptor shares = first.putIfAbsent(new Common(descriptor.openFile(), policy), descriptor);
                planner.plan(descriptor, policy, shares);
            }
        }
        return planner;
    }

    /** Steps that leave the launch's own descriptors at their numbers; they come before all that make something. */
    List<FileOp> inherits() {
        return inherits;
    }

    /** Steps that open what stands in for others. */
    List<FileOp> openings() {
        return openings;
    }

    private void refuseUnknown() throws PlanException {
        for (Map.Entry<Integer, DescriptorPolicy> policy : openFiles.policies().entrySet()) {
            if (checkpoint.descriptors().stream().noneMatch(descriptor -> descriptor.fd() == policy.getKey())) {
                throw new PlanException("descriptor " + policy.getKey() + " is to be treated by --fd " + policy.getKey() + "="
                        + policy.getValue().words() + ", but the program has no such descriptor; it has "
                        + checkpoint.descriptors().stream()
                                .map(descriptor -> Integer.toString(descriptor.fd()))
                                .collect(Collectors.joining(" ")));
            }
        }
    }

    private void plan(Descriptor descriptor, DescriptorPolicy policy, Descriptor shares) {
        OpenFile file = checkpoint.openFile(descriptor);
        switch (policy.action()) {
            case INHERIT -> inherits.add(FileOp.of(
                    FileOp.Kind.INHERIT,
                    descriptor.fd(),
                    file.openFlags() & OpenFiles.REOPEN_FLAGS,
                    descriptor.closeOnExec(),
                    number(ImageLayout.INHERIT_NEEDED)));
            case CLOSE -> inherits.add(FileOp.of(FileOp.Kind.CLOSE, descriptor.fd(), 0, false));
            case NULL -> openings.add(
                    shares != null ? duplicate(descriptor, shares) : opening(descriptor, file.accessMode(), NULL_DEVICE));
            case REOPEN -> openings.add(shares != null ? duplicate(descriptor, shares) : reopening(descriptor, file, policy));
        }
    }

    private static FileOp reopening(Descriptor descriptor, OpenFile file, DescriptorPolicy policy) {
        boolean directory = (file.mode() & FORMAT_MASK) == FORMAT_DIRECTORY;
        boolean regular =
                switch (file.kind()) {
                    case REGULAR, DELETED, MEMFD -> true;
                    default -> false;
                };
        // Packets of a pipe are none of a file's direct access.
        int flags = file.openFlags() & OpenFiles.REOPEN_FLAGS & ~(directory ? 0 : O_DIRECTORY) & ~(regular ? 0 : O_DIRECT);
        FileOp step = FileOp.of(
                        FileOp.Kind.OPEN,
                        descriptor.fd(),
                        flags,
                        descriptor.closeOnExec(),
                        number(directory ? FORMAT_DIRECTORY : 0),
                        number(1))
                .withPath(policy.path());
        return regular ? step.withOffset(file.offset()) : step;
    }

    private static FileOp opening(Descriptor descriptor, int flags, NativeText path) {
        return FileOp.of(FileOp.Kind.OPEN, descriptor.fd(), flags, descriptor.closeOnExec(), number(0), number(1))
                .withPath(path);
    }

    private static FileOp duplicate(Descriptor descriptor, Descriptor of) {
        return FileOp.of(FileOp.Kind.DUPLICATE, descriptor.fd(), 0, descriptor.closeOnExec(), number(of.fd()));
    }
}
