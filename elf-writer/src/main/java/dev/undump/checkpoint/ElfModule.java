// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An ELF executable or library in the program's memory, as its headers there tell: the file itself may be another one by now.
 *
 * @param bias what its addresses in memory are higher than those in its file
 * @param isDynamic whether its type is {@code ET_DYN}: a library, or an executable that may lie anywhere
 * @param entry address in memory at which it is entered; 0 when it tells none
 * @param headers by their order in the file
 */
public record ElfModule(long bias, boolean isDynamic, long entry, List<ProgramHeader> headers) {

    public static final int PT_LOAD = 1;
    public static final int PT_DYNAMIC = 2;
    public static final int PT_INTERP = 3;
    public static final int PT_GNU_EH_FRAME = 0x6474e550;

    private static final int MAGIC = 0x464c457f;
    private static final int ET_DYN = 3;
    private static final int HEADER_BYTES = 64;
    private static final int HEADER_TYPE = 16;
    private static final int HEADER_ENTRY = 24;
    private static final int HEADER_TABLE = 32;
    private static final int HEADER_ENTRY_BYTES = 54;
    private static final int HEADER_COUNT = 56;
    private static final int ENTRY_BYTES = 56;
    private static final int MOST_ENTRIES = 64;

    /** Linkers write the table behind the header; one that a tool has moved to the end of the file is not at that place in memory. */
    private static final int FARTHEST_TABLE = 4096;

    /**
     * @param type {@code PT_*}
     * @param flags {@code PF_*}
     * @param address in memory
     * @param fileBytes how many of its bytes the file holds
     * @param memoryBytes how many it has in memory
     */
    public record ProgramHeader(int type, int flags, long address, long fileBytes, long memoryBytes) {}

    public ElfModule {
        headers = List.copyOf(headers);
    }

    /**
     * Reads the headers of a module.
     *
     * @param header address at which its ELF header may stand
     * @return empty when none stands there, or one that GNU and LLVM linkers do not write
     * @throws IOException if the checkpoint cannot be read
     */
    public static Optional<ElfModule> at(CheckpointMemory memory, long header) throws IOException {
        Optional<ByteBuffer> found = memory.read(header, HEADER_BYTES);
        if (found.isEmpty() || found.get().getInt(0) != MAGIC || found.get().getShort(HEADER_ENTRY_BYTES) != ENTRY_BYTES) {
            return Optional.empty();
        }
        ByteBuffer bytes = found.get();
        long table = bytes.getLong(HEADER_TABLE);
        int count = Short.toUnsignedInt(bytes.getShort(HEADER_COUNT));
        if (table < HEADER_BYTES || table > FARTHEST_TABLE || count > MOST_ENTRIES) {
            return Optional.empty();
        }
        Optional<ByteBuffer> entries = memory.read(header + table, count * ENTRY_BYTES);
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        for (int at = 0; at < count * ENTRY_BYTES; at += ENTRY_BYTES) {
            // The header stands at the start of the file, and of the first segment.
            if (entries.get().getInt(at) == PT_LOAD && entries.get().getLong(at + 8) == 0) {
                return Optional.of(read(bytes, entries.get(), header - entries.get().getLong(at + 16)));
            }
        }
        return Optional.empty();
    }

    private static ElfModule read(ByteBuffer header, ByteBuffer entries, long bias) {
        List<ProgramHeader> headers = new ArrayList<>();
        for (int at = 0; at < entries.capacity(); at += ENTRY_BYTES) {
            headers.add(new ProgramHeader(
                    entries.getInt(at),
                    entries.getInt(at + 4),
                    bias + entries.getLong(at + 16),
                    entries.getLong(at + 32),
                    entries.getLong(at + 40)));
        }
        long entry = header.getLong(HEADER_ENTRY);
        return new ElfModule(bias, header.getShort(HEADER_TYPE) == ET_DYN, entry == 0 ? 0 : bias + entry, headers);
    }

    /** Returns its headers of a type, by their order in the file. */
    public Stream<ProgramHeader> ofType(int type) {
        return headers.stream().filter(header -> header.type() == type);
    }
}
