// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.RobustList;
import dev.undump.checkpoint.RseqRegistration;
import dev.undump.nativestub.ImageLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Thread ids in memory, found by each of the three ways. */
class TidPatchesTest {

    private static final long HEAP = PlanSamples.HEAP;
    private static final int TID = PlanSamples.TID;
    private static final long FS_BASE = HEAP + 0x400;
    private static final long FUTEX_FLAGS = 0xc0000000L;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();
    private CheckpointThread thread =
            PlanSamples.thread(TID, PlanSamples.registers(), Optional.empty());

    @Test
    void threadIdWords_glibc_wordOfClearChildTid() throws Exception {
        heap.putInt(0x300, TID);
        thread = with(0, HEAP + 0x300);
        assertThat(find()).containsExactly(new TidPatch(HEAP + 0x300, 0, 0, 4));
    }

    @Test
    void threadIdWords_wordHoldsSomethingElse_nothing() throws Exception {
        heap.putInt(0x300, TID + 1);
        thread = with(0, HEAP + 0x300);
        assertThat(find()).isEmpty();
    }

    @Test
    void threadIdWords_musl_tidOfStructPthreadAndItsMutexes() throws Exception {
        heap.putLong(0x400, FS_BASE).putInt(0x430, TID);
        heap.putLong(0x488, HEAP + 0x620);
        heap.putInt(0x604, TID | 0x80000000).putLong(0x620, FS_BASE + 0x88);
        thread = with(0, HEAP + 0x308);
        assertThat(find())
                .containsExactly(
                        new TidPatch(HEAP + 0x430, 0, 0, 4), new TidPatch(HEAP + 0x604, FUTEX_FLAGS, 0, 4));
    }

    @Test
    void threadIdWords_go_procidOfM() throws Exception {
        long g = HEAP + 0x800;
        long m = HEAP + 0xa00;
        long g0 = HEAP + 0xc00;
        heap.putLong(0x3f8, g).putLong(0x830, m).putLong(0xa00, g0).putLong(0xc30, m);
        heap.putLong(0xa48, TID);
        assertThat(find()).containsExactly(new TidPatch(m + 0x48, 0, 0, 8));
    }

    @Test
    void threadIdWords_goWhoseG0LeadsElsewhere_nothing() throws Exception {
        heap.putLong(0x3f8, HEAP + 0x800).putLong(0x830, HEAP + 0xa00).putLong(0xa00, HEAP + 0xc00);
        heap.putLong(0xc30, HEAP + 0xb00).putLong(0xa48, TID);
        assertThat(find()).isEmpty();
    }

    @Test
    void robustLists_glibc_lockAndOwnerOfEachEntryAndOfThePendingOne() throws Exception {
        long head = HEAP + 0x100;
        heap.putLong(0x100, HEAP + 0x520).putLong(0x108, -32).putLong(0x110, HEAP + 0x720 | 1);
        heap.putInt(0x500, TID).putInt(0x508, TID).putLong(0x520, head);
        heap.putInt(0x700, TID | 0x80000000);
        thread = with(head, 0);
        assertThat(find())
                .containsExactly(
                        new TidPatch(HEAP + 0x500, FUTEX_FLAGS, 0, 4),
                        new TidPatch(HEAP + 0x508, 0, 0, 4),
                        new TidPatch(HEAP + 0x700, FUTEX_FLAGS, 0, 4));
    }

    @Test
    void robustLists_endless_ends() throws Exception {
        heap.putLong(0x100, HEAP + 0x520).putLong(0x108, -32);
        heap.putLong(0x520, HEAP + 0x560).putLong(0x560, HEAP + 0x520);
        thread = with(HEAP + 0x100, 0);
        assertThat(find()).isEmpty();
    }

    @Test
    void lockScanner_mutexAcrossPages_found() throws Exception {
        int at = PlanSamples.PAGE - 8;
        heap.putInt(at, 1).putInt(at + 4, 1).putInt(at + 8, TID).putInt(at + 12, 1).putInt(at + 16, 1);
        heap.putLong(0x40, HEAP + at);
        assertThat(find()).containsExactly(new TidPatch(HEAP + at + 8, 0, 0, 4));
    }

    @Test
    void lockScanner_rwlockAtTheEndOfMemory_found() throws Exception {
        int at = 2 * PlanSamples.PAGE - 56;
        heap.putInt(at, 3).putInt(at + 8, 1).putInt(at + 12, 3).putInt(at + 24, TID);
        heap.putLong(0x40, HEAP + at);
        assertThat(find()).containsExactly(new TidPatch(HEAP + at + 24, 0, 0, 4));
    }

    @Test
    void lockScanner_numbersThatAreNoLocks_nothing() throws Exception {
        for (int at = 0; at + 4 <= heap.capacity(); at += 4) {
            heap.putInt(at, TID - 500 + at / 4 % 1000);
        }
        assertThat(find()).isEmpty();
    }

    @Test
    void lockWaiters_robustMutexOfAnotherThread_frameAndRegisters() throws Exception {
        CheckpointThread waiter = waiter(0x90, 0);
        assertThat(waiting(waiter))
                .isEqualTo(List.of(
                        new TidPatch(HEAP + 0x180c, 0, 0, 4), new RegisterPatch(0, ImageLayout.SignalFrame.R13)));
    }

    @Test
    void lockWaiters_recursiveMutexOrOtherCommand_nothing() throws Exception {
        assertThat(waiting(waiter(1, 0))).isEmpty();
        assertThat(waiting(waiter(0x90, 1))).isEmpty();
    }

    /** A thread in futex(2) on a mutex at 0x600 that itself holds, with its id on the stack and in a register. */
    private CheckpointThread waiter(int kind, int command) {
        heap.putInt(0x600, TID | 0x80000000).putInt(0x608, TID).putInt(0x60c, 1).putInt(0x610, kind);
        heap.putInt(0x180c, TID).putInt(0x1a00, TID);
        Registers like = PlanSamples.registers();
        Registers registers = new Registers(
                15, 14, TID, 12, 105, 103, 11, 0, 0, 0, -512, 101, TID, command | 128, HEAP + 0x600, 202, like.rip(), 0x33,
                0x246, HEAP + 0x1800, 0x2b, FS_BASE, 0, 0, 0, 0, 0);
        return PlanSamples.thread(TID, registers, Optional.of(new InterruptedCall(202, -512, 5)));
    }

    private List<Object> waiting(CheckpointThread waiter) throws IOException {
        Checkpoint checkpoint = PlanSamples.read(PlanSamples.builder(heap).thread(waiter), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            LockWaiters waiters = new LockWaiters(memory, patches);
            waiters.find(waiter, 0);
            List<Object> found = new ArrayList<>(patches.inOrder());
            found.addAll(waiters.registers());
            return found;
        }
    }

    private CheckpointThread with(long robustHead, long clearChildTid) {
        return PlanSamples.thread(
                thread,
                new RobustList(robustHead, robustHead == 0 ? 0 : 24),
                new RseqRegistration(0, 0, 0),
                clearChildTid);
    }

    private List<TidPatch> find() throws IOException {
        Checkpoint checkpoint = PlanSamples.read(PlanSamples.builder(heap).thread(thread), folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            ThreadIdWords words = new ThreadIdWords(memory, patches);
            words.find(thread);
            new RobustLists(memory, patches).find(thread, words.isMusl(thread));
            new LockScanner(memory, patches).scan(checkpoint.mappings(), checkpoint.threads());
            return patches.inOrder();
        }
    }
}
