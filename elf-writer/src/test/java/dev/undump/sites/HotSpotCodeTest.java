// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes of a system call in the memory that a JVM names as that of its compiled code. */
class HotSpotCodeTest {

    private static final long LIBRARY = 0x7f5000000000L;
    private static final byte[] CODE = CodeSample.functions("bf00000000 be00100000 ba04000000 b81c000000 0f05 c3");

    @TempDir Path folder;

    @Test
    void rewrite_callInCompiledCodeOfHotSpot_isData() {
        ModuleCoverage module = rewrite(new Library(CodeSample.CODE, CodeSample.CODE + (1 << 20)));
        assertThat(module.notCode()).isEqualTo(1);
        assertThat(module.rewritten()).isZero();
    }

    @Test
    void rewrite_callOutsideOfHotSpotsCode_isRewritten() {
        ModuleCoverage module = rewrite(new Library(CodeSample.CODE + (1 << 20), CodeSample.CODE + (2 << 20)));
        assertThat(module.rewritten()).isEqualTo(1);
    }

    @Test
    void rewrite_tableThatCannotBeHotSpots_changesNothing() {
        List<Library> libraries = List.of(
                new Library(0, CodeSample.CODE + (1 << 20)),
                new Library(CodeSample.CODE + (1 << 20), CodeSample.CODE),
                new Library(CodeSample.CODE, CodeSample.CODE + (4L << 30)),
                new Library(CodeSample.CODE, CodeSample.CODE + (1 << 20)).with("gHotSpotVMStructEntryArrayStride", 1 << 20),
                new Library(CodeSample.CODE, CodeSample.CODE + (1 << 20)).with("gHotSpotVMStructEntryAddressOffset", 41),
                new Library(CodeSample.CODE, CodeSample.CODE + (1 << 20)).with("gHotSpotVMStructs", 8));
        for (Library library : libraries) {
            assertThat(rewrite(library).rewritten()).as(library.toString()).isEqualTo(1);
        }
    }

    private ModuleCoverage rewrite(Library library) {
        byte[] bytes = library.bytes();
        CodeSample sample = new CodeSample(folder).code(CODE, MappingKind.ANONYMOUS, 0);
        sample.mapping(CodeSample.mapping(
                LIBRARY, bytes.length, MappingKind.PRIVATE_FILE, Mapping.READ | Mapping.WRITE, 0, "/usr/lib/libjvm.so"));
        sample.bytes(LIBRARY, bytes);
        return sample.rewrite(CODE).module();
    }

    /** A module that exports what libjvm.so does, in one segment. */
    private static final class Library {
        private static final int DYNAMIC = 0x200;
        private static final int HASHES = 0x300;
        private static final int SYMBOLS = 0x400;
        private static final int VARIABLES = 0x600;
        private static final int BOUNDS = 0x700;
        private static final int ENTRIES = 0x800;
        private static final int TEXTS = 0xa00;
        private static final int STRIDE = 48;

        private final long low;
        private final long high;
        private final List<String> names = List.of(
                "gHotSpotVMStructs",
                "gHotSpotVMStructEntryArrayStride",
                "gHotSpotVMStructEntryTypeNameOffset",
                "gHotSpotVMStructEntryFieldNameOffset",
                "gHotSpotVMStructEntryIsStaticOffset",
                "gHotSpotVMStructEntryAddressOffset");
        private final List<Long> values = new ArrayList<>(List.of(LIBRARY + ENTRIES, (long) STRIDE, 0L, 8L, 24L, 40L));
        private final ByteBuffer bytes = ByteBuffer.allocate(CodeSample.PAGE).order(ByteOrder.LITTLE_ENDIAN);
        private int text = TEXTS;

        Library(long low, long high) {
            this.low = low;
            this.high = high;
        }

        Library with(String name, long value) {
            values.set(names.indexOf(name), value);
            return this;
        }

        byte[] bytes() {
            header();
            bytes.putLong(DYNAMIC, 5).putLong(DYNAMIC + 8, TEXTS);
            bytes.putLong(DYNAMIC + 16, 6).putLong(DYNAMIC + 24, LIBRARY + SYMBOLS);
            bytes.putLong(DYNAMIC + 32, 0x6ffffef5L).putLong(DYNAMIC + 40, LIBRARY + HASHES);
            text(""); // the name of what has none
            bytes.putInt(HASHES, 1).putInt(HASHES + 4, 1).putInt(HASHES + 8, 1).putInt(HASHES + 24, 1);
            for (int i = 0; i < names.size(); i++) {
                int last = i == names.size() - 1 ? 1 : 0;
                bytes.putInt(HASHES + 28 + 4 * i, (hash(names.get(i)) & ~1) | last);
                int symbol = SYMBOLS + 24 * (i + 1);
                bytes.putInt(symbol, (int) (text(names.get(i)) - LIBRARY - TEXTS));
                bytes.putShort(symbol + 6, (short) 1).putLong(symbol + 8, VARIABLES + 8 * i);
                bytes.putLong(VARIABLES + 8 * i, values.get(i));
            }
            bytes.putLong(BOUNDS, low).putLong(BOUNDS + 8, high);
            entry(0, "Method", "_low_bound", 8);
            entry(1, "CodeCache", "_low_bound", 0);
            entry(2, "CodeCache", "_high_bound", 8);
            return bytes.array();
        }

        private void header() {
            bytes.putInt(0, 0x464c457f).putShort(16, (short) 3).putLong(32, 64);
            bytes.putShort(54, (short) 56).putShort(56, (short) 2);
            bytes.putInt(64, 1);
            bytes.putInt(120, 2).putLong(136, DYNAMIC);
        }

        private void entry(int number, String type, String field, int offset) {
            int at = ENTRIES + number * STRIDE;
            bytes.putLong(at, text(type)).putLong(at + 8, text(field)).putInt(at + 24, 1);
            bytes.putLong(at + 40, LIBRARY + BOUNDS + offset);
        }

        private long text(String content) {
            long address = LIBRARY + text;
            for (byte one : content.getBytes(StandardCharsets.US_ASCII)) {
                bytes.put(text++, one);
            }
            text++;
            return address;
        }

        private static int hash(String name) {
            return name.chars().reduce(5381, (hash, one) -> hash * 33 + one);
        }

        @Override
        public String toString() {
            return Long.toHexString(low) + "-" + Long.toHexString(high) + " " + values;
        }
    }
}
