// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * What prctl(2) and the like had set.
 *
 * @param membarrier registrations, 0 when unknown
 */
public record ProcessSettings(
        int umask,
        int dumpable,
        boolean noNewPrivs,
        boolean childSubreaper,
        int personality,
        boolean thpDisable,
        int membarrier) {

    public ProcessSettings {
        Checks.check(umask >= 0 && umask <= 0777, "umask", umask);
        Checks.check(dumpable >= 0 && dumpable <= 2, "dumpable", dumpable);
    }
}
