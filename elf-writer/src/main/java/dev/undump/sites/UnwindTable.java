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
 * Where functions of an ELF module start and end: its {@code .eh_frame}, through the search table in {@code .eh_frame_hdr}.
 *
 * <p>Source: Linux Standard Base Core 5.0, 10.6; DWARF 5, 6.4. Whatever does not look as GNU and LLVM linkers write it gives no
 * answer.
 */
final class UnwindTable {

    private static final int PT_LOAD = 1;
    private static final int PT_INTERP = 3;
    private static final int ET_DYN = 3;
    private static final int EXECUTE = 1;
    private static final long PAGE = 4096;
    private static final int PT_GNU_EH_FRAME = 0x6474e550;
    private static final int ELF_HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int MOST_FUNCTIONS = 4 << 20;
    private static final int ENTRY = 8;
    private static final int HEADER = 12;
    private static final int PIECE = 64 << 10;
    private static final long NEAR = 4 << 10;
    private static final int SIGNAL_FRAME = 0x100;
    /** Longer ones are taken for nonsense. */
    private static final long LONGEST_FUNCTION = 4 << 20;

    private final CheckpointMemory memory;
    private final long base;
    private final ByteBuffer table;
    private final int count;
    /** Where the module is entered, as far as its header tells; 0 when it does not. */
    private long entry;
    private boolean isLibrary;
    private final Map<Long, Integer> encodings = new HashMap<>();

    private ByteBuffer frames = ByteBuffer.allocate(0);
    private long framesBase;

    private UnwindTable(CheckpointMemory memory, long base, ByteBuffer table) {
        this.memory = memory;
        this.base = base;
        this.table = table;
        this.count = table.capacity() / ENTRY;
    }

    /**
     * Reads the table of a module.
     *
     * @param elfHeader address at which its ELF header may stand
     * @param code an address in its code
     * @return empty when there is none that can be used, or none of this code
     */
    static Optional<UnwindTable> read(CheckpointMemory memory, long elfHeader, long code) throws IOException {
        Optional<ByteBuffer> header = memory.read(elfHeader, ELF_HEADER);
        if (header.isEmpty() || header.get().getInt(0) != 0x464c457f) {
            return Optional.empty();
        }
        long programHeaders = header.get().getLong(32);
        int number = header.get().getShort(56) & 0xffff;
        if (programHeaders < ELF_HEADER || programHeaders > 4096 || number > 64 || header.get().getShort(54) != PROGRAM_HEADER) {
            return Optional.empty();
        }
        Optional<ByteBuffer> headers = memory.read(elfHeader + programHeaders, number * PROGRAM_HEADER);
        long bias = Long.MIN_VALUE;
        long place = 0;
        boolean library = header.get().getShort(16) == ET_DYN;
        boolean owner = false;
        for (int i = 0; headers.isPresent() && i < number; i++) {
            ByteBuffer segment = headers.get().slice(i * PROGRAM_HEADER, PROGRAM_HEADER).order(headers.get().order());
            if (segment.getInt(0) == PT_LOAD) {
                // The header stands at the start of the first one.
                bias = segment.getLong(8) == 0 ? elfHeader - segment.getLong(16) : bias;
                long start = bias + segment.getLong(16);
                owner |= (segment.getInt(4) & EXECUTE) != 0 && code >= (start & -PAGE) && code < start + segment.getLong(32);
            } else if (segment.getInt(0) == PT_GNU_EH_FRAME) {
                place = segment.getLong(16);
            } else if (segment.getInt(0) == PT_INTERP) {
                library = false;
            }
        }
        if (!owner || bias == Long.MIN_VALUE || place == 0) {
            return Optional.empty();
        }
        Optional<UnwindTable> table = readTable(memory, bias + place);
        if (table.isPresent()) {
            table.get().entry = header.get().getLong(24) == 0 ? 0 : bias + header.get().getLong(24);
            table.get().isLibrary = library;
        }
        return table;
    }

