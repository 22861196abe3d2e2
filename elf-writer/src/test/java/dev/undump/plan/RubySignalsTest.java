// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.IdSearch.EVENT;
import static dev.undump.plan.IdSearch.OTHER_EVENT;
import static dev.undump.plan.IdSearch.OTHER_READING;
import static dev.undump.plan.IdSearch.PID;
import static dev.undump.plan.IdSearch.READING;
import static dev.undump.plan.IdSearch.WRITING;
import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.ModuleSample;
import dev.undump.checkpoint.PosixTimer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two pairs of descriptors and an id, and a timer's owner, in the data of libruby. */
class RubySignalsTest {

    private static final long TIMER = ModuleSample.DATA + 0x80;

    @TempDir
    private Path folder;

    private final ModuleSample ruby = new ModuleSample().exports("rb_reserved_fd_p", 0xf00, 70);

    @Test
    void find_eventsOfOneProcess_itsId() throws Exception {
        words(0x1e0, EVENT, EVENT, OTHER_EVENT, OTHER_EVENT, PID);
        assertThat(find(ruby)).containsExactly(id(0x1f0));
    }

    @Test
    void find_pipes_theId() throws Exception {
        words(0, READING, WRITING, EVENT, EVENT, PID);
        assertThat(find(ruby)).containsExactly(id(0x10));
    }

    @Test
    void find_recapturedImage_theId() throws Exception {
        words(0x1e0, EVENT, EVENT, OTHER_EVENT, OTHER_EVENT, PID);
        for (MappingKind kind : List.of(MappingKind.ANONYMOUS, MappingKind.PRIVATE_FILE)) {
            assertThat(find(ruby.addTo(PlanSamples.builder(PlanSamples.heap()), kind, "/tmp/image"))).containsExactly(id(0x1f0));
        }
    }

    @Test
    void find_numbersThatAreNoPairs_nothing() throws Exception {
        words(0x100, EVENT, OTHER_EVENT, EVENT, EVENT, PID);
        words(0x140, EVENT, EVENT, OTHER_EVENT, EVENT, PID);
        words(0x180, WRITING, READING, EVENT, EVENT, PID);
        words(0x1c0, OTHER_READING, WRITING, EVENT, EVENT, PID);
        words(0x200, EVENT, EVENT, READING, READING, PID);
        words(0x240, 99, 99, 98, 98, PID);
        words(0x280, EVENT, EVENT, OTHER_EVENT, OTHER_EVENT, PID + 1);
        words(0, OTHER_EVENT, OTHER_EVENT, PID);
        assertThat(find(ruby)).isEmpty();
    }

    @Test
    void find_anotherModule_nothing() throws Exception {
        ModuleSample other = new ModuleSample().exports("rb_funcall", 0xf00, 70);
        other.data().putInt(0, EVENT).putInt(4, EVENT).putInt(8, EVENT).putInt(12, EVENT).putInt(16, PID);
        assertThat(find(other)).isEmpty();
    }

    @Test
    void find_timerThatSendsItsOwnAddress_itsOwner() throws Exception {
        words(0x80, 0, PID);
        assertThat(find(withTimer(26, TIMER))).containsExactly(id(0x84));
        assertThat(find(withTimer(14, TIMER))).isEmpty();
        assertThat(find(withTimer(26, PlanSamples.HEAP))).isEmpty();
        words(0x80, 0, PID + 1);
        assertThat(find(withTimer(26, TIMER))).isEmpty();
    }

    private void words(int at, int... words) {
        for (int i = 0; i < words.length; i++) {
            ruby.data().putInt(at + Integer.BYTES * i, words[i]);
        }
    }

    private CheckpointBuilder withTimer(int signal, long value) {
        PosixTimer timer = new PosixTimer(0, 1, OptionalInt.empty(), 0, signal, OptionalInt.empty(), value, 0, 0);
        return added(ruby).posixTimer(timer);
    }

    private static CheckpointBuilder added(ModuleSample module) {
        return module.addTo(PlanSamples.builder(PlanSamples.heap()), MappingKind.PRIVATE_FILE, "/usr/lib/libruby-3.1.so.3.1");
    }

    private static TidPatch id(int offset) {
        return new TidPatch(ModuleSample.DATA + offset, 0, 0, Integer.BYTES);
    }

    private List<TidPatch> find(ModuleSample module) throws IOException {
        return find(added(module));
    }

    private List<TidPatch> find(CheckpointBuilder builder) throws IOException {
        return IdSearch.in(
                builder,
                folder,
                (checkpoint, memory, patches, modules) -> new RubySignals(checkpoint, memory, patches).find(PID, modules));
    }
}
