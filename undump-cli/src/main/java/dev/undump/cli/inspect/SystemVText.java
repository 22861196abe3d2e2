// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Segment;
import dev.undump.checkpoint.Semaphore;
import java.io.PrintWriter;
import java.util.Locale;

/** System V shared memory that was attached, and semaphores that had been changed with SEM_UNDO. */
final class SystemVText {

    private SystemVText() {}

    static void print(Subject subject, PrintWriter out) {
        Checkpoint checkpoint = subject.checkpoint();
        if (!checkpoint.segments().isEmpty()) {
            segments(checkpoint, out);
        }
        if (!checkpoint.semaphores().isEmpty()) {
            semaphores(checkpoint, out);
        }
    }

    private static void segments(Checkpoint checkpoint, PrintWriter out) {
        out.println();
        out.println(Sizes.count(checkpoint.segments().size(), "segment") + " of System V shared memory");
        Table table = new Table(" ID", "KEY", " SIZE", " STORED", "MODE", " OWNER", "STATE");
        for (Segment segment : checkpoint.segments()) {
            table.row(
                    Integer.toString(segment.id()),
                    key(segment.key()),
                    Sizes.bytes(segment.sizeBytes()),
                    Sizes.bytes(checkpoint.memoryFiles().get(segment.memoryFile()).storedBytes()),
                    mode(segment),
                    Integer.toUnsignedString(segment.uid()),
                    segment.isDestroyed() ? "destroyed" : "-");
        }
        table.print(out);
    }

    private static void semaphores(Checkpoint checkpoint, PrintWriter out) {
        out.println();
        out.println(Sizes.count(checkpoint.semaphores().size(), "System V semaphore") + " with SEM_UNDO");
        Table table = new Table(" SET", "KEY", " NUMBER", " OF", " AT THE END");
        for (Semaphore semaphore : checkpoint.semaphores()) {
            table.row(
                    Integer.toString(semaphore.set()),
                    key(semaphore.key()),
                    Integer.toString(semaphore.number()),
                    Integer.toString(semaphore.count()),
                    String.format(Locale.ROOT, "%+d", semaphore.adjustment()));
        }
        table.print(out);
    }

    static String key(int key) {
        return String.format("0x%08x", key);
    }

    static String mode(Segment segment) {
        return String.format("%04o", segment.mode());
    }
}
