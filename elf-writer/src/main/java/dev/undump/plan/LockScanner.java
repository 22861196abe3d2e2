// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Searches the memory that the program can write for locks that its threads hold.
 *
 * <p>It reads window by window, on all processors, so that it needs the same memory for any size. The quick test on each 8-byte
 * word, "a known id below, a small number above", fits both kinds of locks; what passes is looked at closely.
 */
final class LockScanner {

    /** Small enough to stay in a processor's cache between reading and searching. */
    private static final int WINDOW = 256 << 10;

    /** Windows that are searched at the same time, before the next ones are listed. */
    private static final int BATCH = 8192;

    private static final long SMALL = 65535;

    /** Part of an extent. */
    private record Window(long address, long fileOffset, int lengthBytes) {}

    /** A word of a held lock. */
    private record Found(long address, int tid, long keepMask) {}

    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(WINDOW).order(ByteOrder.LITTLE_ENDIAN));

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
        List<Window> batch = new ArrayList<>();
        Set<ByteRange> shared = new HashSet<>();
        for (Mapping mapping : mappings) {
            if ((mapping.protection() & Mapping.WRITE) == 0) {
                continue;
            }
            for (Extent extent : mapping.extents()) {
                // Shared memory may be mapped more than once; a word of it is one word.
                if (extent.kind() == ExtentKind.PRIVATE && (!mapping.isShared() || shared.add(extent.fileRange()))) {
                    addWindows(extent, batch);
                }
                if (batch.size() >= BATCH) {
                    search(batch);
                    batch.clear();
                }
            }
        }
        search(batch);
    }

    private static void addWindows(Extent extent, List<Window> windows) {
        for (long done = 0; done < extent.lengthBytes(); done += WINDOW) {
            int length = (int) Math.min(WINDOW, extent.lengthBytes() - done);
            windows.add(new Window(extent.address() + done, extent.fileOffset() + done, length));
        }
    }

    private void search(List<Window> windows) throws IOException {
        try {
            List<Found> all =
                    windows.parallelStream().flatMap(window -> search(window).stream()).toList();
            all.forEach(found -> patches.addInt(found.address(), found.tid(), found.keepMask()));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private List<Found> search(Window window) {
        ByteBuffer buffer = BUFFER.get().clear().limit(window.lengthBytes());
        try {
            while (buffer.hasRemaining()) {
                if (memory.channel().read(buffer, window.fileOffset() + buffer.position()) < 0) {
                    throw new IOException("reading " + memory.file() + ": it ended at byte "
                            + (window.fileOffset() + buffer.position()) + " while it was being read");
                }
            }
            long[] words = new long[window.lengthBytes() / Long.BYTES];
            buffer.flip().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
            return search(buffer, words, window.address());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private List<Found> search(ByteBuffer bytes, long[] words, long address) throws IOException {
        List<Found> found = new ArrayList<>();
        int lowest = lowestTid;
        int span = highestTid - lowestTid + Integer.MIN_VALUE;
        for (int i = 0; i < words.length; i++) {
            int low = (int) words[i];
            // Unsigned: lowest <= low <= highest.
            if (low - lowest + Integer.MIN_VALUE <= span && words[i] >>> Integer.SIZE <= SMALL && patches.isTid(low)) {
                int at = i * Long.BYTES;
                mutex(bytes, at - LockPatterns.mutexOwner(), address, low, found);
                rwlock(bytes, at - LockPatterns.rwlockWriter(), address, low, found);
            }
        }
        return found;
    }

    private void mutex(ByteBuffer window, int at, long address, int tid, List<Found> found) throws IOException {
        Optional<ByteBuffer> bytes = slice(window, at, address, LockPatterns.MUTEX_BYTES);
        if (bytes.isPresent() && LockPatterns.isHeldMutex(bytes.get(), 0, tid)) {
            found.add(new Found(address + at + LockPatterns.mutexOwner(), tid, 0));
            if (LockPatterns.hasOwnerInLock(bytes.get(), 0)) {
                found.add(new Found(address + at, tid, TidPatches.FUTEX_FLAGS));
            }
        }
    }

    private void rwlock(ByteBuffer window, int at, long address, int tid, List<Found> found) throws IOException {
        Optional<ByteBuffer> bytes = slice(window, at, address, LockPatterns.LOCK_BYTES);
        if (bytes.isPresent() && LockPatterns.isHeldRwlock(bytes.get(), 0, tid)) {
            found.add(new Found(address + at + LockPatterns.rwlockWriter(), tid, 0));
        }
    }

    /** Bytes from a position of the window; from elsewhere in memory when they reach over its edge. */
    private Optional<ByteBuffer> slice(ByteBuffer window, int at, long address, int length) throws IOException {
        if (at >= 0 && at + length <= window.limit()) {
            return Optional.of(window.slice(at, length).order(ByteOrder.LITTLE_ENDIAN));
        }
        return memory.read(address + at, length);
    }
}
