// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.ImagePlan;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The ELF side of an image: header, program headers, build-id note and section headers. Field order and numbers from elf(5)
 * and the System V ABI.
 */
final class ElfTables {

    static final int HEADER_BYTES = 64;
    static final int PROGRAM_HEADER_BYTES = 56;
    static final int SECTION_HEADER_BYTES = 64;

    /** Image offset of the note; behind the program headers, in the page of headers. */
    static final int NOTE = 1024;

    private static final int NOTE_HEADER_BYTES = 12;
    private static final byte[] NOTE_NAME = "GNU\0".getBytes(StandardCharsets.US_ASCII);

    /** Image offset of the checkpoint's id, which is the note's contents. */
    static final int NOTE_ID = NOTE + NOTE_HEADER_BYTES + NOTE_NAME.length;

    private static final int ID_BYTES = 16;
    private static final int NOTE_BYTES = NOTE_HEADER_BYTES + NOTE_NAME.length + ID_BYTES;
    private static final int NT_GNU_BUILD_ID = 3;

    private static final short ET_EXEC = 2;
    private static final short EM_X86_64 = 62;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private static final int PT_GNU_STACK = 0x6474e551;
    private static final int PF_X = 1;
    private static final int PF_W = 2;
    private static final int PF_R = 4;
    private static final int PROGRAM_HEADERS = 6;

    private static final int SHT_PROGBITS = 1;
    private static final int SHT_STRTAB = 3;
    private static final int SHT_NOTE = 7;
    private static final int SHT_NOBITS = 8;
    private static final int SHF_WRITE = 1;
    private static final int SHF_ALLOC = 2;
    private static final int SHF_EXECINSTR = 4;

    private final StubFile stub;
    private final ImagePlan plan;
    private final int planBytes;
    private final ImageGeometry geometry;

    ElfTables(StubFile stub, ImagePlan plan, int planBytes, ImageGeometry geometry) {
        this.stub = stub;
        this.plan = plan;
        this.planBytes = planBytes;
        this.geometry = geometry;
    }

    /** Returns the first page of the image. */
    ByteBuffer headers() {
        ByteBuffer buffer = buffer(ImageGeometry.PAGE);
        header(buffer);
        long slot = plan.slot();
        long planAddress = slot + stub.layout().planOffset();
        long blockBytes = blockBytes();
        buffer.position(HEADER_BYTES);
        segment(buffer, PT_LOAD, PF_R | PF_X, geometry.stubText(), slot, stub.text().length, stub.text().length);
        segment(
                buffer,
                PT_LOAD,
                PF_R | PF_W,
                geometry.stubData(),
                slot + stub.dataStart(),
                stub.data().length,
                stub.dataMemoryBytes());
        segment(buffer, PT_LOAD, PF_R, geometry.plan(), planAddress, planBytes, planBytes);
        segment(buffer, PT_LOAD, PF_R | PF_W, geometry.blocks(), planAddress + planBytes, blockBytes, blockBytes);
        segment(buffer, PT_NOTE, PF_R, NOTE, 0, NOTE_BYTES, NOTE_BYTES);
        // Without execute permission: the kernel makes no page executable that the plan does not ask for.
        segment(buffer, PT_GNU_STACK, PF_R | PF_W, 0, 0, 0, 0);
        note(buffer);
        return buffer.clear();
    }

    /** Returns the section headers. */
    ByteBuffer sections() {
        ByteBuffer buffer = buffer(SectionNames.COUNT * SECTION_HEADER_BYTES);
        buffer.position(SECTION_HEADER_BYTES);
        long slot = plan.slot();
        long planAddress = slot + stub.layout().planOffset();
        section(buffer, SectionNames.BUILD_ID, SHT_NOTE, 0, 0, NOTE, NOTE_BYTES, 4);
        section(
                buffer,
                SectionNames.STUB,
                SHT_PROGBITS,
                SHF_ALLOC | SHF_EXECINSTR,
                slot,
                geometry.stubText(),
                stub.text().length,
                64);
        boolean hasData = stub.data().length > 0;
        section(
                buffer,
                SectionNames.STATE,
                hasData ? SHT_PROGBITS : SHT_NOBITS,
                SHF_ALLOC | SHF_WRITE,
                slot + stub.dataStart(),
                geometry.stubData(),
                hasData ? stub.data().length : stub.dataMemoryBytes(),
                64);
        section(buffer, SectionNames.PLAN, SHT_PROGBITS, SHF_ALLOC, planAddress, geometry.plan(), planBytes, 8);
        section(
                buffer,
                SectionNames.THREADS,
                SHT_PROGBITS,
                SHF_ALLOC | SHF_WRITE,
                planAddress + planBytes,
                geometry.blocks(),
                blockBytes(),
                ImageGeometry.PAGE);
        section(buffer, SectionNames.PAGES, SHT_PROGBITS, 0, 0, geometry.data(), plan.dataBytes(), ImageGeometry.PAGE);
        section(
                buffer,
                SectionNames.CHECKPOINT,
                SHT_PROGBITS,
                0,
                0,
                geometry.checkpoint(),
                geometry.names() - geometry.checkpoint(),
                ImageGeometry.PAGE);
        section(buffer, SectionNames.NAMES, SHT_STRTAB, 0, 0, geometry.names(), SectionNames.BYTES.length, 1);
        return buffer.clear();
    }

    private long blockBytes() {
        return (long) plan.threads().size() * plan.threadBlockBytes();
    }

    private void header(ByteBuffer buffer) {
        buffer.put(new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1, 0});
        buffer.position(16);
        buffer.putShort(ET_EXEC);
        buffer.putShort(EM_X86_64);
        buffer.putInt(1);
        buffer.putLong(plan.slot() + stub.layout().start());
        buffer.putLong(HEADER_BYTES);
        buffer.putLong(geometry.sections());
        buffer.putInt(0);
        buffer.putShort((short) HEADER_BYTES);
        buffer.putShort((short) PROGRAM_HEADER_BYTES);
        buffer.putShort((short) PROGRAM_HEADERS);
        buffer.putShort((short) SECTION_HEADER_BYTES);
        buffer.putShort((short) SectionNames.COUNT);
        buffer.putShort((short) SectionNames.indexOf(SectionNames.NAMES));
    }

    private static void segment(
            ByteBuffer buffer, int type, int flags, long offset, long address, long fileBytes, long memoryBytes) {
        buffer.putInt(type);
        buffer.putInt(flags);
        buffer.putLong(offset);
        buffer.putLong(address);
        buffer.putLong(address);
        buffer.putLong(fileBytes);
        buffer.putLong(memoryBytes);
        buffer.putLong(type == PT_LOAD ? ImageGeometry.PAGE : type == PT_NOTE ? 4 : 16);
    }

    private void note(ByteBuffer buffer) {
        buffer.position(NOTE);
        buffer.putInt(NOTE_NAME.length);
        buffer.putInt(ID_BYTES);
        buffer.putInt(NT_GNU_BUILD_ID);
        buffer.put(NOTE_NAME);
        buffer.put(PlanEncoder.idBytes(plan.id()));
    }

    private static void section(
            ByteBuffer buffer, String name, int type, int flags, long address, long offset, long bytes, int alignment) {
        buffer.putInt(SectionNames.offsetOf(name));
        buffer.putInt(type);
        buffer.putLong(flags);
        buffer.putLong(address);
        buffer.putLong(offset);
        buffer.putLong(bytes);
        buffer.putInt(0);
        buffer.putInt(0);
        buffer.putLong(alignment);
        buffer.putLong(0);
    }

    private static ByteBuffer buffer(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
