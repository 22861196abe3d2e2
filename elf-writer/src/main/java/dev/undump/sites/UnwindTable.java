// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ElfModule;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;

/**
 * Where functions of an ELF module start and end: its {@code .eh_frame}, through the search table in {@code .eh_frame_hdr} or,
 * where there is none, one made of the section itself.
 *
 * <p>Source: Linux Standard Base Core 5.0, 10.6.2. Whatever does not look as GNU and LLVM linkers write it gives no answer.
 */
final class UnwindTable {

    private static final int EXECUTE = 1;
    private static final int READ = 4;
    private static final long PAGE = 4096;
    private static final int MOST_FUNCTIONS = 4 << 20;
    private static final int ENTRY = 8;
    private static final int HEADER = 12;
    private static final long NEAR = 4 << 10;

    private final FrameRecords records;
    private final long base;
    private final ByteBuffer table;
    private final int count;
    /** Where the module is entered, as far as its header tells; 0 when it does not. */
    private long entry;
    private boolean isLibrary;
    private boolean mayListAll;

    private UnwindTable(CheckpointMemory memory, long base, ByteBuffer table) {
        this.records = new FrameRecords(memory);
        this.base = base;
        this.table = table;
        this.count = table.capacity() / ENTRY;
    }

    /**
     * Reads the table of a module.
     *
     * @param elfHeader address at which its ELF header may stand
     * @param address in its code
     * @return empty when there is none that can be used, or none of this code
     */
    static Optional<UnwindTable> read(CheckpointMemory memory, long elfHeader, long address) throws IOException {
        Optional<ElfModule> found = ElfModule.at(memory, elfHeader);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        ElfModule module = found.get();
        List<ByteRange> code = segments(module, flags -> (flags & EXECUTE) != 0);
        if (code.stream().noneMatch(range -> range.contains(address))) {
            return Optional.empty();
        }
        Optional<ElfModule.ProgramHeader> place = module.ofType(ElfModule.PT_GNU_EH_FRAME).findFirst();
        if (place.isEmpty()) {
            return searched(memory, segments(module, flags -> flags == READ), code);
        }
        Optional<UnwindTable> table = readTable(memory, place.get().address());
        if (table.isPresent()) {
            table.get().entry = module.entry();
            table.get().isLibrary = module.isDynamic() && module.ofType(ElfModule.PT_INTERP).findAny().isEmpty();
            table.get().mayListAll = true;
        }
        return table;
    }

    private static List<ByteRange> segments(ElfModule module, IntPredicate wanted) {
        return module.ofType(ElfModule.PT_LOAD)
                .filter(segment -> wanted.test(segment.flags()))
                .map(segment -> new ByteRange(
                        segment.address() & -PAGE,
                        Math.max(segment.address() & -PAGE, segment.address() + segment.fileBytes())))
                .toList();
    }

    private static Optional<UnwindTable> searched(CheckpointMemory memory, List<ByteRange> segments, List<ByteRange> code)
            throws IOException {
        for (ByteRange segment : segments) {
            Optional<FrameSection.Found> found = FrameSection.find(memory, segment, code);
            if (found.isPresent()) {
                return Optional.of(new UnwindTable(memory, found.get().address(), found.get().table()));
            }
        }
        return Optional.empty();
    }

    /**
     * Returns whether an address is data for sure, because it lies apart from all functions in a module whose functions are all
     * listed: tables stand among code where the linker made one segment of both.
     *
     * <p>Modules in which Go or musl code stands without being listed are entered there, or near there.
     */
    boolean isApart(long address) throws IOException {
        if (!mayListAll) {
            return false;
        }
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
        // The byte in front of a signal trampoline is in the table, but not in the range.
        return records.functionOf(base + table.getInt(index * ENTRY + 4))
                .filter(range -> range.start() - start == 0 || range.start() - start == 1);
    }
}
