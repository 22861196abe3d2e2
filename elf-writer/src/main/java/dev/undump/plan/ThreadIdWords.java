// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import java.io.IOException;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * Finds where a thread's runtime keeps its own id.
 *
 * <ul>
 *   <li>glibc: {@code pd->tid}, which is what clear_child_tid points to (nptl/descr.h), and before 2.25 {@code pd->pid} behind it,
 *       from which getpid() answers;
 *   <li>musl: {@code tid} of struct pthread, 0x30 behind the thread pointer (src/internal/pthread_impl.h); clear_child_tid is
 *       the same lock for all threads there;
 *   <li>Go: {@code procid} of struct m, found from the g that lies just below the thread pointer (runtime/runtime2.go).
 * </ul>
 */
final class ThreadIdWords {

    private static final int GLIBC_THREAD_BYTES = 0x1000;
    private static final int MUSL_TID = 0x30;
    private static final int GO_G_M = 0x30;
    private static final int GO_LAST_SLOT = 0x100;
    private static final int GO_FIRST_PROCID = 0x40;
    private static final int GO_M_BYTES = 0x100;
    private static final long LOWEST_POINTER = 4096;

    private final CheckpointMemory memory;
    private final TidPatches patches;

    ThreadIdWords(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(CheckpointThread thread, int pid) throws IOException {
        if (intAt(thread.clearChildTid(), thread.ownTid())) {
            patches.addInt(thread.clearChildTid(), thread.ownTid(), 0);
            findProcess(thread, pid);
        } else if (isMusl(thread)) {
            patches.addInt(thread.registers().fsBase() + MUSL_TID, thread.ownTid(), 0);
        }
        findGo(thread);
    }

    /** Newer ones leave the word zero; it lies in struct pthread, at whose beginning the thread pointer leads. */
    private void findProcess(CheckpointThread thread, int pid) throws IOException {
        long process = thread.clearChildTid() + Integer.BYTES;
        long offset = process - thread.registers().fsBase();
        if (offset > 0 && offset < GLIBC_THREAD_BYTES && intAt(process, pid)) {
            patches.addInt(process, pid, 0);
        }
    }

    /** Whether the thread pointer is musl's struct pthread of this thread. */
    boolean isMusl(CheckpointThread thread) throws IOException {
        long fsBase = thread.registers().fsBase();
        OptionalLong self = readLong(fsBase);
        return self.isPresent()
                && self.getAsLong() == fsBase
                && intAt(fsBase + MUSL_TID, thread.ownTid())
                && !intAt(thread.clearChildTid(), thread.ownTid());
    }

    /** Programs without cgo keep g at -8; with cgo it is a variable in the thread's static TLS block, a bit lower. */
    private void findGo(CheckpointThread thread) throws IOException {
        long fsBase = thread.registers().fsBase();
        for (int slot = Long.BYTES; slot <= GO_LAST_SLOT; slot += Long.BYTES) {
            OptionalLong g = readLong(fsBase - slot);
            if (g.isEmpty()) {
                return;
            }
            OptionalLong m = readPointer(g.getAsLong(), GO_G_M);
            OptionalLong g0 = m.isEmpty() ? m : readPointer(m.getAsLong(), 0);
            OptionalLong back = g0.isEmpty() ? g0 : readPointer(g0.getAsLong(), GO_G_M);
            if (back.isPresent() && back.getAsLong() == m.getAsLong()) {
                addProcid(m.getAsLong(), thread.ownTid());
                return;
            }
        }
    }

    private void addProcid(long m, int tid) throws IOException {
        for (int field = GO_FIRST_PROCID; field < GO_M_BYTES; field += Long.BYTES) {
            OptionalLong value = readLong(m + field);
            if (value.isPresent() && value.getAsLong() == tid) {
                patches.addLong(m + field, tid);
                return;
            }
        }
    }

    private OptionalLong readPointer(long base, int field) throws IOException {
        if (base < LOWEST_POINTER || base % Long.BYTES != 0) {
            return OptionalLong.empty();
        }
        OptionalLong value = readLong(base + field);
        return value.isPresent() && value.getAsLong() != 0 ? value : OptionalLong.empty();
    }

    private OptionalLong readLong(long address) throws IOException {
        return address <= 0 ? OptionalLong.empty() : memory.readLong(address);
    }

    private boolean intAt(long address, int expected) throws IOException {
        if (address <= 0) {
            return false;
        }
        OptionalInt value = memory.readInt(address);
        return value.isPresent() && value.getAsInt() == expected;
    }
}
