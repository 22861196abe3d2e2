// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.OpenFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * The descriptors by which threads of one process wake each other up, and who keeps them with the id of that process: with another
 * id, a forked child is to leave its parent's alone.
 */
final class DescriptorPairs {

    private final CheckpointMemory memory;
    private final Map<Integer, OpenFile> files = new HashMap<>();

    DescriptorPairs(Checkpoint checkpoint, CheckpointMemory memory) {
        this.memory = memory;
        for (Descriptor descriptor : checkpoint.descriptors()) {
            files.put(descriptor.fd(), checkpoint.openFile(descriptor));
        }
    }

    /** Whether they are one event, twice, or the two ends of a pipe. */
    boolean isPair(int reading, int writing) {
        OpenFile read = files.get(reading);
        OpenFile write = files.get(writing);
        if (read == null || write == null) {
            return false;
        }
        if (reading == writing) {
            return read.kind() == FileKind.EVENTFD;
        }
        return read.kind() == FileKind.PIPE
                && write.kind() == FileKind.PIPE
                && read.object() == write.object()
                && read.accessMode() == 0
                && write.accessMode() == 1;
    }

    /** Whether two words of four bytes in memory are such a pair. */
    boolean isPairAt(long address) throws IOException {
        OptionalInt reading = memory.readInt(address);
        OptionalInt writing = memory.readInt(address + Integer.BYTES);
        return reading.isPresent() && writing.isPresent() && isPair(reading.getAsInt(), writing.getAsInt());
    }

    /** Returns the places of an id of four bytes that stands right behind a pair. */
    List<Long> followedBy(int id, List<Mapping> mappings) throws IOException {
        List<Long> candidates = new ArrayList<>();
        new MemoryWindows(memory)
                .<Long>search(
                        mappings,
                        (bytes, words, address) -> {
                            List<Long> found = new ArrayList<>();
                            for (int at = 0; at + Integer.BYTES <= bytes.limit(); at += Integer.BYTES) {
                                if (bytes.getInt(at) == id
                                        && (at < 2 * Integer.BYTES
                                                || isPair(
                                                        bytes.getInt(at - 2 * Integer.BYTES),
                                                        bytes.getInt(at - Integer.BYTES)))) {
                                    found.add(address + at);
                                }
                            }
                            return found;
                        },
                        candidates::add);
        List<Long> places = new ArrayList<>();
        for (long candidate : candidates) {
            if (isPairAt(candidate - 2 * Integer.BYTES)) {
                places.add(candidate);
            }
        }
        return places;
    }
}
