// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.List;
import java.util.Map;

/**
 * The program's code with its system calls routed to the stub. Only to be used when {@link Coverage#isComplete}.
 *
 * @param patches by address, not overlapping
 * @param islands by address
 * @param coverage what was found
 * @param moved where instructions went that another one now covers, by their old address
 */
public record SiteRewriting(List<CodePatch> patches, List<Island> islands, Coverage coverage, Map<Long, Long> moved) {

    public SiteRewriting {
        patches = List.copyOf(patches);
        islands = List.copyOf(islands);
        moved = Map.copyOf(moved);
    }

    /**
     * Returns where a thread goes on.
     *
     * @param instructionPointer as it will be after the launch, an interrupted system call already wound back
     * @return the same for nearly all addresses
     */
    public long relocate(long instructionPointer) {
        return moved.getOrDefault(instructionPointer, instructionPointer);
    }
}
