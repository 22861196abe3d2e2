// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.sites.CodePatch;
import dev.undump.sites.Island;
import dev.undump.sites.SiteRewriter;
import dev.undump.sites.SiteRewriting;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongUnaryOperator;

/**
 * The program's code in the image, with the system calls that lazy memory has to know about routed to the stub; or the reason
 * why that cannot be done.
 */
final class Interception {

    private static final int READ_EXECUTE = Mapping.READ | Mapping.EXECUTE;

    private final SiteRewriting sites;
    private final Optional<CodePatch> misplaced;
    private final List<MemoryOp> islands;

    private Interception(SiteRewriting sites, Optional<CodePatch> misplaced, List<MemoryOp> islands) {
        this.sites = sites;
        this.misplaced = misplaced;
        this.islands = islands;
    }

    /**
     * Rewrites the program's code in the page data, all of it or nothing.
     *
     * @param occupied address space of the program and the stub
     * @param entry address of the stub's {@code undump_intercept}
     */
    static Interception of(
            Checkpoint checkpoint, CheckpointMemory memory, List<ByteRange> occupied, long entry, DataArea data)
            throws IOException {
        SiteRewriting sites = SiteRewriter.rewrite(checkpoint, memory, occupied, entry);
        if (!sites.coverage().isComplete()) {
            return new Interception(sites, Optional.empty(), List.of());
        }
        for (CodePatch patch : sites.patches()) {
            if (!data.isStored(patch.range())) {
                return new Interception(sites, Optional.of(patch), List.of());
            }
        }
        sites.patches().forEach(patch -> data.patch(patch.address(), patch.content()));
        List<MemoryOp> islands = new ArrayList<>();
        for (Island island : sites.islands()) {
            PlanOffset offset = new PlanOffset.InData(data.append(island.content()));
            islands.add(MemoryOp.image(island.range(), READ_EXECUTE, offset));
        }
        return new Interception(sites, Optional.empty(), islands);
    }

    /** Whether no call that could tell lazy memory apart escapes. */
    boolean isComplete() {
        return sites.coverage().isComplete() && misplaced.isEmpty();
    }

    /** Says in one line what was found. */
    String summary() {
        return misplaced
                .map(patch -> sites.coverage().summary() + "; the code at " + ByteRange.format(patch.address())
                        + " is not in the image")
                .orElseGet(() -> sites.coverage().summary());
    }

    /** Returns the steps that map new code. */
    List<MemoryOp> islands() {
        return islands;
    }

    /** Returns where an instruction is now. */
    LongUnaryOperator relocation() {
        return isComplete() ? sites::relocate : LongUnaryOperator.identity();
    }
}
