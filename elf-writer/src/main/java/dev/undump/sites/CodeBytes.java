// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** The bytes of executable memory, read in pieces that are large enough for many functions. */
final class CodeBytes {

    private static final int PIECE = 128 << 10;
    private static final int BEFORE = 4 << 10;

    private final CheckpointMemory memory;
    /** Stored executable memory: by address, not touching. */
    private final List<ByteRange> runs;

    private ByteRange loaded = new ByteRange(0, 0);
    private byte[] bytes = new byte[0];

    CodeBytes(CheckpointMemory memory, List<ByteRange> runs) {
        this.memory = memory;
        this.runs = runs;
    }

    List<ByteRange> runs() {
        return runs;
    }

    /** Returns the stored executable memory around an address; empty when it is not inside any. */
    Optional<ByteRange> runAt(long address) {
        int low = 0;
        int high = runs.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            ByteRange run = runs.get(middle);
            if (address < run.start()) {
                high = middle - 1;
            } else if (address >= run.end()) {
                low = middle + 1;
            } else {
                return Optional.of(run);
            }
        }
        return Optional.empty();
    }

    /**
     * Returns a decoder that reaches over a range, clipped to stored memory, and some bytes behind it.
     *
     * @param range must start in stored executable memory
     */
    InstructionDecoder decoder(ByteRange range) throws IOException {
        load(range);
        return new InstructionDecoder(bytes, loaded.start());
    }

    /** Returns a copy of some bytes, all of them stored executable memory. */
    byte[] copy(ByteRange range) throws IOException {
        load(range);
        byte[] result = new byte[Math.toIntExact(range.lengthBytes())];
        System.arraycopy(bytes, Math.toIntExact(range.start() - loaded.start()), result, 0, result.length);
        return result;
    }

    /** Reads a piece of one run as it is, for those who go through all of it once. */
    byte[] read(ByteRange piece) throws IOException {
        Optional<ByteBuffer> content = memory.read(piece.start(), Math.toIntExact(piece.lengthBytes()));
        return content.orElseThrow(() -> new IOException("code at " + piece + " is not in the checkpoint")).array();
    }

    /** Returns bytes that the program cannot write to; empty when it can, or when they are not stored. */
    Optional<ByteBuffer> constants(long address, int length) throws IOException {
        boolean constant = memory.mappingAt(address)
                .filter(mapping -> (mapping.protection() & Mapping.WRITE) == 0)
                .filter(mapping -> mapping.range().contains(ByteRange.ofLength(address, length)))
                .isPresent();
        return constant ? memory.read(address, length) : Optional.empty();
    }

    private void load(ByteRange range) throws IOException {
        ByteRange run = runAt(range.start()).orElseThrow();
        long end = Math.min(range.end() + InstructionDecoder.LONGEST, run.end());
        if (loaded.contains(new ByteRange(range.start(), end))) {
            return;
        }
        long from = Math.max(run.start(), range.start() - BEFORE);
        loaded = new ByteRange(from, Math.min(run.end(), Math.max(end, from + PIECE)));
        bytes = read(loaded);
    }
}
