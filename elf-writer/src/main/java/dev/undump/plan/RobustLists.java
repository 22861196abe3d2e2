// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Finds the mutexes on a thread's robust list, whose words hold its id.
 *
 * <p>The kernel knows the list's head (linux/futex.h, {@code struct robust_list_head}): next, offset from an entry to its
 * futex word, entry that is being locked or unlocked. Bit 0 of an entry's address marks a PI futex. musl links all mutexes
 * with an owner, and only tells the kernel about the list when the first robust one is locked.
 */
final class RobustLists {

    private static final int HEAD_BYTES = 24;
    private static final int OFFSET_FIELD = 8;
    private static final int PENDING_FIELD = 16;
    private static final int TID_MASK = 0x3fffffff;
    private static final int LONGEST = 1 << 16;

    /** glibc: __lock is 32 before __list.__next, and __owner 8 behind __lock (struct __pthread_mutex_s). */
    private static final long GLIBC_OFFSET = -32;

    private static final int GLIBC_OWNER = 8;
    /** musl: _m_lock is 28 before _m_next; the list head is 0x88 behind the thread pointer. */
    private static final long MUSL_OFFSET = -28;

    private static final int MUSL_HEAD = 0x88;

    private final CheckpointMemory memory;
    private final TidPatches patches;

    RobustLists(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(CheckpointThread thread, boolean musl) throws IOException {
        if (musl) {
            long head = thread.registers().fsBase() + MUSL_HEAD;
            walk(head, MUSL_OFFSET, thread.ownTid());
        }
        long head = thread.robustList().headAddress();
        Optional<ByteBuffer> bytes = head <= 0 ? Optional.empty() : memory.read(head, HEAD_BYTES);
        if (bytes.isPresent()) {
            long offset = bytes.get().getLong(OFFSET_FIELD);
            walk(head, offset, thread.ownTid());
            long pending = bytes.get().getLong(PENDING_FIELD) & ~1L;
            if (pending != 0) {
                mutex(pending + offset, offset, thread.ownTid());
            }
        }
    }

    private void walk(long head, long offset, int tid) throws IOException {
        OptionalLong next = readLong(head);
        for (int i = 0; i < LONGEST && next.isPresent(); i++) {
            long entry = next.getAsLong() & ~1L;
            if (entry == head || entry == 0) {
                return;
            }
            mutex(entry + offset, offset, tid);
            next = readLong(entry);
        }
    }

    private void mutex(long lock, long offset, int tid) throws IOException {
        OptionalInt word = readInt(lock);
        if (word.isEmpty() || (word.getAsInt() & TID_MASK) != tid) {
            return;
        }
        patches.addInt(lock, tid, TidPatches.FUTEX_FLAGS);
        OptionalInt owner = readInt(lock + GLIBC_OWNER);
        if (offset == GLIBC_OFFSET && owner.isPresent() && owner.getAsInt() == tid) {
            patches.addInt(lock + GLIBC_OWNER, tid, 0);
        }
    }

    private OptionalLong readLong(long address) throws IOException {
        return address <= 0 ? OptionalLong.empty() : memory.readLong(address);
    }

    private OptionalInt readInt(long address) throws IOException {
        return address <= 0 ? OptionalInt.empty() : memory.readInt(address);
    }
}
