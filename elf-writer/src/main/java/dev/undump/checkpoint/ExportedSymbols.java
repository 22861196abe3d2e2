// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What an ELF module of the program exports, read from its memory as the dynamic linker does (DT_GNU_HASH, DT_SYMTAB). Whatever does
 * not look as GNU and LLVM linkers write it gives no answer.
 */
public final class ExportedSymbols {

    /**
     * A variable or function.
     *
     * @param sizeBytes as its symbol says
     */
    public record Variable(long address, long sizeBytes) {}

    private static final int DYNAMIC_ENTRY_BYTES = 16;
    private static final int DYNAMIC_LIMIT = 256;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_GNU_HASH = 0x6ffffef5;
    private static final int HASH_HEADER_BYTES = 16;
    private static final int SYMBOL_BYTES = 24;
    private static final int SYMBOL_SECTION = 6;
    private static final int SYMBOL_VALUE = 8;
    private static final int SYMBOL_SIZE = 16;
    private static final int CHAIN_LIMIT = 1 << 12;

    private final CheckpointMemory memory;
    private final long start;
    private final long end;
    private final long bias;
    private long strings;
    private long symbols;
    private long hash;

    private ExportedSymbols(CheckpointMemory memory, long start, ElfModule module) {
        this.memory = memory;
        this.start = start;
        this.bias = module.bias();
        this.end = module.ofType(ElfModule.PT_LOAD)
                .mapToLong(segment -> segment.address() + segment.memoryBytes())
                .max()
                .orElse(start);
    }

    /**
     * Finds all modules, by their headers: names and offsets of mappings are those of the image in a launched program.
     *
     * @return those with tables that can be read, by address
     * @throws IOException if the checkpoint cannot be read
     */
    public static List<ExportedSymbols> find(CheckpointMemory memory) throws IOException {
        List<ExportedSymbols> found = new ArrayList<>();
        for (Mapping mapping : memory.mappings()) {
            boolean candidate = (mapping.protection() & (Mapping.READ | Mapping.WRITE)) == Mapping.READ
                    && (mapping.kind() == MappingKind.PRIVATE_FILE || mapping.kind() == MappingKind.ANONYMOUS);
            if (candidate) {
                at(memory, mapping.range().start()).ifPresent(found::add);
            }
        }
        return found;
    }

    /**
     * Finds the tables of a module.
     *
     * @param header address at which its ELF header may stand
     * @return empty when it is no dynamic executable or library with such tables
     * @throws IOException if the checkpoint cannot be read
     */
    public static Optional<ExportedSymbols> at(CheckpointMemory memory, long header) throws IOException {
        Optional<ElfModule> module = ElfModule.at(memory, header);
        Optional<ElfModule.ProgramHeader> dynamic = module.flatMap(elf -> elf.ofType(ElfModule.PT_DYNAMIC).findFirst());
        if (dynamic.isEmpty()) {
            return Optional.empty();
        }
        ExportedSymbols found = new ExportedSymbols(memory, header, module.get());
        found.readDynamic(dynamic.get().address());
        boolean whole = found.strings != 0 && found.symbols != 0 && found.hash != 0;
        return whole ? Optional.of(found) : Optional.empty();
    }

    /** Returns whether an address lies in the module. */
    public boolean contains(long address) {
        return address >= start && address < end;
    }

    /** Returns the mappings that begin in the module, by address. */
    public List<Mapping> mappings() {
        return memory.mappings().stream()
                .filter(mapping -> contains(mapping.range().start()))
                .toList();
    }

    private void readDynamic(long address) throws IOException {
        for (int i = 0; i < DYNAMIC_LIMIT; i++) {
            Optional<ByteBuffer> entry = memory.read(address + (long) i * DYNAMIC_ENTRY_BYTES, DYNAMIC_ENTRY_BYTES);
            if (entry.isEmpty() || entry.get().getLong(0) == 0) {
                return;
            }
            long tag = entry.get().getLong(0);
            long value = entry.get().getLong(Long.BYTES);
            strings = tag == DT_STRTAB ? placed(value) : strings;
            symbols = tag == DT_SYMTAB ? placed(value) : symbols;
            hash = tag == DT_GNU_HASH ? placed(value) : hash;
        }
    }

    /** glibc replaces addresses of the file by those in memory, musl does not. */
    private long placed(long value) {
        return Long.compareUnsigned(value, start) >= 0 ? value : value + bias;
    }

    /**
     * Looks a variable or function up.
     *
     * @return empty when the module does not define it
     * @throws IOException if the checkpoint cannot be read
     */
    public Optional<Variable> variable(String name) throws IOException {
        Optional<ByteBuffer> head = memory.read(hash, HASH_HEADER_BYTES);
        if (head.isEmpty() || head.get().getInt(0) == 0) {
            return Optional.empty();
        }
        long buckets = Integer.toUnsignedLong(head.get().getInt(0));
        long firstSymbol = Integer.toUnsignedLong(head.get().getInt(4));
        long table = hash + HASH_HEADER_BYTES + Integer.toUnsignedLong(head.get().getInt(8)) * Long.BYTES;
        int code = hashOf(name);
        long index = Integer.toUnsignedLong(
                memory.readInt(table + Integer.toUnsignedLong(code) % buckets * Integer.BYTES).orElse(0));
        for (int i = 0; index >= firstSymbol && i < CHAIN_LIMIT; i++, index++) {
            int link = memory.readInt(table + (buckets + index - firstSymbol) * Integer.BYTES).orElse(1);
            if ((link | 1) == (code | 1) && isNamed(index, name)) {
                return variable(index);
            }
            if ((link & 1) != 0) {
                break;
            }
        }
        return Optional.empty();
    }

    private Optional<Variable> variable(long index) throws IOException {
        return memory.read(symbols + index * SYMBOL_BYTES, SYMBOL_BYTES)
                .filter(symbol -> symbol.getShort(SYMBOL_SECTION) != 0)
                .map(symbol -> new Variable(bias + symbol.getLong(SYMBOL_VALUE), symbol.getLong(SYMBOL_SIZE)));
    }

    private boolean isNamed(long index, String name) throws IOException {
        long place = Integer.toUnsignedLong(memory.readInt(symbols + index * SYMBOL_BYTES).orElse(0));
        return memory.holdsText(strings + place, name);
    }

    /** dl_new_hash() of glibc. */
    private static int hashOf(String name) {
        int code = 5381;
        for (byte one : name.getBytes(StandardCharsets.US_ASCII)) {
            code = code * 33 + one;
        }
        return code;
    }
}
