// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static dev.undump.sites.CodeSample.CODE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.AlternateStack;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.InterruptedCall;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.Registers;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.PlanSamples;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The stub of an image that a program came from, among the program's code. */
class OlderStubTest {

    private static final int RW = Mapping.READ | Mapping.WRITE;
    private static final long STACK = 0x7f5000000000L;
    private static final int STACK_BYTES = 0x4000;
    private static final long INSIDE = CODE + 0x40;
    private static final long BLOCK = CODE + 0x100000;

    @TempDir
    private Path folder;

    private final byte[] code = CodeSample.functions("b81c000000 0f05 c3");
    private final byte[] stack = new byte[STACK_BYTES];
    private final OlderStub stub = new OlderStub(new ByteRange(CODE + 0x10, CODE + code.length), CODE + 0x20);

    @Test
    void rewrite_nobodyInside_leadsItsEntryOn() {
        CodeSample.Result result = rewrite(outside());

        assertThat(result.rewriting().coverage().modules()).isEmpty();
        assertThat(result.rewriting().patches()).hasSize(1);
        CodePatch patch = result.rewriting().patches().get(0);
        assertThat(patch.address()).isEqualTo(stub.entry());
        ByteBuffer jump = patch.content().buffer();
        assertThat(jump.remaining()).isEqualTo(14);
        assertThat(jump.getShort(0)).isEqualTo((short) 0x25ff);
        assertThat(jump.getInt(2)).isZero();
        assertThat(jump.getLong(6)).isEqualTo(CodeSample.ENTRY);
    }

    @Test
    void rewrite_threadInside_treatsItLikeOtherCode() {
        assertIsOrdinaryCode(rewrite(at(INSIDE, 0, Optional.empty())));
        assertIsOrdinaryCode(rewrite(at(INSIDE, 0, Optional.of(new InterruptedCall(202, -512, 0)))));
    }

    @Test
    void rewrite_signalHandlerThatInterruptedIt_treatsItLikeOtherCode() {
        ByteBuffer words = ByteBuffer.wrap(stack).order(ByteOrder.LITTLE_ENDIAN);
        words.putLong(0x2000, INSIDE);
        assertThat(rewrite(outside()).rewriting().coverage().modules()).isEmpty();

        words.putLong(0x2008, 0x246).putLong(0x2010, 0x002b000000000033L);
        assertIsOrdinaryCode(rewrite(outside()));
    }

    @Test
    void rewrite_threadThatSleepsInACallMadeAgain_isNotInside() {
        long record = BLOCK + ImageLayout.ThreadBlock.CALL;
        Optional<InterruptedCall> sleep = Optional.of(new InterruptedCall(230, -516, 0));
        assertThat(rewrite(at(INSIDE, record, sleep)).rewriting().coverage().modules()).isEmpty();

        assertIsOrdinaryCode(rewrite(at(INSIDE, record, Optional.empty())));
        assertIsOrdinaryCode(rewrite(at(INSIDE, record + 8, sleep)));
        assertIsOrdinaryCode(rewrite(at(INSIDE, record + (1 << 20), sleep)));
    }

    @Test
    void create_entryOutside_isRefused() {
        ByteRange text = new ByteRange(CODE, CODE + 0x1000);
        assertThatThrownBy(() -> new OlderStub(text, CODE - 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new OlderStub(text, CODE + 0xff8)).isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertIsOrdinaryCode(CodeSample.Result result) {
        assertThat(result.module().rewritten()).isEqualTo(1);
        assertThat(result.rewriting().patches()).noneMatch(patch -> patch.content().length() == 14);
    }

    private CodeSample.Result rewrite(CheckpointThread thread) {
        byte[] block = new byte[PlanSamples.PAGE];
        ByteBuffer.wrap(block).order(ByteOrder.LITTLE_ENDIAN).putLong(ImageLayout.ThreadBlock.CALL, STACK);
        return new CodeSample(folder)
                .code(code, MappingKind.PRIVATE_FILE, 0)
                .mapping(CodeSample.mapping(BLOCK, PlanSamples.PAGE, MappingKind.ANONYMOUS, RW, 0, ""))
                .bytes(BLOCK, block)
                .mapping(CodeSample.mapping(STACK, STACK_BYTES, MappingKind.ANONYMOUS, RW, 0, ""))
                .bytes(STACK, stack)
                .thread(thread)
                .olderStub(stub)
                .rewrite(code);
    }

    private static CheckpointThread outside() {
        return CodeSample.thread(STACK + 0x800, new AlternateStack(0, 0, 2));
    }

    private static CheckpointThread at(long instructionPointer, long rbx, Optional<InterruptedCall> call) {
        Registers r = outside().registers();
        return PlanSamples.thread(
                1000,
                new Registers(
                        r.r15(), r.r14(), r.r13(), r.r12(), r.rbp(), rbx, r.r11(), r.r10(), r.r9(), r.r8(), r.rax(), r.rcx(),
                        r.rdx(), r.rsi(), r.rdi(), r.origRax(), instructionPointer, r.cs(), r.eflags(), r.rsp(), r.ss(),
                        r.fsBase(), r.gsBase(), r.ds(), r.es(), r.fs(), r.gs()),
                call);
    }
}
