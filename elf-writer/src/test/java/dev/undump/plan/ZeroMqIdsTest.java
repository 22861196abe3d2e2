// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.IdSearch.EVENT;
import static dev.undump.plan.IdSearch.PID;
import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.ModuleSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mailboxes, a reaper and a context of ZeroMQ in the heap. */
class ZeroMqIdsTest {

    private static final int SIGNALER = 0x400;
    private static final long TABLE = ModuleSample.ADDRESS + 0x900;

    @TempDir
    private Path folder;

    private final ByteBuffer heap = PlanSamples.heap();
    private String exported = "zmq_msg_init_size";

    @Test
    void find_mailbox_idOfItsSignaler() throws Exception {
        mailbox(SIGNALER);
        assertThat(find()).containsExactly(id(SIGNALER + 8));
    }

    @Test
    void find_reaper_itsIdAsWell() throws Exception {
        mailbox(SIGNALER);
        heap.putLong(SIGNALER + 80, PlanSamples.HEAP + 0x1000).putLong(0x1000, TABLE).putInt(SIGNALER + 96, PID);
        assertThat(find()).containsExactly(id(SIGNALER + 8), id(SIGNALER + 96));
        heap.putInt(SIGNALER + 92, 2);
        assertThat(find()).containsExactly(id(SIGNALER + 8));
        heap.putInt(SIGNALER + 92, 0xabcd01).putLong(0x1000, PlanSamples.HEAP);
        assertThat(find()).containsExactly(id(SIGNALER + 8));
    }

    @Test
    void find_context_itsIdAsWell() throws Exception {
        mailbox(SIGNALER);
        heap.putInt(SIGNALER - 272, 0xabadcafe).putInt(SIGNALER + 228, 0x55010001).putInt(SIGNALER + 232, PID);
        assertThat(find()).containsExactly(id(SIGNALER + 8), id(SIGNALER + 232));
        heap.putInt(SIGNALER + 228, 0x55010301);
        assertThat(find()).containsExactly(id(SIGNALER + 8));
        heap.putInt(SIGNALER + 228, 0x010101).putInt(SIGNALER - 272, 0xdeadbeef);
        assertThat(find()).containsExactly(id(SIGNALER + 8));
    }

    @Test
    void find_numbersThatAreNoMailbox_nothing() throws Exception {
        for (int at = 0; at + 12 <= heap.capacity(); at += 12) {
            heap.putInt(at, EVENT).putInt(at + 4, EVENT).putInt(at + 8, PID);
        }
        assertThat(find()).isEmpty();
    }

    @Test
    void find_programWithoutTheLibrary_nothing() throws Exception {
        exported = "nn_socket";
        mailbox(SIGNALER);
        assertThat(find()).isEmpty();
    }

    private void mailbox(int signaler) {
        heap.putLong(signaler - 104, TABLE).putLong(signaler - 96, TABLE + 0x40);
        heap.putInt(signaler, EVENT).putInt(signaler + 4, EVENT).putInt(signaler + 8, PID);
    }

    private static TidPatch id(int offset) {
        return new TidPatch(PlanSamples.HEAP + offset, 0, 0, Integer.BYTES);
    }

    private List<TidPatch> find() throws IOException {
        ModuleSample library = new ModuleSample().exports(exported, 0x100, 16);
        return IdSearch.in(
                library.addTo(PlanSamples.builder(heap), MappingKind.PRIVATE_FILE, "/usr/lib/libzmq.so.5"),
                folder,
                (checkpoint, memory, patches, modules) -> new ZeroMqIds(checkpoint, memory, patches).find(PID, modules));
    }
}
