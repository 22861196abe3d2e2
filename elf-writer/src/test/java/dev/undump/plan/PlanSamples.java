// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.CpuidLeaf;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.RobustList;
import dev.undump.checkpoint.RseqRegistration;
import dev.undump.checkpoint.ThreadSample;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Small checkpoints for the planner's tests: code with a syscall instruction, a heap whose bytes the test chooses. */
public final class PlanSamples {

    public static final int PAGE = CheckpointSamples.PAGE;
    public static final long CODE = CheckpointSamples.CODE;
    public static final long HEAP = CheckpointSamples.HEAP;
    public static final int TID = 1000;

    /** Address behind the syscall instruction. */
    public static final long BEHIND_SYSCALL = CODE + 0x102;

    private PlanSamples() {}

    /** Returns a builder with code, and a writable heap of two pages that starts with the given bytes. */
    public static CheckpointBuilder builder(ByteBuffer heap) {
        return builder(heap, code());
    }

    /** Returns a page of zeroed code with a syscall instruction. */
    public static byte[] code() {
        byte[] code = new byte[PAGE];
        code[0x100] = 0x0f;
        code[0x101] = 0x05;
        return code;
    }

    /** The same with chosen code. */
    public static CheckpointBuilder builder(ByteBuffer heap, byte[] code) {
        return new CheckpointBuilder()
                .cpuid(new CpuidLeaf(1, 0, 0, 2 << 16, 0x00080000, 1))
                .cpuid(new CpuidLeaf(0xd, 2, 256, 576, 0, 0))
                .mapping(CheckpointSamples.mapping(
                        CODE, 1, MappingKind.PRIVATE_FILE, Mapping.READ | Mapping.EXECUTE, 0, "/usr/bin/sample"))
                .bytes(CODE, ExtentKind.FILE, code)
                .mapping(CheckpointSamples.mapping(
                        HEAP, 2, MappingKind.ANONYMOUS, Mapping.READ | Mapping.WRITE, 0, "[heap]"))
                .bytes(HEAP, ExtentKind.PRIVATE, heap.array());
    }

    /** Returns zeroed bytes of two pages, little-endian. */
    public static ByteBuffer heap() {
        return ByteBuffer.allocate(2 * PAGE).order(ByteOrder.LITTLE_ENDIAN);
    }

    public static Checkpoint read(CheckpointBuilder builder, Path folder) throws IOException {
        return CheckpointReader.read(builder.write(folder.resolve("myckpt.dat")));
    }

    /** Returns a thread in user code, or inside a call, without anything registered in its memory. */
    public static CheckpointThread thread(int tid, Registers registers, Optional<InterruptedCall> call) {
        return ThreadSample.of(tid)
                .unregistered()
                .registers(registers)
                .call(call)
                .signalMask(0x8000)
                .build();
    }

    public static CheckpointThread thread(
            CheckpointThread like, RobustList robustList, RseqRegistration rseq, long clearChildTid) {
        return ThreadSample.like(like)
                .robustList(robustList)
                .rseq(rseq)
                .clearChildTid(clearChildTid)
                .build();
    }

    /** Returns registers behind the syscall instruction with the call's six arguments. */
    public static Registers registers(long... arguments) {
        long[] six = Arrays.copyOf(arguments, 6);
        return new Registers(
                15, 14, 13, 12, 105, 103, 11, six[3], six[5], six[4], -516, 101, six[2], six[1], six[0], -1, BEHIND_SYSCALL, 0x33,
                0x346, HEAP + 0x1800, 0x2b, HEAP + 0x400, 0, 0, 0, 0, 0);
    }

    public static Mapping mapping(
            ByteRange range, MappingKind kind, int protection, int flags, int shareId, long fileOffset, String name) {
        return new Mapping(
                range, kind, protection, flags, shareId, fileOffset, 0, 0, 0, NativeText.of(name), 0, 0, List.of());
    }
}
