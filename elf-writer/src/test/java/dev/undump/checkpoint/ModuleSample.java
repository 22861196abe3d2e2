// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** An ELF module in memory, with a GNU hash table of two buckets: a page that is read, and one of data behind it. */
public final class ModuleSample {

    public static final long ADDRESS = CheckpointSamples.HEAP + 0x200000;
    public static final long CONSTANT_ADDRESS = ADDRESS + 0xc00;
    public static final long DATA = ADDRESS + CheckpointSamples.PAGE;

    /** Where the file says that it begins; the module is moved from there to its address. */
    private static final long LINKED = 0x10000;

    private static final int HEADERS = 64;
    private static final int DYNAMIC = 0x200;
    private static final int HASHES = 0x300;
    private static final int SYMBOLS = 0x400;
    private static final int TEXTS = 0x800;
    private static final int SYMBOL_BYTES = 24;
    private static final int BUCKETS = 2;

    /** What stands in a symbol. */
    private record Symbol(String name, int section, long value, long sizeBytes) {
        int bucket() {
            return Integer.remainderUnsigned(hash(name), BUCKETS);
        }
    }

    private final List<Symbol> symbols = new ArrayList<>();
    private final ByteBuffer data = ByteBuffer.allocate(CheckpointSamples.PAGE).order(ByteOrder.LITTLE_ENDIAN);
    private boolean relocated = true;
    private String constant = "";

    /** Adds a variable in the data. */
    public ModuleSample exports(String name, int offset, int sizeBytes) {
        symbols.add(new Symbol(name, 1, LINKED + CheckpointSamples.PAGE + offset, sizeBytes));
        return this;
    }

    /** Adds a symbol that another module has to define. */
    public ModuleSample needs(String name) {
        symbols.add(new Symbol(name, 0, 0, 0));
        return this;
    }

    /** As musl's dynamic linker leaves it: with the addresses of the file. */
    public ModuleSample asLinked() {
        relocated = false;
        return this;
    }

    /** Stands in its page that is only read. */
    public ModuleSample constant(String text) {
        constant = text;
        return this;
    }

    public ByteBuffer data() {
        return data;
    }

    /** Adds its two mappings to a checkpoint. */
    public CheckpointBuilder addTo(CheckpointBuilder builder, MappingKind kind, String name) {
        return addTo(builder, kind, name, ExtentKind.PRIVATE);
    }

    /** The same with data that is the file's, or has been changed. */
    public CheckpointBuilder addTo(CheckpointBuilder builder, MappingKind kind, String name, ExtentKind changed) {
        return builder.mapping(CheckpointSamples.mapping(ADDRESS, 1, kind, Mapping.READ, 0, name))
                .bytes(ADDRESS, kind == MappingKind.PRIVATE_FILE ? ExtentKind.FILE : ExtentKind.PRIVATE, texts())
                .mapping(CheckpointSamples.mapping(DATA, 1, kind, Mapping.READ | Mapping.WRITE, 0, name))
                .bytes(DATA, changed, data.array());
    }

    private byte[] texts() {
        ByteBuffer bytes = ByteBuffer.allocate(CheckpointSamples.PAGE).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putInt(0, 0x464c457f).putShort(16, (short) 3).putLong(32, HEADERS);
        bytes.putShort(54, (short) 56).putShort(56, (short) 3);
        segment(bytes, 0, 1, LINKED, CheckpointSamples.PAGE);
        segment(bytes, 1, 1, LINKED + CheckpointSamples.PAGE, CheckpointSamples.PAGE);
        segment(bytes, 2, 2, LINKED + DYNAMIC, 3 * 16);
        tag(bytes, 0, 5, TEXTS);
        tag(bytes, 1, 6, SYMBOLS);
        tag(bytes, 2, 0x6ffffef5L, HASHES);
        bytes.put((int) (CONSTANT_ADDRESS - ADDRESS), constant.getBytes(StandardCharsets.US_ASCII));
        symbols.sort((a, b) -> Integer.compare(a.bucket(), b.bucket()));
        bytes.putInt(HASHES, BUCKETS).putInt(HASHES + 4, 1).putInt(HASHES + 8, 1);
        int buckets = HASHES + 16 + 8;
        int text = TEXTS + 1;
        for (int i = 0; i < symbols.size(); i++) {
            Symbol symbol = symbols.get(i);
            boolean first = i == 0 || symbols.get(i - 1).bucket() != symbol.bucket();
            boolean last = i == symbols.size() - 1 || symbols.get(i + 1).bucket() != symbol.bucket();
            if (first) {
                bytes.putInt(buckets + 4 * symbol.bucket(), i + 1);
            }
            bytes.putInt(buckets + 4 * BUCKETS + 4 * i, hash(symbol.name()) & ~1 | (last ? 1 : 0));
            int at = SYMBOLS + SYMBOL_BYTES * (i + 1);
            bytes.putInt(at, text - TEXTS).putShort(at + 6, (short) symbol.section());
            bytes.putLong(at + 8, symbol.value()).putLong(at + 16, symbol.sizeBytes());
            bytes.put(text, symbol.name().getBytes(StandardCharsets.US_ASCII));
            text += symbol.name().length() + 1;
        }
        return bytes.array();
    }

    private static void segment(ByteBuffer bytes, int number, int type, long address, int length) {
        int at = HEADERS + 56 * number;
        bytes.putInt(at, type).putLong(at + 8, address - LINKED).putLong(at + 16, address).putLong(at + 40, length);
    }

    private void tag(ByteBuffer bytes, int number, long tag, int offset) {
        bytes.putLong(DYNAMIC + 16 * number, tag);
        bytes.putLong(DYNAMIC + 16 * number + 8, (relocated ? ADDRESS : LINKED) + offset);
    }

    private static int hash(String name) {
        return name.chars().reduce(5381, (hash, one) -> hash * 33 + one);
    }
}
