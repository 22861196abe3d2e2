// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.checkpoint.AlternateStack;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.Scheduling;
import dev.undump.nativestub.ImageLayout;
import dev.undump.plan.PlannedThread;
import dev.undump.plan.ShortenedCall;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Encodes a thread: its record in the plan, and its block with the signal frame that rt_sigreturn(2) takes as if the thread
 * had been interrupted by a signal.
 *
 * <p>Source: arch/x86/kernel/signal_64.c ({@code restore_sigcontext}).
 */
final class ThreadEncoder {

    /** UC_FP_XSTATE, UC_SIGCONTEXT_SS, UC_STRICT_RESTORE_SS of uapi/asm/ucontext.h. */
    private static final long UC_FLAGS = 7;

    private static final int SS_DISABLE = 2;
    private static final long NANOSECONDS = 1_000_000_000;
    /** Trap and resume flags concern the interrupted instruction only. */
    private static final long EFLAGS_TF_RF = 0x10100;

    private ThreadEncoder() {}

    /**
     * Writes {@code struct image_thread}, without its table of pending signals.
     *
     * @param block plan offset of the thread's block
     */
    static void writeRecord(ByteBuffer buffer, int at, PlannedThread thread, long block) {
        CheckpointThread source = thread.source();
        buffer.putInt(at + ImageLayout.Thread.OLD_TID, source.ownTid());
        buffer.putInt(at + ImageLayout.Thread.PARENT_DEATH_SIGNAL, source.parentDeathSignal());
        buffer.putLong(at + ImageLayout.Thread.BLOCK, block);
        buffer.putLong(at + ImageLayout.Thread.FS_BASE, source.registers().fsBase());
        buffer.putLong(at + ImageLayout.Thread.GS_BASE, source.registers().gsBase());
        buffer.putLong(at + ImageLayout.Thread.CLEAR_CHILD_TID, source.clearChildTid());
        buffer.putLong(
                at + ImageLayout.Thread.ROBUST_LIST, source.robustList().headAddress());
        buffer.putLong(
                at + ImageLayout.Thread.ROBUST_LIST_SIZE, source.robustList().sizeBytes());
        buffer.putLong(at + ImageLayout.Thread.RSEQ_ADDRESS, source.rseq().address());
        buffer.putInt(at + ImageLayout.Thread.RSEQ_SIZE, source.rseq().sizeBytes());
        buffer.putInt(at + ImageLayout.Thread.RSEQ_SIGNATURE, source.rseq().signature());
        Scheduling scheduling = source.scheduling();
        buffer.putInt(at + ImageLayout.Thread.POLICY, scheduling.policy());
        buffer.putInt(at + ImageLayout.Thread.POLICY_FLAGS, scheduling.policyFlags());
        buffer.putInt(at + ImageLayout.Thread.NICE, scheduling.nice());
        buffer.putInt(at + ImageLayout.Thread.PRIORITY, scheduling.priority());
        buffer.putLong(at + ImageLayout.Thread.RUNTIME_NS, scheduling.runtimeNs());
        buffer.putLong(at + ImageLayout.Thread.DEADLINE_NS, scheduling.deadlineNs());
        buffer.putLong(at + ImageLayout.Thread.PERIOD_NS, scheduling.periodNs());
        buffer.putLong(at + ImageLayout.Thread.TIMER_SLACK_NS, thread.timerSlackNs());
        List<Long> affinity = source.affinity().words();
        for (int i = 0; i < affinity.size(); i++) {
            buffer.putLong(at + ImageLayout.Thread.AFFINITY + i * Long.BYTES, affinity.get(i));
        }
        buffer.putInt(at + ImageLayout.Thread.SET_AFFINITY, thread.setAffinity() ? 1 : 0);
        buffer.putInt(at + ImageLayout.Thread.SET_SCHEDULING, thread.setScheduling() ? 1 : 0);
        buffer.put(at + ImageLayout.Thread.NAME, source.name().bytes());
        buffer.putLong(at + ImageLayout.Thread.INTERRUPTED_RIP, thread.interruptedRip());
    }

    /**
     * Writes {@code struct image_thread_block} with its xsave area.
     *
     * @param at position of the block in the buffer
     * @param address where the block will be in memory
     * @param resumeCall address of the stub's code for shortened calls
     */
    static void writeBlock(ByteBuffer buffer, int at, PlannedThread thread, long address, long resumeCall) {
        int frame = at + ImageLayout.ThreadBlock.FRAME;
        writeContext(buffer, frame, thread);
        writeRegisters(buffer, frame, thread.source().registers());
        buffer.putLong(frame + ImageLayout.SignalFrame.RIP, thread.resume().rip());
        buffer.putLong(frame + ImageLayout.SignalFrame.RAX, thread.resume().rax());
        buffer.putLong(frame + ImageLayout.SignalFrame.FPSTATE, address + ImageLayout.BLOCK_XSTATE);
        if (thread.resume().call().isPresent()) {
            writeCall(buffer, at, thread, thread.resume().call().get(), address, resumeCall);
        }
        buffer.put(at + ImageLayout.BLOCK_XSTATE, thread.xstate().toArray());
    }

