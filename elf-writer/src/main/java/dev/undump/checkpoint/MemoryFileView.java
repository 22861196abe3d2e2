// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.ArrayList;
import java.util.List;

/** What mappings of memory files show: what is their own, and the file's bytes in between. */
final class MemoryFileView {

    private final Mapping mapping;
    private final MemoryFile file;
    private final List<Extent> extents = new ArrayList<>();

    private MemoryFileView(Mapping mapping, MemoryFile file) {
        this.mapping = mapping;
        this.file = file;
    }

    /** Returns all mappings of a checkpoint, those of memory files with everything that they show. */
    static List<Mapping> resolve(Checkpoint checkpoint) {
        return checkpoint.mappings().stream()
                .map(mapping -> mapping.hasMemoryFile()
                        ? new MemoryFileView(mapping, checkpoint.memoryFiles().get(mapping.memoryFile())).whole()
                        : mapping)
                .toList();
    }

    private Mapping whole() {
        long done = mapping.range().start();
        for (Extent own : mapping.extents()) {
            shown(done, own.address());
            extents.add(own);
            done = own.range().end();
        }
        shown(done, mapping.range().end());
        return mapping.part(mapping.range(), extents);
    }

    /** Adds what the file shows between two addresses. */
    private void shown(long start, long end) {
        ExtentKind kind = mapping.isShared() ? ExtentKind.PRIVATE : ExtentKind.FILE;
        long first = offsetOf(start);
        long last = offsetOf(end);
        for (int i = ByteRange.firstEndingBehind(file.extents(), FileExtent::range, first); i < file.extents().size(); i++) {
            FileExtent extent = file.extents().get(i);
            long from = Math.max(first, extent.offset());
            long to = Math.min(last, extent.range().end());
            if (from >= to) {
                break;
            }
            long place = extent.fileOffset() + (from - extent.offset());
            extents.add(new Extent(start + (from - first), to - from, place, kind, 0));
        }
        long behind = Math.max(first, (file.sizeBytes() + Checks.PAGE_SIZE - 1) / Checks.PAGE_SIZE * Checks.PAGE_SIZE);
        if (behind < last) {
            extents.add(new Extent(start + (behind - first), last - behind, 0, ExtentKind.BEYOND_EOF, 0));
        }
    }

    private long offsetOf(long address) {
        return mapping.fileOffset() + (address - mapping.range().start());
    }
}
