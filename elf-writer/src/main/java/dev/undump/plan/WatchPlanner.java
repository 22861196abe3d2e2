// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.Watch;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** Plans what epoll and inotify instances watch, for when all is open. */
final class WatchPlanner {

    private static final int EPOLLONESHOT = 1 << 30;
    /** What an item waits for; the bits above say how. */
    private static final int EPOLL_EVENTS = 0xffff;

    private final Checkpoint checkpoint;
    private final OpenFiles openFiles;
    /** Descriptors that are the launch's own, which may be anything. */
    private final Set<Integer> fromOutside;

    private final List<FileOp> spentItems = new ArrayList<>();
    private final List<FileOp> items = new ArrayList<>();

    private WatchPlanner(Checkpoint checkpoint, OpenFiles openFiles) {
        this.checkpoint = checkpoint;
        this.openFiles = openFiles;
        this.fromOutside = openFiles.descriptors().stream()
                .filter(descriptor -> openFiles.comesFromOutside(descriptor.openFile()))
                .map(Descriptor::fd)
                .collect(Collectors.toSet());
    }

    static WatchPlanner plan(Checkpoint checkpoint, OpenFiles openFiles) throws PlanException {
        WatchPlanner planner = new WatchPlanner(checkpoint, openFiles);
        planner.planItems();
        return planner;
    }

    /** Steps for items of epoll that have fired under EPOLLONESHOT; they come before the others. */
    List<FileOp> spentItems() {
        return spentItems;
    }

    /** Steps for all other items of epoll. */
    List<FileOp> items() {
        return items;
    }

    private void planItems() throws PlanException {
        for (EpollItem item : checkpoint.epollItems()) {
            List<Descriptor> instance = openFiles.sharing(item.openFile());
            if (instance.isEmpty() && openFiles.policies().isEmpty()) {
                throw new PlanException("an epoll instance that watches descriptor " + item.fd() + " has no descriptor itself");
            }
            DescriptorPolicy policy = openFiles.policies().get(item.fd());
            if (instance.isEmpty() || (policy != null && policy.action() == DescriptorPolicy.Action.CLOSE)) {
                continue;
            }
            boolean spent = (item.events() & EPOLLONESHOT) != 0 && (item.events() & EPOLL_EVENTS) == 0;
            (spent ? spentItems : items)
                    .add(FileOp.of(
                            spent ? FileOp.Kind.EPOLL_SPENT : FileOp.Kind.EPOLL_ADD,
                            instance.get(0).fd(),
                            0,
                            false,
                            number(item.fd()),
                            number(Integer.toUnsignedLong(item.events())),
                            number(item.data()),
                            number(spent ? writerInto(item.fd()) + 1 : 0))
                    .withOffset(policy != null || fromOutside.contains(item.fd()) ? 1 : 0));
        }
    }

    /** Returns the writing end of an empty pipe that a descriptor reads; -1 when it is something else, or closed. */
    private int writerInto(int fd) {
        Optional<OpenFile> reader = openFiles.descriptors().stream()
                .filter(descriptor -> descriptor.fd() == fd)
                .map(checkpoint::openFile)
                .filter(file -> file.kind() == FileKind.PIPE && !file.isOutside() && file.accessMode() == 0)
                .filter(file -> checkpoint.pipes().get(file.object()).dataSize() == 0)
                .findFirst();
        return openFiles.descriptors().stream()
                .filter(descriptor -> reader.isPresent() && isWriter(checkpoint.openFile(descriptor), reader.get()))
                .mapToInt(Descriptor::fd)
                .findFirst()
                .orElse(-1);
    }

    private static boolean isWriter(OpenFile file, OpenFile reader) {
        return file.kind() == FileKind.PIPE
                && !file.isOutside()
                && file.accessMode() != 0
                && file.object() == reader.object();
    }

    /** Steps for watches of inotify: all get their numbers, by which the kernel counts up, before any of an instance reports. */
    List<FileOp> inotify() {
        List<Watch> inOrder = new ArrayList<>(checkpoint.watches());
        inOrder.sort(Comparator.comparingInt(Watch::openFile).thenComparingInt(Watch::number));
        List<FileOp> numbers = new ArrayList<>();
        List<FileOp> masks = new ArrayList<>();
        for (Watch watch : inOrder) {
            List<Descriptor> instance = openFiles.sharing(watch.openFile());
            if (!instance.isEmpty()) {
                int fd = instance.get(0).fd();
                PlanOffset watchNumber = number(watch.number());
                numbers.add(FileOp.of(FileOp.Kind.WATCH, fd, 0, false, watchNumber).withPath(watch.path()));
                masks.add(FileOp.of(
                                FileOp.Kind.WATCH_MASK,
                                fd,
                                0,
                                false,
                                watchNumber,
                                number(Integer.toUnsignedLong(watch.mask())))
                        .withPath(watch.path()));
            }
        }
        numbers.addAll(masks);
        return numbers;
    }
}
