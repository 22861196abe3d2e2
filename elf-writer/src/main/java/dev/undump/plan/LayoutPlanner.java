// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ThreadRights;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/** Plans images: from a checkpoint to the finished list of what a launch does. The same checkpoint gives the same plan. */
public final class LayoutPlanner {

    private LayoutPlanner() {}

    /** Is told which bytes of the checkpoint the image needs, as soon as that is decided. */
    @FunctionalInterface
    public interface PagesDecided {

        /** Nobody wants to begin early. */
        PagesDecided NOBODY = pieces -> {};

        /**
         * Called once, while the plan is not finished yet.
         *
         * @param pieces as {@link ImagePlan#data} will have them
         */
        void decided(List<DataPiece> pieces);
    }

    /**
     * Plans an image.
     *
     * @param checkpoint read and checked
     * @param stub what the restore stub is like
     * @param options what the user has chosen
     * @param listener is told about page data before the search for thread ids, which takes as long as copying it
     * @return the plan; it refers to the checkpoint's file by offsets
     * @throws PlanException if something cannot be brought back faithfully; the message names it
     * @throws IOException if the checkpoint's page data cannot be read
     */
    public static ImagePlan plan(Checkpoint checkpoint, StubLayout stub, PlanOptions options, PagesDecided listener)
            throws IOException, PlanException {
        LaunchInputs inputs = LaunchInputs.of(checkpoint, options.policies().inputs());
        try (CheckpointMemory memory = CheckpointMemory.open(checkpoint)) {
            DataArea data = new DataArea();
            ProgramMemory program = ProgramMemory.of(checkpoint, memory);
            OpenFiles openFiles = new OpenFiles(checkpoint, options.policies());
            MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, openFiles);
            MemoryPlanner addressSpace = new MemoryPlanner(checkpoint, program.mappings(), data, memoryFiles);
            addressSpace.plan(memoryOf(checkpoint, options.anonymousMemory()));
            program.retireOlderStubs(data);
            long slot = new SlotFinder(addressSpace.occupied(), checkpoint).find();
            List<FileOp> files = new FilePlanner(checkpoint, data, openFiles, memoryFiles, options.policies()).plan();
            // Behind the memory: a rewritten word needs to know where its page stands.
            PosixTimers timers = new PosixTimers(checkpoint);
            PendingSignals signals = new PendingSignals(checkpoint, timers);
            List<Optional<PlannedRights>> rights = new RightsPlanner(checkpoint, slot, options.policies().launchRights()).plan();
            List<PlannedThread> threads = new ThreadPlanner(checkpoint, memory, data, signals, rights).plan();
            VdsoPlan vdso = VdsoPlanner.plan(checkpoint, memory, options.forceVdsoTrampolines());
            XstateArea xstate = XstateArea.of(checkpoint);
            // Whatever can be refused has been by now.
            listener.decided(data.pieces());
            boolean redraws = memoryOf(checkpoint, options.anonymousMemory()) == PlanOptions.AnonymousMemory.LAZY
                    && new TerminalPlanner(checkpoint, openFiles).isDrawnOn();
            LazyDecision decision = LazyDecision.of(
                    checkpoint, memory, program, addressSpace, data, slot, stub.intercept(), redraws);
            ThreadIds ids = ThreadIds.find(checkpoint, memory);
            for (long word : RandomGenerators.wordsToClear(checkpoint, memory)) {
                data.clearInt(word);
            }
            return new ImagePlan(
                    checkpoint.header().id(),
                    slot,
                    stub,
                    requirements(checkpoint, xstate),
                    checkpoint.process(),
                    LaunchView.of(checkpoint.process(), options.policies()),
                    inputs,
                    oomScoreAdj(checkpoint),
                    files,
                    addressSpace.mappedFiles(),
                    decision.steps(),
                    decision.lazy(),
                    OwnActions.of(checkpoint.actions()),
                    signals.ofProcess(),
                    timers.plan(signals.ofProcess()),
                    threads.stream().map(thread -> thread.relocated(decision.relocation())).toList(),
                    ids.inMemory(),
                    ids.inRegisters(),
                    vdso,
                    checkpoint.auxv(),
                    xstate.blockBytes(),
                    data.pieces(),
                    data.sizeBytes(),
                    data.overlays());
        }
    }

    /** Plans an image, as above, for those who want the plan alone. */
    public static ImagePlan plan(Checkpoint checkpoint, StubLayout stub, PlanOptions options)
            throws IOException, PlanException {
        return plan(checkpoint, stub, options, PagesDecided.NOBODY);
    }

    /**
     * Plans only the descriptors, to show what a launch will do with each; needs no page data.
     *
     * @return the steps in order
     * @throws PlanException if a descriptor cannot be brought back
     */
    public static List<FileOp> descriptorSteps(Checkpoint checkpoint, LaunchPolicies policies) throws PlanException {
        DataArea nowhere = new DataArea();
        OpenFiles openFiles = new OpenFiles(checkpoint, policies);
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, nowhere, openFiles);
        return new FilePlanner(checkpoint, nowhere, openFiles, memoryFiles, policies).plan();
    }

    /**
     * Plans only memory, to show how a launch will bring it back.
     *
     * @param memory of the checkpoint
     * @throws PlanException if some of it cannot be brought back
     */
    public static MemoryPlan memorySteps(Checkpoint checkpoint, CheckpointMemory memory)
            throws IOException, PlanException {
        DataArea data = new DataArea();
        OpenFiles openFiles = new OpenFiles(checkpoint, LaunchPolicies.NONE);
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, openFiles);
        ProgramMemory program = ProgramMemory.of(checkpoint, memory);
        MemoryPlanner addressSpace = new MemoryPlanner(checkpoint, program.mappings(), data, memoryFiles);
        addressSpace.plan(memoryOf(checkpoint, PlanOptions.AnonymousMemory.LAZY));
        long slot = new SlotFinder(addressSpace.occupied(), checkpoint).find();
        boolean redraws = !checkpoint.identity().isFiltered() && new TerminalPlanner(checkpoint, openFiles).isDrawnOn();
        LazyDecision decision = LazyDecision.of(checkpoint, memory, program, addressSpace, data, slot, 0, redraws);
        return new MemoryPlan(decision.steps(), decision.lazy());
    }

    /** Calls of the handler of lazy memory could be what a filter kills for. */
    private static PlanOptions.AnonymousMemory memoryOf(Checkpoint checkpoint, PlanOptions.AnonymousMemory chosen) {
        return checkpoint.identity().isFiltered() ? PlanOptions.AnonymousMemory.READ : chosen;
    }

    private static int oomScoreAdj(Checkpoint checkpoint) {
        return checkpoint.identity().threads().stream()
                .findFirst()
                .map(ThreadRights::oomScoreAdj)
                .orElse(0);
    }

    private static Requirements requirements(Checkpoint checkpoint, XstateArea xstate) {
        KernelVersion kernel = KernelVersion.neededBy(checkpoint);
        return new Requirements(
                CpuFeatures.of(checkpoint.cpuid()),
                xstate.places(),
                checkpoint.cpu().xcr0(),
                checkpoint.cpu().xsaveSize(),
                checkpoint.cpu().xsavecSize(),
                kernel.major(),
                kernel.minor());
    }
}
