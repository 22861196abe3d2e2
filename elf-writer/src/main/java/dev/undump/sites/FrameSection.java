// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Finds {@code .eh_frame} in a module that has no search table of it, as in programs that are linked statically or by musl-gcc.
 *
 * <p>Nothing in memory says where it starts. It is taken for one if its records follow each other up to its end, all of them are
 * understood, and each describes code of this module. Only segments without code are searched: what an embedded file says about
 * its own code, counted from where it lies, never comes to code of this module there.
 */
final class FrameSection {

    private static final int PIECE = 1 << 20;
    private static final long LARGEST = 64L << 20;
    /** Length, zero as the mark of a common record, version 1, and a text that begins with z. */
    private static final int SIGNATURE = 10;
    private static final int MOST_TRIES = 64;
    private static final int ENTRY = 8;

    private final CheckpointMemory memory;
    private final ByteRange segment;
    private final List<ByteRange> code;
    private int tries;

    private FrameSection(CheckpointMemory memory, ByteRange segment, List<ByteRange> code) {
        this.memory = memory;
        this.segment = segment;
        this.code = code;
    }

    /**
     * What was found, in the form of the table in {@code .eh_frame_hdr}.
     *
     * @param address of the section
     * @param table pairs of function and record by function, both as 32-bit distances from the address
     */
    record Found(long address, ByteBuffer table) {}

    /**
     * Searches one segment.
     *
     * @param segment read-only memory of the module, without code
     * @param code of the module
     */
    static Optional<Found> find(CheckpointMemory memory, ByteRange segment, List<ByteRange> code) throws IOException {
        if (segment.lengthBytes() > LARGEST) {
            return Optional.empty();
        }
        FrameSection section = new FrameSection(memory, segment, code);
        for (long start = segment.start(); start < segment.end(); start += PIECE) {
            long length = Math.min(segment.end() - start, PIECE + SIGNATURE);
            Optional<ByteBuffer> piece = memory.read(start, Math.toIntExact(length));
            Optional<Found> found = piece.isEmpty() ? Optional.empty() : section.search(piece.get(), start);
            if (found.isPresent() || section.tries > MOST_TRIES) {
                return found;
            }
        }
        return Optional.empty();
    }

    private Optional<Found> search(ByteBuffer piece, long base) throws IOException {
        for (int at = 0; at + SIGNATURE <= piece.limit(); at += Integer.BYTES) {
            if (piece.getInt(at + 4) == 0 && piece.get(at + 8) == 1 && piece.get(at + 9) == 'z') {
                Optional<Found> found = follow(base + at);
                if (found.isPresent() || ++tries > MOST_TRIES) {
                    return found;
                }
            }
        }
        return Optional.empty();
    }

    private Optional<Found> follow(long address) throws IOException {
        FrameRecords records = new FrameRecords(memory);
        Set<Long> commons = new HashSet<>();
        TreeMap<Long, Long> functions = new TreeMap<>();
        long at = address;
        for (long length = records.lengthAt(at); length > 0; length = at < segment.end() ? records.lengthAt(at) : 0) {
            long common = records.commonOf(at).orElse(0L);
            if (common == at ? records.encodingOf(at) < 0 : !commons.contains(common)) {
                return Optional.empty();
            }
            if (common == at) {
                commons.add(at);
            } else {
                Optional<ByteRange> function = records.functionOf(at);
                if (function.isPresent() && code.stream().noneMatch(range -> range.contains(function.get()))) {
                    return Optional.empty();
                }
                long record = at;
                function.ifPresent(range -> functions.put(range.start(), record));
            }
            at += length;
        }
        return at > segment.end() || functions.isEmpty() ? Optional.empty() : Optional.of(new Found(address, table(address, functions)));
    }

    private static ByteBuffer table(long address, TreeMap<Long, Long> functions) {
        ByteBuffer table = ByteBuffer.allocate(functions.size() * ENTRY).order(ByteOrder.LITTLE_ENDIAN);
        for (Map.Entry<Long, Long> function : functions.entrySet()) {
            table.putInt(Math.toIntExact(function.getKey() - address));
            table.putInt(Math.toIntExact(function.getValue() - address));
        }
        return table.rewind();
    }
}
