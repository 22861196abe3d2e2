// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What an ELF module of the program exports, read from its memory as the dynamic linker does (DT_GNU_HASH, DT_SYMTAB): the file
 * itself may be another one by now.
 */
final class ExportedSymbols {

    /**
     * A variable or function.
     *
     * @param sizeBytes as its symbol says
     */
    record Variable(long address, long sizeBytes) {}

    private static final int EHDR_PHOFF = 32;
    private static final int EHDR_PHENTSIZE = 54;
    private static final int EHDR_PHNUM = 56;
    private static final int EHDR_BYTES = 64;
    private static final int ELF_MAGIC = 0x464c457f;
    private static final int PHDR_BYTES = 56;
    private static final int PHDR_VADDR = 16;
    private static final int PHDR_MEMSZ = 40;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final int SEGMENTS_LIMIT = 64;
    private static final int DYNAMIC_ENTRY_BYTES = 16;
    private static final int DYNAMIC_LIMIT = 256;
    private static final int DT_STRTAB = 5;
    private static final int DT_SYMTAB = 6;
    private static final int DT_GNU_HASH = 0x6ffffef5;
    private static final int SYMBOL_BYTES = 24;
    private static final int SYMBOL_SECTION = 6;
    private static final int SYMBOL_VALUE = 8;
    private static final int SYMBOL_SIZE = 16;
    private static final int CHAIN_LIMIT = 100_000;

    private final CheckpointMemory memory;
    private final long start;
    private long bias;
    private long end;
    private long strings;
    private long symbols;
    private long hash;

    private ExportedSymbols(CheckpointMemory memory, long start) {
        this.memory = memory;
        this.start = start;
    }

    /**
     * Finds all modules, by their headers: names and offsets of mappings are those of the image in a launched program.
     *
     * @return those with tables that can be read, by address
     */
    static List<ExportedSymbols> find(CheckpointMemory memory) throws IOException {
        List<ExportedSymbols> found = new ArrayList<>();
        for (Mapping mapping : memory.mappings()) {
            boolean candidate = (mapping.protection() & (Mapping.READ | Mapping.WRITE)) == Mapping.READ
                    && (mapping.kind() == MappingKind.PRIVATE_FILE || mapping.kind() == MappingKind.ANONYMOUS);
            if (candidate) {
                at(mapping.range().start(), memory).ifPresent(found::add);
            }
        }
        return found;
    }

    /**
     * Finds the tables.
     *
     * @param start where the module's file begins in memory
     * @return empty when it is no dynamic executable or library with such tables
     */
    static Optional<ExportedSymbols> at(long start, CheckpointMemory memory) throws IOException {
        ExportedSymbols found = new ExportedSymbols(memory, start);
        return found.readTables() ? Optional.of(found) : Optional.empty();
    }

    private boolean readTables() throws IOException {
        Optional<ByteBuffer> header = memory.read(start, EHDR_BYTES);
        if (header.isEmpty()
                || header.get().getInt(0) != ELF_MAGIC
                || header.get().getShort(EHDR_PHENTSIZE) != PHDR_BYTES
                || header.get().getShort(EHDR_PHNUM) > SEGMENTS_LIMIT) {
            return false;
        }
        int count = header.get().getShort(EHDR_PHNUM);
        Optional<ByteBuffer> segments = memory.read(start + header.get().getLong(EHDR_PHOFF), count * PHDR_BYTES);
        if (segments.isEmpty()) {
            return false;
        }
        long first = Long.MAX_VALUE;
        long last = 0;
        long dynamic = 0;
        for (int i = 0; i < count; i++) {
            int type = segments.get().getInt(i * PHDR_BYTES);
            long address = segments.get().getLong(i * PHDR_BYTES + PHDR_VADDR);
            if (type == PT_LOAD) {
                first = Math.min(first, address);
                last = Math.max(last, address + segments.get().getLong(i * PHDR_BYTES + PHDR_MEMSZ));
            }
            dynamic = type == PT_DYNAMIC ? address : dynamic;
        }
        bias = start - first / CheckpointLayout.PAGE_SIZE * CheckpointLayout.PAGE_SIZE;
        end = bias + last;
        return dynamic != 0 && end > start && readDynamic(bias + dynamic);
    }

    /** Whether an address lies in the module. */
    boolean contains(long address) {
        return address >= start && address < end;
    }

    /** Returns the mappings that begin in the module, by address. */
    List<Mapping> mappings() {
        return memory.mappings().stream()
                .filter(mapping -> contains(mapping.range().start()))
                .toList();
    }

    private boolean readDynamic(long address) throws IOException {
        for (int i = 0; i < DYNAMIC_LIMIT; i++) {
            Optional<ByteBuffer> entry = memory.read(address + (long) i * DYNAMIC_ENTRY_BYTES, DYNAMIC_ENTRY_BYTES);
            if (entry.isEmpty() || entry.get().getLong(0) == 0) {
                break;
            }
            long tag = entry.get().getLong(0);
            long value = entry.get().getLong(Long.BYTES);
            strings = tag == DT_STRTAB ? placed(value) : strings;
            symbols = tag == DT_SYMTAB ? placed(value) : symbols;
            hash = tag == DT_GNU_HASH ? placed(value) : hash;
        }
        return strings != 0 && symbols != 0 && hash != 0;
    }

    /** glibc replaces addresses of the file by those in memory, musl does not. */
    private long placed(long value) {
        return Long.compareUnsigned(value, start) >= 0 ? value : value + bias;
    }

    /** Looks a variable or function up; empty when the module does not define it. */
    Optional<Variable> variable(String name) throws IOException {
        byte[] wanted = (name + "\0").getBytes(StandardCharsets.US_ASCII);
        Optional<ByteBuffer> head = memory.read(hash, 4 * Integer.BYTES);
        if (head.isEmpty() || head.get().getInt(0) == 0) {
            return Optional.empty();
        }
        long buckets = Integer.toUnsignedLong(head.get().getInt(0));
        long firstSymbol = Integer.toUnsignedLong(head.get().getInt(Integer.BYTES));
        long table = hash + 4 * Integer.BYTES + Integer.toUnsignedLong(head.get().getInt(2 * Integer.BYTES)) * Long.BYTES;
        int code = hashOf(name);
        long index = Integer.toUnsignedLong(
                memory.readInt(table + Integer.toUnsignedLong(code) % buckets * Integer.BYTES).orElse(0));
        for (int i = 0; index >= firstSymbol && i < CHAIN_LIMIT; i++, index++) {
            int link = memory.readInt(table + (buckets + index - firstSymbol) * Integer.BYTES).orElse(1);
            if ((link | 1) == (code | 1) && isNamed(index, wanted)) {
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

    private boolean isNamed(long index, byte[] wanted) throws IOException {
        long name = Integer.toUnsignedLong(memory.readInt(symbols + index * SYMBOL_BYTES).orElse(0));
        Optional<ByteBuffer> found = memory.read(strings + name, wanted.length);
        return found.isPresent() && Arrays.equals(found.get().array(), wanted);
    }

    /** dl_new_hash() of glibc. */
    private static int hashOf(String name) {
        int code = 5381;
        for (int i = 0; i < name.length(); i++) {
            code = code * 33 + name.charAt(i);
        }
        return code;
    }
}
