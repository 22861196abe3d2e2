// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.SignalAction;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout.Terminal;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TerminalPlannerTest {

    private static final int CONTROLLING = CheckpointLayout.TERMINAL_CONTROLLING;
    private static final int FOREGROUND = CONTROLLING | CheckpointLayout.TERMINAL_FOREGROUND;
    private static final int COOKED = 0x8a3b;
    private static final int ICANON = 2;
    private static final int RAW = COOKED & ~ICANON;
    private static final SignalAction ON_RESIZE = new SignalAction(28, 0x401000, 0, 0, 0);

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private int files;

    @Test
    void steps_programThatReadsLines_leaveTheKeysOfTheLaunch() throws Exception {
        open(FOREGROUND, COOKED, 0, 1);
        builder.action(ON_RESIZE);
        ByteBuffer record = record();
        assertThat(record.getInt(Terminal.LOCAL_MASK)).isEqualTo(0x800b);
        assertThat(record.getInt(Terminal.SET_CHARACTERS)).isZero();
        assertThat(record.getInt(Terminal.REDRAW)).isZero();
        assertThat(record.getShort(Terminal.ROWS)).isEqualTo((short) 24);
        assertThat(steps()).extracting(FileOp::fd).containsExactly(0, 1);
    }

    @Test
    void steps_programThatTakesKeys_setEverythingAndMakeItDraw() throws Exception {
        open(FOREGROUND, RAW, 0);
        builder.action(ON_RESIZE);
        ByteBuffer record = record();
        assertThat(record.getInt(Terminal.LOCAL_FLAGS)).isEqualTo(RAW);
        assertThat(record.getInt(Terminal.LOCAL_MASK) & 0x800b).isEqualTo(0x800b);
        assertThat(record.getInt(Terminal.OUTPUT_MASK)).isEqualTo(-1);
        assertThat(record.getInt(Terminal.SET_CHARACTERS)).isEqualTo(1);
        assertThat(record.get(Terminal.CHARACTERS)).isEqualTo((byte) 3);
        assertThat(record.getInt(Terminal.REDRAW)).isEqualTo(1);
    }

    @Test
    void steps_programThatDoesNotCareForTheSize_doNotMakeItDraw() throws Exception {
        open(FOREGROUND, RAW, 0);
        assertThat(record().getInt(Terminal.REDRAW)).isZero();
    }

    @Test
    void steps_backgroundJob_leaveTheModes() throws Exception {
        open(CONTROLLING, RAW, 0);
        builder.action(ON_RESIZE);
        ByteBuffer record = record();
        assertThat(record.getInt(Terminal.LOCAL_MASK)).isZero();
        assertThat(record.getInt(Terminal.SET_CHARACTERS)).isZero();
        assertThat(record.getInt(Terminal.REDRAW)).isZero();
        assertThat(record.getShort(Terminal.COLUMNS)).isEqualTo((short) 80);
    }

    @Test
    void steps_severalTerminals_areAboutTheControllingOne() throws Exception {
        open(0, COOKED, 2);
        open(FOREGROUND, RAW, 7);
        assertThat(record().getInt(Terminal.LOCAL_FLAGS)).isEqualTo(RAW);
    }

    @Test
    void steps_noTerminal_areNone() throws Exception {
        assertThat(steps()).isEmpty();
    }

    private void open(int flags, int localFlags, int... fds) {
        builder.openFile(CheckpointSamples.openFile(FileKind.TERMINAL, "/dev/pts/7"))
                .terminal(CheckpointSamples.terminal(files, flags, localFlags));
        for (int fd : fds) {
            builder.descriptor(new Descriptor(fd, files, false));
        }
        files++;
    }

    private List<FileOp> steps() throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        return new TerminalPlanner(checkpoint, new OpenFiles(checkpoint, LaunchPolicies.NONE)).steps();
    }

    private ByteBuffer record() throws Exception {
        byte[] bytes = steps().get(0).path().bytes();
        assertThat(bytes).hasSize(Terminal.SIZE_BYTES);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
