// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Plans the pipes whose ends are all the program's. */
final class PipePlanner {

    private static final int O_NONBLOCK = 04000;
    private static final int O_DIRECT = 040000;
    private static final int ACCESS_MODE = 3;
    private static final int READS = 0;
    private static final int WRITES = 1;
    private static final int BOTH = 2;

    /** A description of an end that the program still has. */
    private record End(Descriptor descriptor, OpenFile file) {
        int fd() {
            return descriptor.fd();
        }

        int flags() {
            return file.openFlags() & (ACCESS_MODE | O_NONBLOCK | O_DIRECT);
        }
    }

    private final Checkpoint checkpoint;
    private final DataArea data;
    private final Map<Integer, List<End>> endsByPipe = new HashMap<>();
    private final Set<Integer> done = new HashSet<>();

    PipePlanner(Checkpoint checkpoint, Map<Integer, List<Descriptor>> byOpenFile, DataArea data) {
        this.checkpoint = checkpoint;
        this.data = data;
        byOpenFile.forEach((index, descriptors) -> {
            OpenFile file = checkpoint.openFiles().get(index);
            if (file.kind() == FileKind.PIPE && !file.isOutside()) {
                End end = new End(descriptors.get(0), file);
                endsByPipe.computeIfAbsent(file.object(), unused -> new ArrayList<>()).add(end);
            }
        });
    }

    /** Plans the pipe that an open file is an end of, all its ends at once; the next end finds it done. */
    void plan(OpenFile file, List<FileOp> creations, List<FileOp> pipeData) {
        if (!done.add(file.object())) {
            return;
        }
        PipeState pipe = checkpoint.pipes().get(file.object());
        List<End> ends = endsByPipe.get(file.object());
        Optional<End> writer = first(ends, WRITES);
        Optional<End> both = first(ends, BOTH);
        // An end that does both is opened once the pipe is there, from an end that stands at its number until then if need be.
        Optional<End> reader = first(ends, READS).or(() -> writer.isPresent() ? Optional.empty() : both);
        PlanOffset stored = pipe.dataSize() == 0
                ? PlanOffset.ZERO
                : new PlanOffset.InData(data.append(pipe.dataOffset(), pipe.dataSize()));
        // Without a writer there is nobody to put the bytes in later.
        boolean atOnce = writer.isEmpty();
        creations.add(FileOp.of(
                        FileOp.Kind.PIPE,
                        reader.map(End::fd).orElse(-1),
                        reader.map(End::flags).orElse(0) & ~ACCESS_MODE,
                        reader.isPresent() && reader.get().descriptor().closeOnExec(),
                        number(writer.map(End::fd).orElse(-1)),
                        atOnce ? stored : PlanOffset.ZERO,
                        number(atOnce ? pipe.dataSize() : 0),
                        number(pipe.capacity()))
                .withOffset(atOnce ? pipe.packetCount() : 0));
        writer.ifPresent(end -> creations.add(
                FileOp.of(FileOp.Kind.PIPE_WRITER, end.fd(), end.flags(), end.descriptor().closeOnExec())));
        int source = reader.or(() -> writer).orElseThrow().fd();
        for (End end : ends) {
            boolean isMade = reader.filter(end::equals).isPresent() || writer.filter(end::equals).isPresent();
            if (!isMade || end.file().accessMode() == BOTH) {
                creations.add(FileOp.of(
                        FileOp.Kind.PIPE_OPEN, end.fd(), end.flags(), end.descriptor().closeOnExec(), number(source)));
            }
        }
        boolean somebodyReads = reader.isPresent() || both.isPresent();
        if (!atOnce && somebodyReads && pipe.dataSize() > 0) {
            pipeData.add(FileOp.of(
                    FileOp.Kind.PIPE_DATA,
                    writer.get().fd(),
                    0,
                    false,
                    number(pipe.packetCount()),
                    stored,
                    number(pipe.dataSize())));
        }
    }

    private static Optional<End> first(List<End> ends, int accessMode) {
        return ends.stream().filter(end -> end.file().accessMode() == accessMode).findFirst();
    }
}
