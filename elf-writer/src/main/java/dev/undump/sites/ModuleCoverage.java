// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import java.util.List;

/**
 * What was found in the code of one module.
 *
 * @param module file name, or what the memory is called
 * @param constant calls whose number is known and not intercepted: untouched
 * @param rewritten calls whose number is known and intercepted
 * @param dynamic calls whose number is known at run time only, rewritten so that it is compared
 * @param notCode places where the bytes of a call are part of something else
 * @param uncovered by address
 */
public record ModuleCoverage(
        String module, int constant, int rewritten, int dynamic, int notCode, List<UncoveredSite> uncovered) {

    public ModuleCoverage {
        uncovered = List.copyOf(uncovered);
    }
}
