// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Single records of {@code .eh_frame}.
 *
 * <p>Source: Linux Standard Base Core 5.0, 10.6.1; DWARF 5, 6.4.1. What GNU and LLVM compilers do not write is not understood.
 */
final class FrameRecords {

    private static final long PIECE = 32 << 10;
    private static final int LONGEST_READ = 64;
    private static final int MOST_PIECES = 64;
    private static final ByteBuffer NONE = ByteBuffer.allocate(0);
    private static final int SIGNAL_FRAME = 0x100;
    /** Longer ones are taken for nonsense. */
    private static final long LONGEST_FUNCTION = 4 << 20;
    private static final int SMALLEST = 32;

    private final CheckpointMemory memory;
    private final Map<Long, Integer> encodings = new HashMap<>();

    private final Map<Long, ByteBuffer> pieces = new HashMap<>();

    private ByteBuffer frames = NONE;
    private long framesBase;

    FrameRecords(CheckpointMemory memory) {
        this.memory = memory;
    }

    /** Returns how many bytes a record takes; 0 for the end of the section and what is no record. */
    long lengthAt(long record) throws IOException {
        if (!load(record, Integer.BYTES)) {
            return 0;
        }
        long length = frames.getInt((int) (record - framesBase)) & 0xffffffffL;
        return length < Integer.BYTES || length >= 0xfffffff0L ? 0 : length + Integer.BYTES;
    }

    /** Returns the address of the common record that a record refers to; itself when it is a common record. */
    Optional<Long> commonOf(long record) throws IOException {
        if (!load(record, 2 * Integer.BYTES)) {
            return Optional.empty();
        }
        int distance = frames.getInt((int) (record + Integer.BYTES - framesBase));
        return Optional.of(distance == 0 ? record : record + Integer.BYTES - distance);
    }

    /** Returns the function that a record describes; empty when the record is not understood. */
    Optional<ByteRange> functionOf(long record) throws IOException {
        if (!load(record, SMALLEST)) {
            return Optional.empty();
        }
        int at = (int) (record - framesBase);
        long length = frames.getInt(at) & 0xffffffffL;
        long cie = record + 4 - frames.getInt(at + 4);
        int encoding = encodingOf(cie);
        if (length < 16 || length == 0xffffffffL || encoding < 0 || !load(record, SMALLEST)) {
            return Optional.empty();
        }
        at = (int) (record - framesBase);
        boolean wide = (encoding & 7) != 3;
        long relative = wide ? frames.getLong(at + 8) : frames.getInt(at + 8);
        long start = (encoding & 0x70) == 0x10 ? record + 8 + relative : relative;
        long size = wide ? frames.getLong(at + 16) : frames.getInt(at + 12) & 0xffffffffL;
        if (size <= 1 || size > LONGEST_FUNCTION) {
            return Optional.empty();
        }
        // Unwinders look one byte in front of a return address, which a signal trampoline has at its very start.
        int lead = (encoding & SIGNAL_FRAME) != 0 ? 1 : 0;
        return Optional.of(new ByteRange(start + lead, start + size));
    }

    /** Returns how addresses are written in frames of this CIE; -1 when not understood. */
    int encodingOf(long cie) throws IOException {
        Integer known = encodings.get(cie);
        if (known == null) {
            known = load(cie, LONGEST_READ) ? parseCie((int) (cie - framesBase)) : -1;
            encodings.put(cie, known);
        }
        return known;
    }

    private int parseCie(int at) {
        int position = at + 9;
        if (frames.getInt(at + 4) != 0 || frames.get(position) != 'z') {
            return -1;
        }
        int augmentation = position;
        while (frames.get(position) != 0) {
            if (++position > at + 24) {
                return -1;
            }
        }
        // Behind the text: code and data alignment, return register, length of the augmentation; each one byte in practice.
        for (int field = 0; field < 4; field++) {
            if (frames.get(position + 1 + field) < 0 && field != 1) {
                return -1;
            }
        }
        int data = position + 5;
        int encoding = -1;
        int signal = 0;
        for (int i = augmentation + 1; frames.get(i) != 0; i++) {
            switch (frames.get(i)) {
                case 'R' -> encoding = frames.get(data++) & 0xff;
                case 'P' -> data += 1 + ((frames.get(data) & 7) == 3 ? 4 : 8);
                case 'L' -> data++;
                case 'S' -> signal = SIGNAL_FRAME;
                case 'B' -> {}
                default -> {
                    return -1;
                }
            }
        }
        boolean simple = encoding == 0x1b || encoding == 0x00 || encoding == 0x03 || encoding == 0x1c;
        return simple ? encoding | signal : -1;
    }

    private boolean load(long address, int length) throws IOException {
        if (address >= framesBase && address + length <= framesBase + frames.capacity()) {
            return true;
        }
        if (address < 0) {
            return false;
        }
        // Records are not in the order of their functions: what was read is kept.
        framesBase = address & -PIECE;
        frames = pieces.get(framesBase);
        if (frames == null) {
            frames = memory.read(framesBase, (int) PIECE + LONGEST_READ).orElse(NONE);
            if (pieces.size() == MOST_PIECES) {
                pieces.clear();
            }
            pieces.put(framesBase, frames);
        }
        if (frames == NONE) { // the start or the end of the module
            framesBase = address;
            frames = memory.read(address, length).orElse(NONE);
        }
        return address + length <= framesBase + frames.capacity();
    }
}
