// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.List;

/**
 * What a thread may do, and what else the kernel keeps for each thread by itself.
 *
 * @param userIds real, effective, saved, of the file system
 * @param groupIds likewise
 * @param groups supplementary ones, in the kernel's order
 * @param otherUsers whether it was in another user namespace than the engine, so that no capability counts
 * @param strictSeccomp whether it was in seccomp's strict mode
 * @param filters of seccomp, the one that was set first stands first
 * @param ioPriority as ioprio_get(2) gave it, 0: none was set
 * @param oomScoreAdj of the process; 0 also where it had its parent's
 * @param policy from which memory nodes it takes pages
 */
public record ThreadRights(
        List<Integer> userIds,
        List<Integer> groupIds,
        List<Integer> groups,
        Capabilities capabilities,
        boolean otherUsers,
        boolean noNewPrivileges,
        boolean strictSeccomp,
        List<SeccompFilter> filters,
        int ioPriority,
        int oomScoreAdj,
        MemoryPolicy policy) {

    private static final int EFFECTIVE = 1;
    private static final int MOST_FILTERS = 32768;
    private static final int WORST_SCORE = 1000;

    public ThreadRights {
        userIds = List.copyOf(userIds);
        groupIds = List.copyOf(groupIds);
        groups = List.copyOf(groups);
        filters = List.copyOf(filters);
        Checks.check(ioPriority >= 0 && ioPriority <= 0xffff, "I/O priority", ioPriority);
        Checks.check(filters.size() <= MOST_FILTERS, "number of seccomp filters", filters.size());
        Checks.check(oomScoreAdj >= -WORST_SCORE && oomScoreAdj <= WORST_SCORE, "oom_score_adj", oomScoreAdj);
    }

    /** Returns the user that counts for permissions. */
    public int effectiveUser() {
        return userIds.get(EFFECTIVE);
    }

    /** Returns whether seccomp(2) limits its system calls. */
    public boolean isFiltered() {
        return strictSeccomp || !filters.isEmpty();
    }
}
