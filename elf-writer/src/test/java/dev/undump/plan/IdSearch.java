// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What one finder of ids finds in a program of one thread, whose events and pipes have known numbers. */
final class IdSearch {

    static final int PID = PlanSamples.TID;
    static final int EVENT = 5;
    static final int OTHER_EVENT = 6;
    static final int READING = 7;
    static final int WRITING = 8;
    static final int OTHER_READING = 9;

    /** Looks for ids. */
    interface Finder {
        void find(Checkpoint checkpoint, CheckpointMemory memory, TidPatches patches, List<ExportedSymbols> modules)
                throws IOException;
    }

    private IdSearch() {}

    static List<TidPatch> in(CheckpointBuilder builder, Path folder, Finder finder) throws IOException {
        builder.openFile(CheckpointSamples.openFile(FileKind.EVENTFD, "anon_inode:[eventfd]"))
                .openFile(pipe(0, 0))
                .openFile(pipe(1, 0))
                .openFile(pipe(0, 1))
                .pipe(new PipeState(55, 65536, false, 0, 0, 0, 0), new byte[0])
                .pipe(new PipeState(56, 65536, false, 0, 0, 0, 0), new byte[0])
                .descriptor(new Descriptor(EVENT, 0, true))
                .descriptor(new Descriptor(OTHER_EVENT, 0, true))
                .descriptor(new Descriptor(READING, 1, true))
                .descriptor(new Descriptor(WRITING, 2, true))
                .descriptor(new Descriptor(OTHER_READING, 3, true))
                .thread(PlanSamples.thread(PID, PlanSamples.registers(), Optional.empty()));
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            finder.find(checkpoint, memory, patches, ExportedSymbols.find(memory));
            return patches.inOrder();
        }
    }

    private static OpenFile pipe(int accessMode, int number) {
        OpenFile like = CheckpointSamples.openFile(FileKind.PIPE, "pipe:[" + (55 + number) + "]", accessMode);
        return new OpenFile(
                like.kind(), 0, accessMode, 010600, 0, 55 + number, 0, 15, 0, 0, 0, 0, NativeText.of(like.path().toString()),
                0, 0, 0, like.values(), 0, number);
    }
}