    private static void writeContext(ByteBuffer buffer, int frame, PlannedThread thread) {
        AlternateStack stack = thread.source().alternateStack();
        boolean none = stack.sizeBytes() == 0 || (stack.flags() & SS_DISABLE) != 0;
        buffer.putLong(frame + ImageLayout.SignalFrame.UC_FLAGS, UC_FLAGS);
        buffer.putLong(frame + ImageLayout.SignalFrame.SS_SP, none ? 0 : stack.address());
        buffer.putInt(frame + ImageLayout.SignalFrame.SS_FLAGS, none ? SS_DISABLE : stack.flags());
        buffer.putLong(frame + ImageLayout.SignalFrame.SS_SIZE, none ? 0 : stack.sizeBytes());
        buffer.putLong(frame + ImageLayout.SignalFrame.UC_SIGMASK, thread.source().signalMask());
    }

    private static void writeRegisters(ByteBuffer buffer, int frame, Registers registers) {
        buffer.putLong(frame + ImageLayout.SignalFrame.R8, registers.r8());
        buffer.putLong(frame + ImageLayout.SignalFrame.R9, registers.r9());
        buffer.putLong(frame + ImageLayout.SignalFrame.R10, registers.r10());
        buffer.putLong(frame + ImageLayout.SignalFrame.R11, registers.r11());
        buffer.putLong(frame + ImageLayout.SignalFrame.R12, registers.r12());
        buffer.putLong(frame + ImageLayout.SignalFrame.R13, registers.r13());
        buffer.putLong(frame + ImageLayout.SignalFrame.R14, registers.r14());
        buffer.putLong(frame + ImageLayout.SignalFrame.R15, registers.r15());
        buffer.putLong(frame + ImageLayout.SignalFrame.RDI, registers.rdi());
        buffer.putLong(frame + ImageLayout.SignalFrame.RSI, registers.rsi());
        buffer.putLong(frame + ImageLayout.SignalFrame.RBP, registers.rbp());
        buffer.putLong(frame + ImageLayout.SignalFrame.RBX, registers.rbx());
        buffer.putLong(frame + ImageLayout.SignalFrame.RDX, registers.rdx());
        buffer.putLong(frame + ImageLayout.SignalFrame.RCX, registers.rcx());
        buffer.putLong(frame + ImageLayout.SignalFrame.RSP, registers.rsp());
        buffer.putLong(frame + ImageLayout.SignalFrame.EFLAGS, registers.eflags() & ~EFLAGS_TF_RF);
        buffer.putShort(frame + ImageLayout.SignalFrame.CS, (short) registers.cs());
        buffer.putShort(frame + ImageLayout.SignalFrame.GS, (short) registers.gs());
        buffer.putShort(frame + ImageLayout.SignalFrame.FS, (short) registers.fs());
        buffer.putShort(frame + ImageLayout.SignalFrame.SS, (short) registers.ss());
    }

    private static void writeCall(
            ByteBuffer buffer, int block, PlannedThread thread, ShortenedCall call, long address, long resumeCall) {
        Registers registers = thread.source().registers();
        int frame = block + ImageLayout.ThreadBlock.FRAME;
        int at = block + ImageLayout.ThreadBlock.CALL;
        long callAddress = address + ImageLayout.ThreadBlock.CALL;
        buffer.putLong(at + ImageLayout.ResumeCall.RETURN_ADDRESS, call.returnAddress());
        buffer.putLong(at + ImageLayout.ResumeCall.RDI, registers.rdi());
        buffer.putLong(at + ImageLayout.ResumeCall.RSI, registers.rsi());
        buffer.putLong(at + ImageLayout.ResumeCall.RDX, registers.rdx());
        buffer.putLong(at + ImageLayout.ResumeCall.R10, registers.r10());
        buffer.putLong(at + ImageLayout.ResumeCall.R8, registers.r8());
        buffer.putLong(at + ImageLayout.ResumeCall.R9, registers.r9());
        buffer.putLong(at + ImageLayout.ResumeCall.RBX, registers.rbx());
        long argument;
        if (call.form() == ShortenedCall.Form.TIMESPEC) {
            buffer.putLong(at + ImageLayout.ResumeCall.TIMESPEC, call.remainingNs() / NANOSECONDS);
            buffer.putLong(at + ImageLayout.ResumeCall.TIMESPEC + Long.BYTES, call.remainingNs() % NANOSECONDS);
            argument = callAddress + ImageLayout.ResumeCall.TIMESPEC;
        } else {
            argument = call.remainingMs();
        }
        buffer.putLong(frame + argumentRegister(call.argument()), argument);
        if (!call.inPlace()) {
            buffer.putLong(frame + ImageLayout.SignalFrame.RIP, resumeCall);
            buffer.putLong(frame + ImageLayout.SignalFrame.RBX, callAddress);
        }
    }

    private static int argumentRegister(int argument) {
        return switch (argument) {
            case 0 -> ImageLayout.SignalFrame.RDI;
            case 1 -> ImageLayout.SignalFrame.RSI;
            case 2 -> ImageLayout.SignalFrame.RDX;
            case 3 -> ImageLayout.SignalFrame.R10;
            default -> throw new IllegalArgumentException("argument " + argument);
        };
    }
}
