// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * What prctl(2) and the like had set.
 *
 * @param thpDisable 0 no, 1 yes, 3 except where madvise(2) asks for huge pages
 * @param membarrier registrations, 0 when unknown
 */
public record ProcessSettings(
        int umask,
        int dumpable,
        boolean noNewPrivs,
        boolean childSubreaper,
        int personality,
        int thpDisable,
        int membarrier) {

    public ProcessSettings {
        Checks.check(umask >= 0 && umask <= 0777, "umask", umask);
        Checks.check(thpDisable == 0 || thpDisable == 1 || thpDisable == 3, "thp_disable", thpDisable);
        Checks.check(dumpable >= 0 && dumpable <= 2, "dumpable", dumpable);
    }
}
