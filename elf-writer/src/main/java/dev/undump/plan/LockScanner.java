// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * Searches the memory that the program can write for locks that its threads hold.
 *
 * <p>It reads window by window, so that it needs the same memory for any size. The quick test on each 8-byte word, "a known
 * id below, a small number above", fits both kinds of locks; what passes is looked at closely.
 */
final class LockScanner {

    private static final int WINDOW = 1 << 20;
    /** A lock may begin before its window and end behind it. */
    private static final int MARGIN = 64;

    private static final int SMALL = 65535;

    private final CheckpointMemory memory;
    private final TidPatches patches;
    private int lowestTid = Integer.MAX_VALUE;
    private int highestTid = Integer.MIN_VALUE;

    LockScanner(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
        for (int tid : patches.tids()) {
            lowestTid = Math.min(lowestTid, tid);
            highestTid = Math.max(highestTid, tid);
        }
    }

    void scan(List<Mapping> mappings) throws IOException {
        for (Mapping mapping : mappings) {
            if ((mapping.protection() & Mapping.WRITE) != 0) {
                for (Extent extent : mapping.extents()) {
                    scan(extent);
                }
            }
        }
    }

    private void scan(Extent extent) throws IOException {
        if (extent.kind() != ExtentKind.PRIVATE) {
            return;
        }
        for (long start = extent.address(); start < extent.range().end(); start += WINDOW) {
            ByteRange window = new ByteRange(start, Math.min(start + WINDOW, extent.range().end()));
            ByteRange wide = new ByteRange(window.start() - MARGIN, window.end() + MARGIN);
            Optional<ByteBuffer> bytes = read(wide);
            if (bytes.isPresent()) {
                scan(bytes.get(), wide.start(), MARGIN, bytes.get().limit() - MARGIN);
            } else {
                bytes = read(window);
                if (bytes.isPresent()) {
                    scan(bytes.get(), window.start(), 0, bytes.get().limit());
                }
            }
        }
    }

    private Optional<ByteBuffer> read(ByteRange range) throws IOException {
        return memory.read(range.start(), Math.toIntExact(range.lengthBytes()));
    }

    private void scan(ByteBuffer bytes, long address, int from, int to) {
        for (int at = from; at < to; at += Long.BYTES) {
            long word = bytes.getLong(at);
            int low = (int) word;
            if (low >= lowestTid && low <= highestTid && word >>> Integer.SIZE <= SMALL && patches.isTid(low)) {
                candidate(bytes, address, at, low);
            }
        }
    }

    private void candidate(ByteBuffer bytes, long address, int at, int tid) {
        int mutex = at - LockPatterns.mutexOwner();
        if (LockPatterns.isHeldMutex(bytes, mutex, tid)) {
            patches.addInt(address + at, tid, 0);
            if (LockPatterns.hasOwnerInLock(bytes, mutex)) {
                patches.addInt(address + mutex, tid, TidPatches.FUTEX_FLAGS);
            }
        }
        if (LockPatterns.isHeldRwlock(bytes, at - LockPatterns.rwlockWriter(), tid)) {
            patches.addInt(address + at, tid, 0);
        }
    }
}
