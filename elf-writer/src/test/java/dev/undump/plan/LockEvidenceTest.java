// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointMemory;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes of a recursive mutex that a thread holds are a lock when something uses them as one. */
class LockEvidenceTest {

    private static final long HEAP = PlanSamples.HEAP;
    private static final long CODE = PlanSamples.CODE;
    private static final int AT = 0x620;
    private static final int STACK = 0x1800;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();
    private final byte[] code = PlanSamples.code();
    private int owner = PlanSamples.TID;

    @Test
    void nothingUsesIt_isData() throws Exception {
        mutex(1);
        assertThat(locks()).isEmpty();
    }

    /** As HotSpot's server compiler has them by the thousand: Node::_outcnt, _outmax, _idx, class, number of operands. */
    @Test
    void nodeOfACompiler_isData() throws Exception {
        mutex(18);
        heap.putInt(AT + 4, 4).putLong(0x40, HEAP + AT - 0x20).putLong(STACK + 8, HEAP + AT - 0x20);
        assertThat(locks()).isEmpty();
    }

    @Test
    void pointerInMemory_isALock() throws Exception {
        mutex(1);
        heap.putLong(0x40, HEAP + AT);
        assertThat(locks()).containsExactly(HEAP + AT + 8);
    }

    @Test
    void pointerThatIsNotAligned_isData() throws Exception {
        mutex(1);
        heap.putLong(0x44, HEAP + AT);
        assertThat(locks()).isEmpty();
    }

    @Test
    void ownerWorksWithTheObjectAroundIt_isALock() throws Exception {
        mutex(1);
        heap.putLong(STACK + 8, HEAP + AT - 0x120);
        assertThat(locks()).containsExactly(HEAP + AT + 8);
    }

    @Test
    void objectAround_ofAnIdThatIsACommonNumber_isData() throws Exception {
        owner = 200;
        mutex(1);
        heap.putLong(STACK + 8, HEAP + AT - 0x120);
        assertThat(locks()).isEmpty();
    }

    @Test
    void objectThatStartsBehindIt_isData() throws Exception {
        mutex(1);
        heap.putLong(STACK + 8, HEAP + AT + 16);
        assertThat(locks()).isEmpty();
    }

    @Test
    void codeComputesItsAddress_isALock() throws Exception {
        mutex(1);
        // lea mutex(%rip),%rdi
        ByteBuffer.wrap(code)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0x200, new byte[] {0x48, (byte) 0x8d, 0x3d})
                .putInt(0x203, (int) (HEAP + AT - (CODE + 0x207)));
        assertThat(locks()).containsExactly(HEAP + AT + 8);
    }

    @Test
    void codeLoadsFromThere_isData() throws Exception {
        mutex(1);
        // mov mutex(%rip),%rdi
        ByteBuffer.wrap(code)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(0x200, new byte[] {0x48, (byte) 0x8b, 0x3d})
                .putInt(0x203, (int) (HEAP + AT - (CODE + 0x207)));
        assertThat(locks()).isEmpty();
    }

    @Test
    void codeOfAProgramAtAFixedAddress_isALock() throws Exception {
        mutex(1);
        assertThat(HEAP + AT).isLessThan(1L << 32);
        // mov $mutex,%edi
        ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).put(0x200, (byte) 0xbf).putInt(0x201, (int) (HEAP + AT));
        assertThat(locks()).containsExactly(HEAP + AT + 8);
    }

    /** Each thread that waits for a condition has the mutex's address on its stack. */
    @Test
    void otherUsers_areLookedFor() throws Exception {
        mutex(3);
        heap.putLong(0x40, HEAP + AT).putLong(STACK + 8, HEAP + AT);
        assertThat(locks()).isEmpty();
        mutex(2);
        assertThat(locks()).containsExactly(HEAP + AT + 8);
    }

    private void mutex(int users) {
        heap.putInt(AT, 1).putInt(AT + 4, 1).putInt(AT + 8, owner).putInt(AT + 12, users).putInt(AT + 16, 1);
    }

    /** Where ids are to be written. */
    private List<Long> locks() throws IOException {
        CheckpointBuilder builder = PlanSamples.builder(heap, code);
        for (int tid : Stream.of(PlanSamples.TID, owner).distinct().sorted(Comparator.reverseOrder()).toList()) {
            builder.thread(PlanSamples.thread(tid, PlanSamples.registers(), Optional.empty()));
        }
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            TidPatches patches = new TidPatches(checkpoint.threads(), memory);
            new LockScanner(memory, patches).scan(checkpoint.mappings(), checkpoint.threads());
            return patches.inOrder().stream().map(TidPatch::address).toList();
        }
    }

}
