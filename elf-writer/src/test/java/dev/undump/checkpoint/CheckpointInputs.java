// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Header;
import dev.undump.nativestub.CheckpointLayout.Section;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Gives checkpoints of the engine other inputs, so that a test says what the program has seen. */
public final class CheckpointInputs {

    private static final int ALIGNMENT = 64;

    private CheckpointInputs() {}

    /** Content of a section with the size of its records. */
    private record Records(int recordBytes, byte[] content) {}

    /** Replaces the inputs of a checkpoint, which are sorted here. */
    public static void set(Path checkpoint, List<Input> inputs) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(checkpoint)).order(ByteOrder.LITTLE_ENDIAN);
        Map<Integer, Records> sections = sections(file);
        ByteArrayOutputStream strings = new ByteArrayOutputStream();
        strings.writeBytes(sections.get(CheckpointLayout.SECTION_STRINGS).content());
        ByteArrayOutputStream records = new ByteArrayOutputStream();
        inputs.stream()
                .sorted(Comparator.comparing(input -> input.path().bytes(), Arrays::compareUnsigned))
                .forEach(input -> records.writeBytes(record(input, strings)));
        sections.put(CheckpointLayout.SECTION_STRINGS, new Records(1, strings.toByteArray()));
        sections.put(CheckpointLayout.SECTION_INPUTS, new Records(CheckpointLayout.Input.SIZE_BYTES, records.toByteArray()));
        long indexOffset = file.getLong(Header.INDEX_OFFSET);
        byte[] index = index(sections, indexOffset);
        ByteBuffer changed = ByteBuffer.allocate(Math.toIntExact(indexOffset + index.length)).order(ByteOrder.LITTLE_ENDIAN);
        changed.put(file.slice(0, (int) indexOffset)).put(index);
        changed.putInt(Header.VERSION, CheckpointLayout.VERSION);
        changed.putLong(Header.TOTAL_SIZE, changed.capacity());
        changed.putLong(Header.INDEX_SIZE, index.length);
        changed.putInt(Header.SECTION_COUNT, sections.size());
        CheckpointBuilder.fixChecksums(changed.array());
        Files.write(checkpoint, changed.array());
    }

    private static Map<Integer, Records> sections(ByteBuffer file) {
        Map<Integer, Records> sections = new TreeMap<>();
        int at = (int) file.getLong(Header.INDEX_OFFSET);
        for (int i = 0; i < file.getInt(Header.SECTION_COUNT); i++, at += Section.SIZE_BYTES) {
            byte[] content = new byte[(int) file.getLong(at + Section.SIZE)];
            file.get((int) file.getLong(at + Section.OFFSET), content);
            sections.put(file.getInt(at + Section.KIND), new Records(file.getInt(at + Section.RECORD_SIZE), content));
        }
        return sections;
    }

    private static byte[] record(Input input, ByteArrayOutputStream strings) {
        ByteBuffer record = ByteBuffer.allocate(CheckpointLayout.Input.SIZE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        text(record, CheckpointLayout.Input.PATH, input.path(), strings);
        text(record, CheckpointLayout.Input.TARGET, input.target(), strings);
        RecordEncoder.writeStamp(record, input);
        return record.array();
    }

    private static void text(ByteBuffer record, int field, NativeText text, ByteArrayOutputStream strings) {
        if (!text.isEmpty()) {
            record.putInt(field + CheckpointLayout.String.OFFSET, strings.size());
            record.putInt(field + CheckpointLayout.String.LENGTH, text.length());
            strings.writeBytes(text.bytes());
            strings.write(0);
        }
    }

    private static byte[] index(Map<Integer, Records> sections, long offset) {
        int at = aligned(sections.size() * Section.SIZE_BYTES);
        int size = at;
        for (Records records : sections.values()) {
            size = aligned(size + records.content().length);
        }
        ByteBuffer index = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
        int entry = 0;
        for (Map.Entry<Integer, Records> section : sections.entrySet()) {
            byte[] content = section.getValue().content();
            index.putInt(entry + Section.KIND, section.getKey());
            index.putInt(entry + Section.RECORD_SIZE, section.getValue().recordBytes());
            index.putLong(entry + Section.OFFSET, content.length == 0 ? 0 : offset + at);
            index.putLong(entry + Section.SIZE, content.length);
            index.putLong(entry + Section.COUNT, content.length / section.getValue().recordBytes());
            index.put(at, content);
            at = aligned(at + content.length);
            entry += Section.SIZE_BYTES;
        }
        return index.array();
    }

    private static int aligned(int bytes) {
        return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }
}
