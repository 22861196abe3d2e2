// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.Optional;

/**
 * A thread as it stood when it was stopped.
 *
 * @param tid as the engine saw it
 * @param ownTid as the program saw it; this number is what its memory holds
 * @param xstate xsave area in the standard format, {@code NT_X86_XSTATE}
 * @param call the system call in which it was stopped; empty when it ran
 * @param signalMask bit n-1 is signal n; the mask that it will have outside sigsuspend and the like
 * @param parentDeathSignal 0 is none
 * @param clearChildTid address, 0 is none
 * @param name comm
 * @param waitChannel kernel function in which it slept, empty when it ran
 */
public record CheckpointThread(
        int tid,
        int ownTid,
        Registers registers,
        Bytes xstate,
        Optional<InterruptedCall> call,
        long signalMask,
        AlternateStack alternateStack,
        int parentDeathSignal,
        RobustList robustList,
        RseqRegistration rseq,
        long clearChildTid,
        Scheduling scheduling,
        Affinity affinity,
        NativeText name,
        NativeText waitChannel) {

    /** Smallest xsave area: legacy region and header. */
    public static final int MIN_XSTATE_BYTES = 576;

    public CheckpointThread {
        Checks.threadId("tid", tid);
        Checks.threadId("own tid", ownTid);
        Checks.check(xstate.length() >= MIN_XSTATE_BYTES && xstate.length() <= 1 << 20, "xstate size", xstate.length());
        Checks.check(parentDeathSignal >= 0 && parentDeathSignal <= 64, "parent-death signal", parentDeathSignal);
        Checks.check(name.length() <= 15, "length of the thread's name", name.length());
    }
}
