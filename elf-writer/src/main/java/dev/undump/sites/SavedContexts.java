// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongPredicate;

/**
 * Moves the threads that were interrupted by a signal inside of rewritten code and are in its handler now: the frame on their
 * stack says where they go on.
 *
 * <p>Source: {@code struct sigcontext} in asm/sigcontext.h: rip, flags, and four segment selectors in one word.
 */
final class SavedContexts {

    private static final int USER_CODE_SEGMENT = 0x33;
    private static final long RED_ZONE = 128;
    /** Flags that programs can have: below bit 22, bit 1 always set. */
    private static final long IMPOSSIBLE_FLAGS = ~0x3fffffL;
    /** Frames of handlers that have not returned lie above the stack pointer; nobody handles signals further below. */
    private static final long DEEPEST = 8L << 20;

    private final CheckpointMemory memory;
    private final LongPredicate wanted;
    /** By the address of the instruction pointer in the frame. */
    private final TreeMap<Long, Long> found = new TreeMap<>();

    private SavedContexts(CheckpointMemory memory, LongPredicate wanted) {
        this.memory = memory;
        this.wanted = wanted;
    }

    /** Returns the changed words of all threads' stacks. */
    static List<CodePatch> relocate(Checkpoint checkpoint, CheckpointMemory memory, Map<Long, Long> moved)
            throws IOException {
        List<CodePatch> patches = new ArrayList<>();
        if (!moved.isEmpty()) {
            find(checkpoint, memory, moved::containsKey).forEach((address, instructionPointer) -> {
                long target = Long.reverseBytes(moved.get(instructionPointer));
                byte[] word = ByteBuffer.allocate(Long.BYTES).putLong(target).array();
                patches.add(new CodePatch(address, Bytes.copyOf(word)));
            });
        }
        return patches;
    }

    /**
     * Finds the frames of threads in signal handlers.
     *
     * @param wanted knows the instruction pointers that are looked for
     * @return instruction pointers by where they stand
     */
    static Map<Long, Long> find(Checkpoint checkpoint, CheckpointMemory memory, LongPredicate wanted)
            throws IOException {
        SavedContexts contexts = new SavedContexts(memory, wanted);
        for (CheckpointThread thread : checkpoint.threads()) {
            contexts.search(thread.registers().rsp() - RED_ZONE, DEEPEST);
            contexts.search(thread.alternateStack().address(), thread.alternateStack().sizeBytes());
        }
        return contexts.found;
    }

    private void search(long address, long length) throws IOException {
        Optional<Mapping> mapping = address <= 0 ? Optional.empty() : memory.mappingAt(address);
        if (mapping.isEmpty() || length <= 0) {
            return;
        }
        long start = address & -Long.BYTES;
        long end = Math.min(mapping.get().range().end(), start + Math.min(length, DEEPEST));
        for (Extent extent : mapping.get().extents()) {
            long from = Math.max(start, extent.address());
            long to = Math.min(end, extent.range().end());
            if (extent.hasBytes() && from < to) {
                searchWords(new ByteRange(from, to));
            }
        }
    }

    private void searchWords(ByteRange range) throws IOException {
        Optional<ByteBuffer> bytes = memory.read(range.start(), Math.toIntExact(range.lengthBytes()));
        if (bytes.isEmpty()) {
            return;
        }
        for (int at = 0; at + 3 * Long.BYTES <= bytes.get().limit(); at += Long.BYTES) {
            long pointer = bytes.get().getLong(at);
            if (wanted.test(pointer) && isContext(bytes.get().getLong(at + 8), bytes.get().getLong(at + 16))) {
                found.put(range.start() + at, pointer);
            }
        }
    }

    private static boolean isContext(long flags, long selectors) {
        return (flags & IMPOSSIBLE_FLAGS) == 0 && (flags & 2) != 0 && (selectors & 0xffff) == USER_CODE_SEGMENT;
    }
}
