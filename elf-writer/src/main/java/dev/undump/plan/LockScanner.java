// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
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
 *
 * <p>Where the id stands but once, bytes alone prove nothing: a compiler's node, a row of small numbers may look the same, and
 * writing there would destroy it. Such a place is taken for a lock only when {@link LockEvidence} finds something that uses it.
 */
final class LockScanner {

    private static final long SMALL = 65535;

    /**
     * What looks like a held lock.
     *
     * @param address of the lock
     * @param word address of the owner's id
     * @param otherUsers how many threads should be waiting for a condition with it
     * @param twice whether the lock word names the owner as well
     */
    record Candidate(long address, long word, int tid, int otherUsers, boolean twice) {}

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

    void scan(List<Mapping> mappings, List<CheckpointThread> threads) throws IOException {
        LockEvidence evidence = new LockEvidence(memory, threads);
        new MemoryWindows(memory).search(mappings, this::search, found -> {
            if (found.twice()) {
                patches.addInt(found.address(), found.tid(), TidPatches.FUTEX_FLAGS);
                patches.addInt(found.word(), found.tid(), 0);
            } else {
                evidence.ask(found);
            }
        });
        for (Candidate lock : evidence.locks()) {
            patches.addInt(lock.word(), lock.tid(), 0);
        }
    }

    private List<Candidate> search(ByteBuffer bytes, long[] words, long address) throws IOException {
        List<Candidate> found = new ArrayList<>();
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

    private void mutex(ByteBuffer window, int at, long address, int tid, List<Candidate> found) throws IOException {
        Optional<ByteBuffer> bytes = slice(window, at, address, LockPatterns.MUTEX_BYTES);
        if (bytes.isPresent() && LockPatterns.isHeldMutex(bytes.get(), 0, tid)) {
            found.add(new Candidate(
                    address + at,
                    address + at + LockPatterns.mutexOwner(),
                    tid,
                    LockPatterns.mutexUsers(bytes.get(), 0) - 1,
                    LockPatterns.hasOwnerInLock(bytes.get(), 0)));
        }
    }

    private void rwlock(ByteBuffer window, int at, long address, int tid, List<Candidate> found) throws IOException {
        Optional<ByteBuffer> bytes = slice(window, at, address, LockPatterns.LOCK_BYTES);
        if (bytes.isPresent() && LockPatterns.isHeldRwlock(bytes.get(), 0, tid)) {
            found.add(new Candidate(address + at, address + at + LockPatterns.rwlockWriter(), tid, 0, false));
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
