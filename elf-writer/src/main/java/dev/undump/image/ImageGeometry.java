// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.ImagePlan;

/**
 * Where everything stands in an image file; image offsets in bytes. All but the tail begin page aligned.
 *
 * <p>Page data comes before the plan, so that its place is known, and copying can begin, while the plan is still being made.
 *
 * @param stubText the stub's text, behind the page of headers
 * @param stubData the stub's writable data
 * @param data page data
 * @param plan the plan record and its tables
 * @param blocks the thread blocks
 * @param checkpoint header and index of the checkpoint, one behind the other
 * @param names names of the sections
 * @param sections section headers
 * @param size bytes of the file
 */
record ImageGeometry(
        long stubText,
        long stubData,
        long data,
        long plan,
        long blocks,
        long checkpoint,
        long names,
        long sections,
        long size) {

    static final int PAGE = 4096;
    private static final int SECTION_ALIGNMENT = 8;

    /** Image offset of the page data, which depends on nothing but the stub. */
    static long dataStart(StubFile stub) {
        return pages(stubDataStart(stub) + stub.data().length);
    }

    static ImageGeometry of(StubFile stub, ImagePlan plan, int planBytes, long checkpointBytes) {
        long data = dataStart(stub);
        long planStart = data + plan.dataBytes();
        long blocks = planStart + planBytes;
        long checkpoint = blocks + (long) plan.threads().size() * plan.threadBlockBytes();
        long names = checkpoint + checkpointBytes;
        long namesEnd = names + SectionNames.BYTES.length;
        long sections = (namesEnd + SECTION_ALIGNMENT - 1) / SECTION_ALIGNMENT * SECTION_ALIGNMENT;
        return new ImageGeometry(
                PAGE,
                stubDataStart(stub),
                data,
                planStart,
                blocks,
                checkpoint,
                names,
                sections,
                sections + (long) SectionNames.COUNT * ElfTables.SECTION_HEADER_BYTES);
    }

    /** Page-aligned offset behind the end of the file. */
    long behindImage() {
        return pages(size) + PAGE;
    }

    static long pages(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    private static long stubDataStart(StubFile stub) {
        return pages((long) PAGE + stub.text().length);
    }
}
