// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.CheckpointMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a loaded ELF module exports, looked up in its memory through its GNU hash table.
 *
 * <p>Whatever does not look as GNU and LLVM linkers write it gives no answer.
 */
final class DynamicSymbols {

    private static final int ELF_MAGIC = 0x464c457f;
    private static final int ELF_HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int MOST_PROGRAM_HEADERS = 64;
    private static final int PT_LOAD = 1;
    private static final int PT_DYNAMIC = 2;
    private static final long DT_STRTAB = 5;
    private static final long DT_SYMTAB = 6;
    private static final long DT_GNU_HASH = 0x6ffffef5L;
    private static final int DYNAMIC_ENTRY = 16;
    private static final int MOST_DYNAMIC_ENTRIES = 256;
    private static final int SYMBOL = 24;
    private static final int LONGEST_CHAIN = 1 << 12;

    private final CheckpointMemory memory;
    private final long bias;
    private long names;
    private long symbols;
    private long hashTable;

    private DynamicSymbols(CheckpointMemory memory, long bias) {
        this.memory = memory;
        this.bias = bias;
    }

    /**
     * Opens the module whose ELF header stands at an address.
     *
     * @return empty when none stands there, or one without symbols that can be looked up
     */
    static Optional<DynamicSymbols> at(CheckpointMemory memory, long elfHeader) throws IOException {
        Optional<ByteBuffer> header = memory.read(elfHeader, ELF_HEADER);
        if (header.isEmpty() || header.get().getInt(0) != ELF_MAGIC) {
            return Optional.empty();
        }
        long at = header.get().getLong(32);
        int number = header.get().getShort(56) & 0xffff;
        if (at < ELF_HEADER || at > 4096 || number > MOST_PROGRAM_HEADERS || header.get().getShort(54) != PROGRAM_HEADER) {
            return Optional.empty();
        }
        Optional<ByteBuffer> headers = memory.read(elfHeader + at, number * PROGRAM_HEADER);
        long bias = Long.MIN_VALUE;
        long dynamic = 0;
        for (int i = 0; headers.isPresent() && i < number; i++) {
            int type = headers.get().getInt(i * PROGRAM_HEADER);
            long address = headers.get().getLong(i * PROGRAM_HEADER + 16);
            if (type == PT_LOAD && headers.get().getLong(i * PROGRAM_HEADER + 8) == 0) {
                bias = elfHeader - address;
            } else if (type == PT_DYNAMIC) {
                dynamic = address;
            }
        }
        if (bias == Long.MIN_VALUE || dynamic == 0) {
            return Optional.empty();
        }
        DynamicSymbols found = new DynamicSymbols(memory, bias);
        found.readDynamic(bias + dynamic);
        boolean whole = found.names != 0 && found.symbols != 0 && found.hashTable != 0;
        return whole ? Optional.of(found) : Optional.empty();
    }

    private void readDynamic(long address) throws IOException {
        for (int i = 0; i < MOST_DYNAMIC_ENTRIES; i++) {
            Optional<ByteBuffer> entry = memory.read(address + (long) i * DYNAMIC_ENTRY, DYNAMIC_ENTRY);
            if (entry.isEmpty() || entry.get().getLong(0) == 0) {
                return;
            }
            long tag = entry.get().getLong(0);
            // glibc's loader adds the module's place to these in memory, musl's does not.
            long value = entry.get().getLong(8);
            long place = Long.compareUnsigned(value, bias) < 0 ? bias + value : value;
            if (tag == DT_STRTAB) {
                names = place;
            } else if (tag == DT_SYMTAB) {
                symbols = place;
            } else if (tag == DT_GNU_HASH) {
                hashTable = place;
            }
        }
    }

    /** Returns the address of an exported object; empty when the module defines none of that name. */
    OptionalLong find(String name) throws IOException {
        Optional<ByteBuffer> header = memory.read(hashTable, 16);
        if (header.isEmpty() || header.get().getInt(0) <= 0 || header.get().getInt(8) <= 0) {
            return OptionalLong.empty();
        }
        long buckets = hashTable + 16 + header.get().getInt(8) * 8L;
        long chains = buckets + header.get().getInt(0) * 4L;
        int firstHashed = header.get().getInt(4);
        int hash = hash(name);
        OptionalInt first = memory.readInt(buckets + Integer.remainderUnsigned(hash, header.get().getInt(0)) * 4L);
        if (first.isEmpty() || first.getAsInt() == 0) {
            return OptionalLong.empty();
        }
        for (int index = first.getAsInt(); index < first.getAsInt() + LONGEST_CHAIN; index++) {
            OptionalInt link = memory.readInt(chains + (index - firstHashed) * 4L);
            if (link.isEmpty()) {
                return OptionalLong.empty();
            }
            if ((link.getAsInt() | 1) == (hash | 1)) {
                OptionalLong address = addressIfNamed(index, name);
                if (address.isPresent()) {
                    return address;
                }
            }
            if ((link.getAsInt() & 1) != 0) {
                return OptionalLong.empty();
            }
        }
        return OptionalLong.empty();
    }

    private OptionalLong addressIfNamed(int index, String name) throws IOException {
        Optional<ByteBuffer> symbol = memory.read(symbols + (long) index * SYMBOL, SYMBOL);
        if (symbol.isEmpty()
                || symbol.get().getShort(6) == 0
                || !isText(memory, names + Integer.toUnsignedLong(symbol.get().getInt(0)), name)) {
            return OptionalLong.empty();
        }
        return OptionalLong.of(bias + symbol.get().getLong(8));
    }

    /** Returns whether this text, with a zero behind it, stands at an address. */
    static boolean isText(CheckpointMemory memory, long address, String text) throws IOException {
        byte[] expected = (text + '\0').getBytes(StandardCharsets.US_ASCII);
        Optional<ByteBuffer> bytes = memory.read(address, expected.length);
        return bytes.isPresent() && bytes.get().equals(ByteBuffer.wrap(expected));
    }

    private static int hash(String name) {
        int hash = 5381;
        for (byte one : name.getBytes(StandardCharsets.US_ASCII)) {
            hash = hash * 33 + (one & 0xff);
        }
        return hash;
    }
}
