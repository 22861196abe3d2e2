// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.Plan;
import dev.undump.nativestub.ImageLayout.Untuned;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * What makes a tuned image of an untuned one: another first page, and plan, thread blocks and sections behind its end.
 *
 * @param head the first page
 * @param tail everything from {@code tailOffset} to the end of the file
 */
record TunedTail(ByteBuffer head, long tailOffset, ByteBuffer tail) {

    private static final int PAGE = 4096;
    private static final int PT_LOAD = 1;
    private static final int E_PHOFF = 32;
    private static final int E_PHNUM = 56;
    private static final int PROGRAM_HEADER_BYTES = 56;
    private static final int P_OFFSET = 8;
    private static final int P_VADDR = 16;
    private static final int P_PADDR = 24;
    private static final int P_FILESZ = 32;
    private static final int P_MEMSZ = 40;

    static TunedTail of(UntunedImage image, TunedSteps tuned, Observation observation, long limitMs) {
        PlanEditor editor = new PlanEditor(image);
        List<MemoryStep> steps = tuned.steps();
        long plan = aligned(image.sizeBytes(), PAGE);
        int planBytes = editor.planBytes(steps.size());
        long blocks = plan + planBytes;
        long untuned = blocks + image.blocks().limit();
        long names = untuned + Untuned.SIZE_BYTES;
        SectionTable.Section oldPlan = image.sections().get(SectionTable.PLAN);
        SectionTable.Section oldBlocks = image.sections().get(SectionTable.THREADS);
        SectionTable.Section newPlan = oldPlan.at(oldPlan.address(), plan, planBytes);
        SectionTable.Section newBlocks = oldBlocks.at(oldPlan.address() + planBytes, blocks, oldBlocks.size());
        SectionTable sections = image.sections()
                .replace(newPlan)
                .replace(newBlocks)
                .insertBefore(
                        SectionTable.NAMES, SectionTable.Section.data(SectionTable.UNTUNED, untuned, Untuned.SIZE_BYTES));
        byte[] text = sections.names();
        sections = sections.replace(sections.get(SectionTable.NAMES).at(0, names, text.length));
        long headers = aligned(names + text.length, Long.BYTES);
        ByteBuffer headerBytes = sections.encode();
        long size = headers + headerBytes.limit();
        PlanEditor.Edited edited = editor.edit(steps, size);

        ByteBuffer tail = ByteBuffer.allocate(Math.toIntExact(size - plan));
        tail.put(edited.plan()).put(edited.blocks()).put(untuned(image, tuned, observation, limitMs)).put(text);
        tail.position((int) (headers - plan));
        tail.put(headerBytes);

        ByteBuffer head = ByteBuffer.allocate(ImageLayout.HEAD_BYTES)
                .put(image.head().duplicate().clear())
                .clear()
                .order(ByteOrder.LITTLE_ENDIAN);
        head.putLong(UntunedImage.E_SHOFF, headers);
        head.putShort(UntunedImage.E_SHNUM, (short) sections.count());
        head.putShort(UntunedImage.E_SHSTRNDX, (short) sections.indexOf(SectionTable.NAMES));
        moveSegment(head, oldPlan, newPlan);
        moveSegment(head, oldBlocks, newBlocks);
        return new TunedTail(head, plan, tail.clear());
    }

    private static ByteBuffer untuned(UntunedImage image, TunedSteps tuned, Observation observation, long limitMs) {
        ByteBuffer record = ByteBuffer.allocate(Untuned.SIZE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(Untuned.MAGIC, ImageLayout.UNTUNED_MAGIC_U64);
        record.putLong(Untuned.IMAGE_SIZE, image.plan().getLong(Plan.IMAGE_SIZE));
        record.putLong(Untuned.LIMIT_MS, limitMs);
        record.putLong(Untuned.READ_BYTES, observation.mapped().bytes());
        record.putLong(Untuned.WRITTEN_BYTES, observation.written().bytes());
        record.putLong(Untuned.PREFETCH_BYTES, tuned.prefetched().bytes());
        record.putLong(Untuned.PREFETCH_COUNT, tuned.prefetched().ranges().size());
        record.putLong(Untuned.HUGE_BYTES, tuned.hugeBytes());
        record.position(Untuned.HEAD);
        record.put(image.head().duplicate().clear());
        return record.clear();
    }

    private static void moveSegment(ByteBuffer head, SectionTable.Section from, SectionTable.Section to) {
        int at = Math.toIntExact(head.getLong(E_PHOFF));
        for (int i = 0; i < head.getShort(E_PHNUM); i++, at += PROGRAM_HEADER_BYTES) {
            if (head.getInt(at) == PT_LOAD && head.getLong(at + P_OFFSET) == from.offset()) {
                head.putLong(at + P_OFFSET, to.offset());
                head.putLong(at + P_VADDR, to.address());
                head.putLong(at + P_PADDR, to.address());
                head.putLong(at + P_FILESZ, to.size());
                head.putLong(at + P_MEMSZ, to.size());
                return;
            }
        }
        throw new IllegalArgumentException("no segment is loaded from " + from.name());
    }

    private static long aligned(long bytes, int alignment) {
        return (bytes + alignment - 1) / alignment * alignment;
    }
}
