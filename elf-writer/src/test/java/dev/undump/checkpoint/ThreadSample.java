// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.Optional;

/** A thread for tests: like another one but for what is said. */
public final class ThreadSample {

    private final CheckpointThread like;
    private Registers registers;
    private Bytes xstate;
    private Optional<InterruptedCall> call;
    private long signalMask;
    private AlternateStack alternateStack;
    private RobustList robustList;
    private RseqRegistration rseq;
    private long clearChildTid;
    private Scheduling scheduling;
    private Affinity affinity;
    private NativeText name;

    private ThreadSample(CheckpointThread like) {
        this.like = like;
        registers = like.registers();
        xstate = like.xstate();
        call = like.call();
        signalMask = like.signalMask();
        alternateStack = like.alternateStack();
        robustList = like.robustList();
        rseq = like.rseq();
        clearChildTid = like.clearChildTid();
        scheduling = like.scheduling();
        affinity = like.affinity();
        name = like.name();
    }

    public static ThreadSample like(CheckpointThread like) {
        return new ThreadSample(like);
    }

    /** Like {@link CheckpointSamples#thread(int)}. */
    public static ThreadSample of(int tid) {
        return new ThreadSample(CheckpointSamples.thread(tid));
    }

    /** Without anything registered in its memory. */
    public ThreadSample unregistered() {
        return alternateStack(new AlternateStack(0, 0, 2))
                .robustList(new RobustList(0, 0))
                .rseq(new RseqRegistration(0, 0, 0))
                .clearChildTid(0);
    }

    public ThreadSample registers(Registers value) {
        registers = value;
        return this;
    }

    public ThreadSample xstate(Bytes value) {
        xstate = value;
        return this;
    }

    public ThreadSample call(Optional<InterruptedCall> value) {
        call = value;
        return this;
    }

    public ThreadSample signalMask(long value) {
        signalMask = value;
        return this;
    }

    public ThreadSample alternateStack(AlternateStack value) {
        alternateStack = value;
        return this;
    }

    public ThreadSample robustList(RobustList value) {
        robustList = value;
        return this;
    }

    public ThreadSample rseq(RseqRegistration value) {
        rseq = value;
        return this;
    }

    public ThreadSample clearChildTid(long value) {
        clearChildTid = value;
        return this;
    }

    public ThreadSample scheduling(Scheduling value) {
        scheduling = value;
        return this;
    }

    public ThreadSample affinity(Affinity value) {
        affinity = value;
        return this;
    }

    public ThreadSample name(String value) {
        name = NativeText.of(value);
        return this;
    }

    public CheckpointThread build() {
        return new CheckpointThread(
                like.tid(),
                like.ownTid(),
                registers,
                xstate,
                call,
                signalMask,
                alternateStack,
                like.parentDeathSignal(),
                robustList,
                rseq,
                clearChildTid,
                scheduling,
                affinity,
                name,
                like.waitChannel());
    }
}