    /**
     * Returns whether an address is data for sure, because it lies apart from all functions in a module whose functions are all
     * listed: tables stand among code where the linker made one segment of both.
     *
     * <p>Modules in which Go or musl code stands without being listed are entered there, or near there.
     */
    boolean isApart(long address) throws IOException {
        long first = base + table.getInt(0);
        long last = functionBefore(Long.MAX_VALUE).map(ByteRange::end).orElse(Long.MAX_VALUE);
        boolean apart = address < first - NEAR || address >= last + NEAR;
        boolean listed = entry == 0
                || functionAt(entry).isPresent()
                || (isLibrary && entry >= first - NEAR && entry < last + NEAR);
        return apart && listed;
    }

    private static Optional<UnwindTable> readTable(CheckpointMemory memory, long address) throws IOException {
        Optional<ByteBuffer> header = memory.read(address, HEADER);
        // Version 1; frame pointer in 4 bytes; count as udata4; table as sdata4 from here.
        if (header.isEmpty()
                || header.get().get(0) != 1
                || (header.get().get(1) & 0x0f) % 8 != 3
                || header.get().get(2) != 0x03
                || header.get().get(3) != 0x3b) {
            return Optional.empty();
        }
        int count = header.get().getInt(8);
        if (count <= 0 || count > MOST_FUNCTIONS) {
            return Optional.empty();
        }
        Optional<ByteBuffer> table = memory.read(address + HEADER, count * ENTRY);
        return table.map(content -> new UnwindTable(memory, address, content));
    }

    /** Returns the function that holds an address; empty when the table does not know one. */
    Optional<ByteRange> functionAt(long address) throws IOException {
        int index = lastStartingUpTo(address);
        Optional<ByteRange> function = index < 0 ? Optional.empty() : function(index);
        return function.filter(range -> range.contains(address));
    }

    /** Returns the last function that starts below an address. */
    Optional<ByteRange> functionBefore(long address) throws IOException {
        int index = lastStartingUpTo(address - 1);
        Optional<ByteRange> function = index < 0 ? Optional.empty() : function(index);
        boolean itself = function.isPresent() && function.get().start() >= address;
        return itself ? functionBefore(address - 1) : function;
    }

    /** Returns the first function that starts at or behind an address. */
    Optional<ByteRange> functionFrom(long address) throws IOException {
        int index = lastStartingUpTo(address - 1) + 1;
        return index >= count ? Optional.empty() : function(index);
    }

    private int lastStartingUpTo(long address) {
        int low = 0;
        int high = count - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (base + table.getInt(middle * ENTRY) <= address) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high;
    }

    private Optional<ByteRange> function(int index) throws IOException {
        long start = base + table.getInt(index * ENTRY);
        long record = base + table.getInt(index * ENTRY + 4);
        if (!load(record, 32)) {
            return Optional.empty();
        }
        int at = (int) (record - framesBase);
        long length = frames.getInt(at) & 0xffffffffL;
        long cie = record + 4 - frames.getInt(at + 4);
        int encoding = encodingOf(cie);
        if (length < 16 || length == 0xffffffffL || encoding < 0 || !load(record, 32)) {
            return Optional.empty();
        }
        at = (int) (record - framesBase);
        boolean wide = (encoding & 7) != 3;
        long relative = wide ? frames.getLong(at + 8) : frames.getInt(at + 8);
        long begin = (encoding & 0x70) == 0x10 ? record + 8 + relative : relative;
        long size = wide ? frames.getLong(at + 16) : frames.getInt(at + 12) & 0xffffffffL;
        if (begin != start || size <= 1 || size > LONGEST_FUNCTION) {
            return Optional.empty();
        }
        // Unwinders look one byte in front of a return address, which a signal trampoline has at its very start.
        int lead = (encoding & SIGNAL_FRAME) != 0 ? 1 : 0;
        return Optional.of(new ByteRange(start + lead, start + size));
    }

    /** Returns how addresses are written in frames of this CIE; -1 when not understood. */
    private int encodingOf(long cie) throws IOException {
        Integer known = encodings.get(cie);
        if (known == null) {
            known = load(cie, 64) ? parseCie((int) (cie - framesBase)) : -1;
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
        long start = Math.max(0, address - PIECE / 4);
        Optional<ByteBuffer> piece = memory.read(start, PIECE);
        if (piece.isEmpty()) {
            start = address;
            piece = memory.read(address, length);
        }
        if (piece.isEmpty()) {
            return false;
        }
        frames = piece.get();
        framesBase = start;
        return true;
    }
}
