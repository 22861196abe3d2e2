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
import java.util.Set;

/** Plans the pipes whose both ends are the program's. */
final class PipePlanner {

    private static final int O_NONBLOCK = 04000;
    private static final int O_ASYNC = 020000;
    private static final int O_DIRECT = 040000;
    private static final int ACCESS_MODE = 3;

    /** A description of an end that the program still has. */
    private record End(Descriptor descriptor, OpenFile file) {
        int flags() {
            return file.openFlags() & (ACCESS_MODE | O_NONBLOCK | O_ASYNC | O_DIRECT);
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

    /** Plans the pipe that an open file is an end of, both ends at once; the second end finds it done. */
    void plan(OpenFile file, List<FileOp> creations, List<FileOp> pipeData) throws PlanException {
        if (!done.add(file.object())) {
            return;
        }
        PipeState pipe = checkpoint.pipes().get(file.object());
        List<End> readers = ends(file.object(), 0, pipe);
        List<End> writers = ends(file.object(), 1, pipe);
        End reader = readers.isEmpty() ? null : readers.get(0);
        End writer = writers.isEmpty() ? null : writers.get(0);
        PlanOffset stored = pipe.dataSize() == 0
                ? PlanOffset.ZERO
                : new PlanOffset.InData(data.append(pipe.dataOffset(), pipe.dataSize()));
        // Without a writer there is nobody to put the bytes in later.
        boolean atOnce = writer == null;
        if (atOnce && pipe.packetCount() > 0) {
            throw refused(pipe, "packets in flight and no writing end any more", reader);
        }
        creations.add(FileOp.of(
                FileOp.Kind.PIPE,
                reader == null ? -1 : reader.descriptor().fd(),
                reader == null ? 0 : reader.flags(),
                reader != null && reader.descriptor().closeOnExec(),
                number(writer == null ? -1 : writer.descriptor().fd()),
                atOnce ? stored : PlanOffset.ZERO,
                number(atOnce ? pipe.dataSize() : 0),
                number(pipe.capacity())));
        if (writer != null) {
            creations.add(FileOp.of(
                    FileOp.Kind.PIPE_WRITER,
                    writer.descriptor().fd(),
                    writer.flags(),
                    writer.descriptor().closeOnExec()));
        }
        if (writer != null && reader != null && pipe.dataSize() > 0) {
            pipeData.add(FileOp.of(
                    FileOp.Kind.PIPE_DATA,
                    writer.descriptor().fd(),
                    0,
                    false,
                    number(pipe.packetCount()),
                    stored,
                    number(pipe.dataSize())));
        }
    }

    private List<End> ends(int pipeIndex, int accessMode, PipeState pipe) throws PlanException {
        List<End> found = new ArrayList<>();
        for (End end : endsByPipe.get(pipeIndex)) {
            if (end.file().accessMode() == accessMode) {
                found.add(end);
            } else if (end.file().accessMode() > 1) {
                throw refused(pipe, "one descriptor that reads and writes", end);
            }
        }
        if (found.size() > 1) {
            throw refused(pipe, "two openings of the same end", found.get(1));
        }
        return found;
    }

    private static PlanException refused(PipeState pipe, String what, End end) {
        return new PlanException("pipe:[" + pipe.inode() + "] has " + what + " (descriptor "
                + end.descriptor().fd() + "): such a pipe cannot be made again; close it before the capture");
    }
}
