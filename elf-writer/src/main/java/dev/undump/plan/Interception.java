// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Mapping;
import dev.undump.sites.Coverage;
import dev.undump.sites.Island;
import dev.undump.sites.ModuleCoverage;
import dev.undump.sites.SiteRewriter;
import dev.undump.sites.SiteRewriting;
import dev.undump.sites.UncoveredSite;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * The program's code in the image, with the system calls that lazy memory has to know about routed to the stub; or the reason
 * why that cannot be done.
 */
final class Interception {

    private static final int READ_EXECUTE = Mapping.READ | Mapping.EXECUTE;

    private final SiteRewriting sites;
    private final Coverage coverage;
    private final List<MemoryOp> islands;

    private Interception(SiteRewriting sites, Coverage coverage, List<MemoryOp> islands) {
        this.sites = sites;
        this.coverage = coverage;
        this.islands = islands;
    }

    /**
     * Rewrites the program's code in the page data, all of it or nothing.
     *
     * @param program knows the stubs of older images
     * @param occupied address space of the program and the stub
     * @param entry address of the stub's {@code undump_intercept}
     */
    static Interception of(
            Checkpoint checkpoint,
            CheckpointMemory memory,
            ProgramMemory program,
            List<ByteRange> occupied,
            long entry,
            DataArea data)
            throws IOException {
        SiteRewriting sites = SiteRewriter.rewrite(checkpoint, memory, occupied, entry, program.olderStubs());
        Coverage coverage = withMisplaced(sites, data);
        List<MemoryOp> islands = new ArrayList<>();
        if (coverage.isComplete()) {
            sites.patches().forEach(patch -> data.patch(patch.address(), patch.content()));
            for (Island island : sites.islands()) {
                PlanOffset offset = new PlanOffset.InData(data.append(island.content()));
                islands.add(MemoryOp.image(island.range(), READ_EXECUTE, offset));
            }
        }
        return new Interception(sites, coverage, islands);
    }

    /** Code that is not in the image, such as that of a file that a launch maps itself, cannot be rewritten. */
    private static Coverage withMisplaced(SiteRewriting sites, DataArea data) {
        List<UncoveredSite> misplaced = sites.patches().stream()
                .filter(patch -> !data.isStored(patch.range()))
                .map(patch -> new UncoveredSite(patch.address(), "the code is not in the image"))
                .toList();
        if (misplaced.isEmpty()) {
            return sites.coverage();
        }
        List<ModuleCoverage> modules = new ArrayList<>(sites.coverage().modules());
        modules.add(new ModuleCoverage("shared files", 0, 0, 0, 0, misplaced));
        return new Coverage(modules);
    }

    /** What was found. */
    Coverage coverage() {
        return coverage;
    }

    /** Returns the steps that map new code; none when a call cannot be intercepted. */
    List<MemoryOp> islands() {
        return islands;
    }

    /** Returns where an instruction is now. */
    LongUnaryOperator relocation() {
        return coverage.isComplete() ? sites::relocate : LongUnaryOperator.identity();
    }
}
