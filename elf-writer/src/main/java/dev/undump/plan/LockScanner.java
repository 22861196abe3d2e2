// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Searches the memory that the program can write for locks that its threads hold. The quick test on each 8-byte word, "a known
 * id below, a small number above", fits both kinds of locks; what passes is looked at closely.
 */
final class LockScanner {

    private static final long SMALL = 65535;

    /** A word of a held lock. */
    private record Found(long address, int tid, long keepMask) {}

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
        new MemoryWindows(memory)
                .search(mappings, this::search, found -> patches.addInt(found.address(), found.tid(), found.keepMask()));
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
