// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Capabilities;
import dev.undump.checkpoint.MemoryPolicy;
import java.util.List;

/**
 * What a thread of a launch is left with, {@code struct image_rights}. Threads with the same share one record.
 *
 * @param capabilities at most these are kept
 * @param needed capabilities that a launch names when it lacks them
 * @param setCapabilities false: capabilities and groups stay the launch's
 * @param root whether the program's effective user was 0
 * @param ioPriority 0: leave
 * @param policy default: leave
 * @param groups supplementary ones
 * @param strict whether it ends in seccomp's strict mode
 * @param filters of seccomp, in the order in which they are set
 */
public record PlannedRights(
        Capabilities capabilities,
        long needed,
        boolean setCapabilities,
        boolean root,
        boolean noNewPrivileges,
        int ioPriority,
        MemoryPolicy policy,
        List<Integer> groups,
        boolean strict,
        List<PlannedFilter> filters) {

    public PlannedRights {
        groups = List.copyOf(groups);
        filters = List.copyOf(filters);
    }

    /** Returns whether seccomp(2) is set up. */
    public boolean isFiltered() {
        return strict || !filters.isEmpty();
    }
}
