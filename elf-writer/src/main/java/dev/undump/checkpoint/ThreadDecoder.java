// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout.Thread;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Decodes {@code struct ckpt_thread}. */
final class ThreadDecoder {

    /** xsave areas stand at multiples of this, as the processor wants them. */
    private static final int XSTATE_ALIGNMENT = 64;

    private ThreadDecoder() {}

    static CheckpointThread thread(RecordView view, ByteBuffer xstates) {
        view.reserved(Thread.RESERVED, Thread.RESERVED_BYTES);
        return new CheckpointThread(
                view.intAt(Thread.TID),
                view.intAt(Thread.OWN_TID),
                registers(view),
                xstate(view, xstates),
                call(view),
                view.longAt(Thread.SIGNAL_MASK),
                new AlternateStack(
                        view.longAt(Thread.ALTSTACK_ADDRESS),
                        view.longAt(Thread.ALTSTACK_SIZE),
                        view.intAt(Thread.ALTSTACK_FLAGS)),
                view.intAt(Thread.PARENT_DEATH_SIGNAL),
                new RobustList(view.longAt(Thread.ROBUST_LIST), view.longAt(Thread.ROBUST_LIST_SIZE)),
                new RseqRegistration(
                        view.longAt(Thread.RSEQ_ADDRESS),
                        view.intAt(Thread.RSEQ_SIZE),
                        view.intAt(Thread.RSEQ_SIGNATURE)),
                view.longAt(Thread.CLEAR_CHILD_TID),
                scheduling(view),
                new Affinity(view.longsAt(Thread.AFFINITY, Thread.AFFINITY_BYTES)),
                view.paddedTextAt(Thread.NAME, Thread.NAME_BYTES, "name of the thread"),
                view.textAt(Thread.WAIT_CHANNEL));
    }

    private static Bytes xstate(RecordView view, ByteBuffer xstates) {
        long offset = view.longAt(Thread.XSTATE_OFFSET);
        int size = view.intAt(Thread.XSTATE_SIZE);
        boolean inside = offset >= 0 && size >= 0 && offset <= xstates.limit() && size <= xstates.limit() - offset;
        Checks.check(inside && offset % XSTATE_ALIGNMENT == 0, "offset of the xstate", offset);
        return Bytes.viewOf(xstates.slice((int) offset, size));
    }

    private static Optional<InterruptedCall> call(RecordView view) {
        if (!view.flagAt(Thread.IN_SYSCALL, "in_syscall")) {
            return Optional.empty();
        }
        return Optional.of(new InterruptedCall(
                view.longAt(Thread.SYSCALL_NUMBER), view.longAt(Thread.SYSCALL_RESULT), view.longAt(Thread.WAITED_NS)));
    }

    private static Scheduling scheduling(RecordView view) {
        return new Scheduling(
                view.intAt(Thread.POLICY),
                view.intAt(Thread.POLICY_FLAGS),
                view.intAt(Thread.NICE),
                view.intAt(Thread.PRIORITY),
                view.longAt(Thread.RUNTIME_NS),
                view.longAt(Thread.DEADLINE_NS),
                view.longAt(Thread.PERIOD_NS),
                view.longAt(Thread.TIMER_SLACK_NS));
    }

    /** Reads {@code struct user_regs_struct}, whose 27 registers stand in the order of the record. */
    private static Registers registers(RecordView view) {
        int[] next = {Thread.REGS};
        return new Registers(
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next),
                register(view, next));
    }

    private static long register(RecordView view, int[] next) {
        long value = view.longAt(next[0]);
        next[0] += Long.BYTES;
        return value;
    }
}
