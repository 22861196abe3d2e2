// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Where HotSpot keeps the code that it generates, as the JVM itself tells debuggers.
 *
 * <p>There is no system call in there: HotSpot's assembler has no such instruction, and its compilers and stubs call functions
 * for whatever the kernel does. But between the code lie tables, compressed to the last bit, in which the bytes of one stand by chance,
 * a thousand times in a JVM that has compiled much. No decoding tells all of them from code.
 *
 * <p>Source: runtime/vmStructs.hpp and code/codeCache.cpp of JDK 9 to 25; the table is what the serviceability agent reads.
 */
final class HotSpotCode {

    private static final String TABLE = "gHotSpotVMStructs";
    private static final int LARGEST_ENTRY = 256;
    private static final int MOST_ENTRIES = 1 << 14;
    /** HotSpot reserves no more, so that its code reaches all of it with near jumps. */
    private static final long LARGEST = 2L << 30;

    private final CheckpointMemory memory;
    private final ExportedSymbols symbols;

    private HotSpotCode(CheckpointMemory memory, ExportedSymbols symbols) {
        this.memory = memory;
        this.symbols = symbols;
    }

    /** Returns the whole reservation; empty when the program has no HotSpot, or one that does not tell. */
    static Optional<ByteRange> find(Checkpoint checkpoint, CheckpointMemory memory) throws IOException {
        for (Mapping mapping : checkpoint.mappings()) {
            // By content, not by name: in an image that is captured again all names are the image's.
            if (mapping.isFile()) {
                Optional<ExportedSymbols> symbols = ExportedSymbols.at(memory, mapping.range().start());
                if (symbols.isPresent() && symbols.get().variable(TABLE).isPresent()) {
                    return new HotSpotCode(memory, symbols.get()).reservation();
                }
            }
        }
        return Optional.empty();
    }

    private Optional<ByteRange> reservation() throws IOException {
        long stride = exported("gHotSpotVMStructEntryArrayStride");
        long typeName = exported("gHotSpotVMStructEntryTypeNameOffset");
        long fieldName = exported("gHotSpotVMStructEntryFieldNameOffset");
        long isStatic = exported("gHotSpotVMStructEntryIsStaticOffset");
        long address = exported("gHotSpotVMStructEntryAddressOffset");
        boolean known = stride > 0 && stride <= LARGEST_ENTRY;
        for (long offset : new long[] {typeName, fieldName, isStatic, address}) {
            known &= offset >= 0 && offset <= stride - Long.BYTES;
        }
        if (!known) {
            return Optional.empty();
        }
        long low = 0;
        long high = 0;
        long entry = exported(TABLE);
        for (int i = 0; i < MOST_ENTRIES && (low == 0 || high == 0); i++, entry += stride) {
            Optional<ByteBuffer> content = memory.read(entry, (int) stride);
            if (content.isEmpty() || content.get().getLong((int) fieldName) == 0) {
                break;
            }
            if (content.get().getInt((int) isStatic) == 1
                    && memory.holdsText(content.get().getLong((int) typeName), "CodeCache")) {
                long field = content.get().getLong((int) fieldName);
                long value = memory.readLong(content.get().getLong((int) address)).orElse(0);
                low = memory.holdsText(field, "_low_bound") ? value : low;
                high = memory.holdsText(field, "_high_bound") ? value : high;
            }
        }
        boolean plausible = low > 0 && high > low && high - low <= LARGEST;
        return plausible ? Optional.of(new ByteRange(low, high)) : Optional.empty();
    }

    /** Returns the number in an exported variable; -1 when there is none. */
    private long exported(String name) throws IOException {
        Optional<ExportedSymbols.Variable> variable = symbols.variable(name);
        return variable.isPresent() ? memory.readLong(variable.get().address()).orElse(-1) : -1;
    }
}
