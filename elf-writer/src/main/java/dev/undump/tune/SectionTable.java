// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;

/** The section headers of an ELF file with their names; fields as in elf(5). */
final class SectionTable {

    static final String PLAN = ".undump.plan";
    static final String THREADS = ".undump.threads";
    static final String UNTUNED = ".undump.untuned";
    static final String NAMES = ".shstrtab";

    private static final int HEADER_BYTES = 64;
    private static final int SHT_PROGBITS = 1;

    /** One header. */
    record Section(
            String name,
            int type,
            long flags,
            long address,
            long offset,
            long size,
            int link,
            int info,
            long alignment,
            long entrySize) {

        Section at(long newAddress, long newOffset, long newSize) {
            return new Section(name, type, flags, newAddress, newOffset, newSize, link, info, alignment, entrySize);
        }

        static Section data(String name, long offset, long size) {
            return new Section(name, SHT_PROGBITS, 0, 0, offset, size, 0, 0, 8, 0);
        }
    }

    private final List<Section> sections;

    SectionTable(List<Section> sections) {
        this.sections = List.copyOf(sections);
    }

    /**
     * Decodes the table.
     *
     * @param headers all of them, little-endian
     * @param names the contents of the section that holds the names
     */
    static SectionTable decode(ByteBuffer headers, byte[] names) {
        List<Section> sections = new ArrayList<>();
        for (int at = 0; at + HEADER_BYTES <= headers.limit(); at += HEADER_BYTES) {
            sections.add(new Section(
                    text(names, headers.getInt(at)),
                    headers.getInt(at + 4),
                    headers.getLong(at + 8),
                    headers.getLong(at + 16),
                    headers.getLong(at + 24),
                    headers.getLong(at + 32),
                    headers.getInt(at + 40),
                    headers.getInt(at + 44),
                    headers.getLong(at + 48),
                    headers.getLong(at + 56)));
        }
        return new SectionTable(sections);
    }

    /** Returns the names, in the order of the headers, each ended by zero. */
    byte[] names() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (Section section : sections) {
            bytes.writeBytes(section.name().getBytes(StandardCharsets.US_ASCII));
            bytes.write(0);
        }
        return bytes.toByteArray();
    }

    ByteBuffer encode() {
        ByteBuffer headers =
                ByteBuffer.allocate(sections.size() * HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        int name = 0;
        for (Section section : sections) {
            headers.putInt(name).putInt(section.type()).putLong(section.flags());
            headers.putLong(section.address()).putLong(section.offset()).putLong(section.size());
            headers.putInt(section.link()).putInt(section.info());
            headers.putLong(section.alignment()).putLong(section.entrySize());
            name += section.name().length() + 1;
        }
        return headers.flip();
    }

    int count() {
        return sections.size();
    }

    int indexOf(String name) {
        for (int i = 0; i < sections.size(); i++) {
            if (sections.get(i).name().equals(name)) {
                return i;
            }
        }
        return -1;
    }

    /** Returns a section that must be there. */
    Section get(String name) {
        int index = indexOf(name);
        if (index < 0) {
            throw new NoSuchElementException("it has no section " + name);
        }
        return sections.get(index);
    }

    SectionTable replace(Section section) {
        List<Section> all = new ArrayList<>(sections);
        all.set(indexOf(section.name()), section);
        return new SectionTable(all);
    }

    SectionTable insertBefore(String name, Section section) {
        List<Section> all = new ArrayList<>(sections);
        all.add(indexOf(name), section);
        return new SectionTable(all);
    }

    private static String text(byte[] names, int from) {
        int end = from;
        while (names[end] != 0) {
            end++;
        }
        return new String(names, from, end - from, StandardCharsets.US_ASCII);
    }
}
