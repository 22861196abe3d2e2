// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.AlternateStack;
import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.ImageLayout;
import dev.undump.sites.Instruction.Flow;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SiteRewriterTest {

    private static final long CODE = CodeSample.CODE;
    private static final String MADVISE = "b81c000000";
    private static final String GETPID = "b827000000";
    private static final String CALL = "0f05";
    private static final String RET = "c3";
    /** cmp $-4095,%rax; ret. */
    private static final String CHECK = "483d01f0ffff c3";
    /** mov $28,%eax; syscall; cmp $-4095,%rax; neg %eax; ret: 16 bytes. */
    private static final String MADVISE_16 = "b81c000000 0f05 483d01f0ffff f7d8 c3";

    private static final int STACK_BYTES = 4 * CodeSample.PAGE;
    private static final long STACK = 0x7f4000000000L;

    @TempDir
    private Path folder;

    private CodeSample.Result rewrite(String... functions) {
        byte[] code = CodeSample.functions(functions);
        return new CodeSample(folder).code(code, MappingKind.PRIVATE_FILE, 0).rewrite(code);
    }

    private CodeSample.Result rewriteTight(String... functions) {
        byte[] code = CodeSample.tightFunctions(functions);
        return new CodeSample(folder).code(code, MappingKind.PRIVATE_FILE, 0).rewrite(code);
    }

    // ---- which number ----

    @Test
    void constantNotIntercepted_isUntouched() {
        CodeSample.Result result = rewrite(GETPID + CALL + RET);

        assertThat(result.module()).isEqualTo(new ModuleCoverage("libsample.so", 1, 0, 0, 0, List.of()));
        assertThat(result.rewriting().patches()).isEmpty();
        assertThat(result.rewriting().islands()).isEmpty();
        assertThat(result.rewriting().coverage().isComplete()).isTrue();
    }

    @Test
    void numberOverRegisterAndLoop_isKnown() {
        // mov $39,%r8d; L: xor %edi,%edi; mov %r8d,%eax; syscall; test %rax,%rax; js L; ret
        CodeSample.Result result = rewrite("41b827000000 31ff 4489c0 0f05 4885c0 78f4 c3");

        assertThat(result.module().constant()).isEqualTo(1);
    }

    @Test
    void numberByPushAndPop_isKnown() {
        assertThat(rewrite("6a27 58 0f05 c3").module().constant()).isEqualTo(1);
    }

    @Test
    void numberByLowByte_isKnown() {
        assertThat(rewrite("31c0 b027 0f05 c3").module().constant()).isEqualTo(1);
    }

    @Test
    void zeroByXor_isKnown() {
        assertThat(rewrite("31c0 31ff 0f05 c3").module().constant()).isEqualTo(1);
    }

    @Test
    void numberOnlyFromOneSide_isCompared() {
        // mov $39,%eax; test %rdi,%rdi; jne L; mov %rsi,%rax; L: syscall; ret
        CodeSample.Result result = rewrite("b827000000 4885ff 7503 4889f0 0f05 c3");

        assertThat(result.module().dynamic()).isEqualTo(1);
    }

    @Test
    void twoKnownNumbersOneIntercepted_isCompared() {
        // mov $39,%eax; test %rdi,%rdi; jne L; mov $28,%eax; L: syscall; ret
        CodeSample.Result result = rewrite("b827000000 4885ff 7505 b81c000000 0f05 c3");

        assertThat(result.module().dynamic()).isEqualTo(1);
    }

    @Test
    void twoKnownNumbersNoneIntercepted_isUntouched() {
        CodeSample.Result result = rewrite("b827000000 4885ff 7505 b803000000 0f05 c3");

        assertThat(result.module().constant()).isEqualTo(1);
    }

    @Test
    void farJumpFromElsewhereToTheCall_makesItUnknown() {
        // The first function jumps (rel32) to the syscall of the second, which starts 16 bytes behind it.
        CodeSample.Result result = rewrite("4889f8 e90d000000", GETPID + CALL + RET);

        assertThat(result.module().dynamic()).isEqualTo(1);
        assertThat(result.module().constant()).isZero();
    }

    @Test
    void callBetweenNumberAndCall_makesItUnknown() {
        assertThat(rewrite(GETPID + "e800000000" + CALL + CHECK).module().constant()).isZero();
    }

    @Test
    void jumpTableInTheFunction_countsOnlyStraightCode() {
        // mov $39,%r8d; cmp; je L; jmp *%rcx; L: mov %r8d,%eax; syscall; ret
        CodeSample.Result jumped = rewrite("41b827000000 4885ff 7402 ffe1 4489c0 0f05 c3");
        CodeSample.Result straight = rewrite("4885ff 7402 ffe1 b827000000 0f05 c3");

        assertThat(jumped.module().dynamic()).isEqualTo(1);
        assertThat(straight.module().constant()).isEqualTo(1);
    }

    // ---- the ways ----

    @Test
    void constantBesidePadding_hopsOverItAndKeepsAllAddresses() {
        CodeSample.Result result = rewrite(MADVISE + CALL + RET);
        long call = CodeSample.firstFunction() + 5;

        assertThat(result.module().rewritten()).isEqualTo(1);
        Instruction near = result.at(call);
        assertThat(near.flow()).isEqualTo(Flow.JUMP);
        assertThat(near.length()).isEqualTo(2);
        Instruction far = result.at(near.target());
        assertThat(far.flow()).isEqualTo(Flow.JUMP);
        assertHandsOver(result, far.target(), call + 2);
        assertThat(result.rewriting().moved()).isEmpty();
        assertThat(result.rewriting().relocate(call)).isEqualTo(call);
    }

    @Test
    void constantWithoutPadding_movesTheMove() {
        CodeSample.Result result = rewriteTight(MADVISE_16);
        long start = CodeSample.firstTightFunction();

        assertThat(result.module().rewritten()).isEqualTo(1);
        Instruction far = result.at(start);
        assertThat(far.flow()).isEqualTo(Flow.JUMP);
        assertThat(far.length()).isEqualTo(5);
        assertThat(result.at(start + 5).flow()).as("the call stays").isEqualTo(Flow.SYSTEM_CALL);
        Instruction moved = result.at(far.target());
        assertThat(moved.opcode()).isEqualTo(0xb8);
        assertThat(moved.immediate()).isEqualTo(28);
        assertThat(result.rewriting().relocate(start + 5)).isEqualTo(moved.end());
        Instruction lea = result.at(moved.end());
        assertThat(result.leaTarget(lea)).as("behind the call in place").isEqualTo(start + 7);
        assertThat(result.word(result.at(lea.end()))).isEqualTo(CodeSample.ENTRY);
    }

    @Test
    void jumpToTheCall_forbidsMovingWhatIsInFront_soWhatIsBehindMoves() {
        // mov $28,%eax; L: syscall; test %rax,%rax; js L; inc %rcx; ret: 16 bytes
        CodeSample.Result result = rewriteTight("b81c000000 0f05 4885c0 78f9 48ffc1 c3");
        long call = CodeSample.firstTightFunction() + 5;

        assertThat(result.rewriting().coverage().isComplete()).isTrue();
        Instruction far = result.at(call);
        assertThat(far.flow()).isEqualTo(Flow.JUMP);
        assertThat(far.length()).isEqualTo(5);
        long behind = result.rewriting().relocate(call + 2);
        assertThat(result.at(behind).opcode()).as("test").isEqualTo(0x85);
        assertThat(result.at(behind - 2).flow()).as("the moved call").isEqualTo(Flow.SYSTEM_CALL);
        assertThat(result.at(result.at(behind).end()).target()).as("back to the loop").isEqualTo(call + 5);
        assertThat(result.rewriting().relocate(call)).isEqualTo(call);
    }

    @Test
    void unknownNumber_keepsTheCallWhereALongInstructionStandsInFront() {
        // mov %rdi,%rax; mov 8(%rsp),%r9; syscall; ret
        CodeSample.Result result = rewrite("4889f8 4c8b4c2408 0f05 c3");
        long moved = CodeSample.firstFunction() + 3;

        assertThat(result.module().dynamic()).isEqualTo(1);
        Instruction far = result.at(moved);
        Instruction copy = result.at(far.target());
        assertThat(copy.opcode()).isEqualTo(0x8b);
        assertThat(copy.length()).isEqualTo(5);
        assertCompares(result, copy.end(), moved + 5, moved + 7);
    }

    @Test
    void unknownNumber_withoutOne_hops() {
        CodeSample.Result result = rewrite("4889f8 0f05 c3");
        long call = CodeSample.firstFunction() + 3;

        assertThat(result.module().dynamic()).isEqualTo(1);
        Instruction near = result.at(call);
        long check = result.at(near.target()).target();
        long pass = assertCompares(result, check, 0, 0);
        assertThat(result.at(pass).flow()).isEqualTo(Flow.SYSTEM_CALL);
        assertThat(result.at(pass + 2).target()).isEqualTo(call + 2);
    }

    @Test
    void operandRelativeToTheInstruction_staysTheSame() {
        // mov %rdi,%rax; mov 0x1000(%rip),%r9; syscall; ret
        CodeSample.Result result = rewrite("4889f8 4c8b0d00100000 0f05 c3");
        long moved = CodeSample.firstFunction() + 3;
        Instruction copy = result.at(result.at(moved).target());

        assertThat(copy.displacementAt()).isEqualTo(3);
        assertThat(result.leaTarget(copy)).isEqualTo(moved + 7 + 0x1000);
    }

    @Test
    void paddingForOneOnly_isUsedOnce() {
        // Two calls of known number; the only gap, of 5 bytes, is in front of them: jmp +5; int3...
        CodeSample.Result result = rewriteTight("53 5b eb05 cccccccccc b81c000000 0f05", "b819000000 0f05 483d01f0ffff f7d8 c3");
        long gap = CodeSample.firstTightFunction() + 4;
        long first = CodeSample.firstTightFunction() + 14;
        long second = CodeSample.firstTightFunction() + 16;

        assertThat(result.module().rewritten()).isEqualTo(2);
        assertThat(result.at(first).target()).isEqualTo(gap);
        assertThat(result.at(second).length()).as("far jump over the move").isEqualTo(5);
        assertThat(result.at(gap).target()).isNotEqualTo(result.at(second).target());
    }

    @Test
    void paddingThatIsJumpedTo_isNotUsed() {
        byte[] code = CodeSample.functions(MADVISE + CALL + RET);
        long padding = CodeSample.firstFunction() + 8;
        for (int i = 0; i < code.length; i++) {
            // Everything that could be a hop is jumped to: a far jump into the middle of each gap, from the last function.
            if (i > 0 && code[i] == (byte) 0xcc && code[i - 1] == (byte) 0xc3 && CODE + i != padding) {
                code[i] = (byte) 0xc3;
            }
        }
        int last = code.length - 16;
        ByteBuffer.wrap(code).order(ByteOrder.LITTLE_ENDIAN).put(last, (byte) 0xe9).putInt(last + 1, (int) (padding + 4 - CODE - last - 5));

        CodeSample.Result result = new CodeSample(folder).code(code, MappingKind.PRIVATE_FILE, 0).rewrite(code);

        assertThat(result.patched()[(int) (padding - CODE)]).isEqualTo((byte) 0xcc);
        assertThat(result.at(CodeSample.firstFunction()).flow()).as("the move gives way instead").isEqualTo(Flow.JUMP);
    }

    // ---- what is no call, what cannot be covered ----

    @Test
    void bytesInsideOfAnInstruction_areNoCall() {
        // mov $0x050f1234,%ecx
        CodeSample.Result result = rewrite("53 b934120f05 4889fb 5b c3");

        assertThat(result.module().notCode()).isEqualTo(1);
        assertThat(result.rewriting().coverage().isComplete()).isTrue();
    }

    @Test
    void oldSystemCalls_areNotCovered() {
        CodeSample.Result result = rewrite(MADVISE + "cd80" + RET, MADVISE + "cd80" + RET);

        assertThat(result.module().uncovered()).hasSize(2);
        assertThat(result.module().uncovered().get(0).reason()).contains("32-bit");
        assertThat(result.rewriting().coverage().isComplete()).isFalse();
        assertThat(result.rewriting().coverage().summary()).contains("libsample.so").contains("32-bit");
    }

    @Test
    void sysenter_whichNo64BitProgramSurvives_isNotLookedAt() {
        CodeSample.Result result = rewrite(MADVISE + "0f34" + RET);

        assertThat(result.rewriting().coverage().isComplete()).isTrue();
        assertThat(result.rewriting().patches()).isEmpty();
    }

    @Test
    void callWithoutRoom_isNotCovered() {
        // jne C; jne B; mov %rdi,%rax; C: syscall; B: cltq; jmp +0; ret: 16 bytes, jumps to the call and right behind it.
        CodeSample.Result result = rewriteTight("7507 7507 4889f8 6690 0f05 4898 eb00 c3");

        assertThat(result.module().uncovered()).hasSize(1);
        assertThat(result.module().uncovered().get(0).reason()).contains("no room");
        assertThat(result.rewriting().patches()).isEmpty();
    }

    @Test
    void sharedFileThatALaunchMapsItself_isNotCovered() {
        byte[] code = CodeSample.functions(MADVISE + CALL + RET);
        CodeSample.Result result = new CodeSample(folder)
                .code(code, MappingKind.SHARED_FILE, CheckpointLayout.VMA_MAY_WRITE)
                .rewrite(code);

        assertThat(result.module().uncovered()).hasSize(1);
        assertThat(result.rewriting().patches()).isEmpty();
    }

    @Test
    void generatedCode_isCoveredLikeOther() {
        byte[] code = CodeSample.functions(MADVISE + CALL + RET);
        CodeSample.Result result = new CodeSample(folder).code(code, MappingKind.ANONYMOUS, 0).rewrite(code);

        assertThat(result.module().rewritten()).isEqualTo(1);
        assertThat(result.module().module()).isEqualTo("generated code");
    }

    @Test
    void addressInGeneratedCode_thatReadsLikeACall_isData() {
        // As a JVM's metadata: b8 43 44 30 7f reads as mov $0x7f304443,%eax, and the next address holds 0f 05.
        String addresses = "b84300307f000000 600f05307f000000 504300307f000000";
        byte[] code = CodeSample.functions(addresses);
        CodeSample.Result result = new CodeSample(folder)
                .code(code, MappingKind.ANONYMOUS, 0)
                .mapping(CodeSample.mapping(0x7f30000000L, 1 << 20, MappingKind.ANONYMOUS, Mapping.READ, 0, ""))
                .rewrite(code);

        assertThat(result.module().notCode()).isEqualTo(1);
        assertThat(result.rewriting().coverage().isComplete()).isTrue();
        assertThat(result.patched()).isEqualTo(code);
    }

    @Test
    void unknownNumberInGeneratedCode_isNotCovered() {
        byte[] code = CodeSample.functions("89f8" + CALL + RET);
        CodeSample.Result result = new CodeSample(folder).code(code, MappingKind.ANONYMOUS, 0).rewrite(code);

        assertThat(result.module().uncovered()).hasSize(1);
        assertThat(result.patched()).isEqualTo(code);
    }

    @Test
    void kernelsOwnCode_isNotLookedAt() {
        byte[] code = CodeSample.functions(MADVISE + CALL + RET);
        CodeSample.Result result = new CodeSample(folder).code(code, MappingKind.VDSO, 0).rewrite(code);

        assertThat(result.rewriting().coverage().modules()).isEmpty();
        assertThat(result.rewriting().coverage().isComplete()).isTrue();
    }

    @Test
    void cancellationPointRoutine_keepsItsCall() {
        // mov (%rdi),%eax; test %eax,%eax; jne; mov %rdi,%r11; mov %rsi,%rax; ... as musl has it.
        CodeSample.Result result = rewrite("8b07 85c0 7526 4989fb 4889f0 4889d7 4889ce 4c89c2 4d89ca 4c8b442408"
                + " 4c8b4c2410 4c895c2408 0f05 c3 90 4883ec08 c3");

        assertThat(result.module().constant()).isEqualTo(1);
        assertThat(result.rewriting().patches()).isEmpty();
    }

    // ---- threads ----

    @Test
    void contextOnAStack_insideOfMovedCode_isMovedToo() {
        byte[] code = CodeSample.tightFunctions(MADVISE_16);
        long call = CodeSample.firstTightFunction() + 5;
        byte[] stack = new byte[STACK_BYTES];
        ByteBuffer words = ByteBuffer.wrap(stack).order(ByteOrder.LITTLE_ENDIAN);
        words.putLong(0x1000, call).putLong(0x1008, 0x246).putLong(0x1010, 0x002b000000000033L);
        words.putLong(0x2000, call); // An address alone is no context.

        CodeSample.Result result = new CodeSample(folder)
                .code(code, MappingKind.PRIVATE_FILE, 0)
                .mapping(CodeSample.mapping(STACK, STACK_BYTES, MappingKind.ANONYMOUS, Mapping.READ | Mapping.WRITE, 0, ""))
                .bytes(STACK, stack)
                .thread(CodeSample.thread(STACK + 0x800, new AlternateStack(0, 0, 2)))
                .rewrite(code);

        List<CodePatch> onStack = result.rewriting().patches().stream().filter(patch -> patch.address() >= STACK).toList();
        assertThat(onStack).hasSize(1);
        assertThat(onStack.get(0).address()).isEqualTo(STACK + 0x1000);
        assertThat(onStack.get(0).content().buffer().getLong()).isEqualTo(result.rewriting().relocate(call)).isNotEqualTo(call);
    }

    // ---- islands ----

    @Test
    void island_liesBelowTheCode_withinReach() {
        Island island = rewrite(MADVISE + CALL + RET).rewriting().islands().get(0);

        assertThat(island.address()).isBetween(CODE - (64 << 20), CODE - (4 << 20));
        assertThat(island.content().length()).isEqualTo(4096);
    }

    @Test
    void island_avoidsWhatIsOccupied() {
        byte[] code = CodeSample.functions(MADVISE + CALL + RET);
        ByteRange below = new ByteRange(CODE - (3L << 30), CODE);

        Island island = new CodeSample(folder)
                .code(code, MappingKind.PRIVATE_FILE, 0)
                .rewrite(code, List.of(below))
                .rewriting()
                .islands()
                .get(0);

        assertThat(island.address()).isGreaterThan(CODE);
    }

    @Test
    void island_withoutFreeSpace_leavesCallsUncovered() {
        byte[] code = CodeSample.functions(MADVISE + CALL + RET);
        ByteRange all = new ByteRange(CODE - (4L << 30), CODE + (4L << 30));

        CodeSample.Result result =
                new CodeSample(folder).code(code, MappingKind.PRIVATE_FILE, 0).rewrite(code, List.of(all));

        assertThat(result.module().uncovered()).hasSize(1);
        assertThat(result.rewriting().islands()).isEmpty();
        assertThat(result.rewriting().patches()).isEmpty();
    }

    @Test
    void sameCheckpoint_givesTheSame() {
        String[] functions = {MADVISE + CALL + RET, "4889f8 0f05 c3", "b819000000 0f05 c3"};

        assertThat(rewrite(functions).rewriting()).isEqualTo(rewrite(functions).rewriting());
    }

    @Test
    void rewrittenProgram_canBeRewrittenAgain() {
        String[] functions = {MADVISE + CALL + RET, "4889f8 0f05 c3", "4889f8 4c8b4c2408 0f05 c3"};
        CodeSample.Result first = rewrite(functions);
        byte[] code = first.patched();
        Island island = first.rewriting().islands().get(0);

        CodeSample.Result second = new CodeSample(folder)
                .code(code, MappingKind.PRIVATE_FILE, 0)
                .mapping(CodeSample.mapping(
                        island.address(), island.content().length(), MappingKind.PRIVATE_FILE, CodeSample.READ_EXECUTE, 0, "/image"))
                .bytes(island.address(), island.content().toArray())
                .rewrite(code);

        assertThat(second.rewriting().coverage().modules()).hasSize(2);
        assertThat(second.rewriting().coverage().isComplete()).as(second.rewriting().coverage().summary()).isTrue();
        int calls = second.rewriting().coverage().modules().stream().mapToInt(ModuleCoverage::dynamic).sum();
        assertThat(calls).as("two moved to the island, one kept in place").isEqualTo(3);
    }

    @Test
    void checkpointWithoutCode_isComplete() {
        byte[] nothing = new byte[0];
        Checkpoint checkpoint = new CodeSample(folder).rewrite(nothing).checkpoint();

        assertThat(checkpoint.mappings()).isEmpty();
        assertThat(new CodeSample(folder).rewrite(nothing).rewriting().coverage().isComplete()).isTrue();
    }

    /** lea behind(%rip),%r11; jmp *entry; syscall; behind: jmp back. */
    private static void assertHandsOver(CodeSample.Result result, long at, long back) {
        Instruction lea = result.at(at);
        assertThat(lea.opcode()).isEqualTo(0x8d);
        assertThat(lea.reg()).isEqualTo(11);
        Instruction jump = result.at(lea.end());
        assertThat(jump.flow()).isEqualTo(Flow.INDIRECT_JUMP);
        assertThat(result.word(jump)).isEqualTo(CodeSample.ENTRY);
        Instruction call = result.at(result.leaTarget(lea) - 2);
        assertThat(call.flow()).isEqualTo(Flow.SYSTEM_CALL);
        assertThat(result.at(call.end()).target()).isEqualTo(back);
    }

    /** Follows the comparisons; returns what they come to for all other numbers. */
    private static long assertCompares(CodeSample.Result result, long start, long keptCall, long behind) {
        long at = start;
        for (int number : ImageLayout.INTERCEPTED_CALLS) {
            Instruction lea = result.at(at);
            assertThat(lea.opcode()).isEqualTo(0x8d);
            assertThat(lea.reg()).isEqualTo(Opcodes.RCX);
            assertThat(lea.rm()).isEqualTo(Opcodes.RAX);
            byte[] island = result.rewriting().islands().get(0).content().toArray();
            int displacementAt = (int) (lea.address() - result.rewriting().islands().get(0).address()) + 2;
            assertThat(ByteBuffer.wrap(island).order(ByteOrder.LITTLE_ENDIAN).getInt(displacementAt)).isEqualTo(-number);
            Instruction branch = result.at(lea.end());
            assertThat(branch.opcode()).isEqualTo(0xe3);
            Instruction hit = result.at(branch.target());
            assertThat(hit.opcode()).isEqualTo(0x8d);
            assertThat(hit.reg()).isEqualTo(11);
            assertThat(result.word(result.at(hit.end()))).isEqualTo(CodeSample.ENTRY);
            if (behind != 0) {
                assertThat(result.leaTarget(hit)).isEqualTo(behind);
            } else {
                assertThat(result.at(result.leaTarget(hit) - 2).flow()).isEqualTo(Flow.SYSTEM_CALL);
            }
            at = branch.end();
        }
        long pass = result.at(at).target();
        if (keptCall != 0) {
            assertThat(result.at(pass).target()).isEqualTo(keptCall);
        }
        return pass;
    }
}
