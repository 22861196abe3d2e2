// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Mapping;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plans how segments of System V shared memory are attached: what one shmat(2) had attached is attached by one again, for
 * shmdt(2) knows what belongs together by that.
 */
final class AttachedSegments {

    private static final int PROT_READ_WRITE = Mapping.READ | Mapping.WRITE;

    /** What one call had attached: mappings whose segment would start at the same address. */
    private record Attachment(int segment, long base, boolean readOnly) {}

    private final MemoryFilePlanner memoryFiles;
    private final Map<Attachment, List<Mapping>> views = new LinkedHashMap<>();

    AttachedSegments(MemoryFilePlanner memoryFiles) {
        this.memoryFiles = memoryFiles;
    }

    /** Adds a mapping, in the order of addresses. */
    void add(Mapping mapping) {
        Attachment attachment = new Attachment(
                memoryFiles.segmentOf(mapping),
                mapping.range().start() - mapping.fileOffset(),
                !mapping.hasFlags(CheckpointLayout.VMA_MAY_WRITE));
        views.computeIfAbsent(attachment, unused -> new ArrayList<>()).add(mapping);
    }

    /**
     * Adds the steps, which have to come before those of other mappings: these may lie in between.
     *
     * @param all mappings of the program, by address
     */
    void addTo(MemorySteps steps, List<Mapping> all) {
        views.forEach((attachment, parts) -> {
            Mapping first = parts.get(0);
            ByteRange span = new ByteRange(
                    first.range().start(), parts.get(parts.size() - 1).range().end());
            int flags = attachment.readOnly() ? ImageLayout.SEGMENT_READ_ONLY : 0;
            steps.add(MemoryOp.segment(span, flags, attachment.segment(), first.fileOffset()));
            for (Mapping part : parts) {
                if (part.protection() != (attachment.readOnly() ? Mapping.READ : PROT_READ_WRITE)) {
                    steps.add(MemoryOp.protect(part.range(), part.protection()));
                }
            }
            unmapHoles(span, all, steps);
        });
    }

    private static void unmapHoles(ByteRange span, List<Mapping> all, MemorySteps steps) {
        long done = span.start();
        for (Mapping mapping : all) {
            if (!mapping.range().overlaps(span)) {
                continue;
            }
            if (mapping.range().start() > done) {
                steps.add(MemoryOp.unmap(new ByteRange(done, mapping.range().start())));
            }
            done = mapping.range().end();
        }
    }
}
