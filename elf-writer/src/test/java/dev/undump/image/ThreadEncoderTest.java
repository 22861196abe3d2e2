// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.nativestub.ImageLayout;
import dev.undump.nativestub.ImageLayout.SignalFrame;
import dev.undump.plan.PlanSamples;
import dev.undump.plan.PlannedThread;
import dev.undump.plan.ResumePoint;
import dev.undump.plan.ShortenedCall;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ThreadEncoderTest {

    private static final long BLOCK = 0xfff00020000L;
    private static final long RESUME_CALL = 0xfff00000013L;
    private static final int FRAME = ImageLayout.ThreadBlock.FRAME;
    private static final int CALL = ImageLayout.ThreadBlock.CALL;

    private final CheckpointThread source =
            PlanSamples.thread(PlanSamples.TID, PlanSamples.registers(1, 2, 3, 4, 5, 6), Optional.empty());
    private final ByteBuffer block = ByteBuffer.allocate(4096).order(ByteOrder.LITTLE_ENDIAN);

    @Test
    void writeBlock_frame_isWhatRtSigreturnReads() {
        write(new ResumePoint(0x400100, 230, Optional.empty()));
        String golden = "0000000000000000" // pretcode
                + "0700000000000000" + "0000000000000000" // uc_flags, uc_link
                + "0000000000000000" + "0200000000000000" + "0000000000000000" // no alternate stack
                + "0500000000000000" + "0600000000000000" // r8, r9
                + "0400000000000000" + "0b00000000000000" // r10, r11
                + "0c00000000000000" + "0d00000000000000" + "0e00000000000000" + "0f00000000000000" // r12 to r15
                + "0100000000000000" + "0200000000000000" // rdi, rsi
                + "6900000000000000" + "6700000000000000" // rbp, rbx
                + "0300000000000000" + "e600000000000000" + "6500000000000000" // rdx, rax, rcx
                + "0018000100000000" + "0001400000000000" + "4602000000000000" // rsp, rip, eflags without TF
                + "3300" + "0000" + "0000" + "2b00"
                + "0000000000000000" + "0000000000000000" + "0000000000000000" + "0000000000000000" // err to cr2
                + "00080200ff0f0000" // fpstate
                + "00".repeat(64)
                + "0080000000000000" // signal mask
                + "00".repeat(128);
        byte[] frame = Arrays.copyOfRange(block.array(), FRAME, FRAME + SignalFrame.SIZE_BYTES);
        assertThat(HexFormat.of().formatHex(frame)).isEqualTo(golden);
        assertThat(block.get(ImageLayout.BLOCK_XSTATE)).isEqualTo((byte) 0x77);
    }

    @Test
    void writeBlock_shortenedSleep_goesThroughTheStub() {
        write(new ResumePoint(
                0x400100,
                35,
                Optional.of(new ShortenedCall(0x400102, 0, ShortenedCall.Form.TIMESPEC, 2_000_000_007L, false))));
        long call = BLOCK + CALL;
        assertThat(block.getLong(FRAME + SignalFrame.RIP)).isEqualTo(RESUME_CALL);
        assertThat(block.getLong(FRAME + SignalFrame.RAX)).isEqualTo(35);
        assertThat(block.getLong(FRAME + SignalFrame.RBX)).isEqualTo(call);
        assertThat(block.getLong(FRAME + SignalFrame.RDI)).isEqualTo(call + ImageLayout.ResumeCall.TIMESPEC);
        assertThat(block.getLong(FRAME + SignalFrame.RSI)).isEqualTo(2);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.RETURN_ADDRESS)).isEqualTo(0x400102);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.RDI)).isEqualTo(1);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.R9)).isEqualTo(6);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.RBX)).isEqualTo(0x67);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.TIMESPEC)).isEqualTo(2);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.TIMESPEC + 8)).isEqualTo(7);
    }

    @Test
    void writeBlock_shortenedPoll_changesTheNumber() {
        write(new ResumePoint(
                0x400100,
                7,
                Optional.of(new ShortenedCall(0x400102, 2, ShortenedCall.Form.MILLISECONDS, 1_000_001, false))));
        assertThat(block.getLong(FRAME + SignalFrame.RDX)).isEqualTo(2);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.RDX)).isEqualTo(3);
    }

    @Test
    void writeBlock_shortenedInPlace_goesOnAtTheProgramsOwnInstruction() {
        write(new ResumePoint(
                0x400100,
                35,
                Optional.of(new ShortenedCall(0x400102, 0, ShortenedCall.Form.TIMESPEC, 2_000_000_007L, true))));
        assertThat(block.getLong(FRAME + SignalFrame.RIP)).isEqualTo(0x400100);
        assertThat(block.getLong(FRAME + SignalFrame.RBX)).isEqualTo(0x67);
        assertThat(block.getLong(FRAME + SignalFrame.RDI))
                .isEqualTo(BLOCK + ImageLayout.ThreadBlock.CALL + ImageLayout.ResumeCall.TIMESPEC);
        assertThat(block.getLong(CALL + ImageLayout.ResumeCall.TIMESPEC)).isEqualTo(2);
    }

    private void write(ResumePoint resume) {
        PlannedThread thread = new PlannedThread(
                source, resume, Bytes.copyOf(new byte[] {0x77}), false, false, 0, List.of(), 0, Optional.empty());
        ThreadEncoder.writeBlock(block, 0, thread, BLOCK, RESUME_CALL);
    }
}
