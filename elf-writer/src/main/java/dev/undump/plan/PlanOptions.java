// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import java.util.Map;

/**
 * What the user may choose about an image.
 *
 * @param anonymousMemory how anonymous memory gets its contents at launch
 * @param reopenStandardFiles true: regular files at 0, 1 and 2 are the program's own even where they may have been inherited
 * @param ports which port a socket gets instead of its own, 0 for any that is free
 * @param forceVdsoTrampolines true: route the captured vdso's functions to the running one even where both are the same
 * @param launchRights true: capabilities and groups are the launch's, also those that the program had given up
 */
public record PlanOptions(
        AnonymousMemory anonymousMemory,
        boolean reopenStandardFiles,
        Map<Integer, Integer> ports,
        boolean forceVdsoTrampolines,
        boolean launchRights) {

    public PlanOptions {
        ports = Map.copyOf(ports);
    }

    /** How anonymous memory gets its contents at launch. */
    public enum AnonymousMemory {
        /** Mapped from the image where that pays and every system call that could tell the difference is intercepted. */
        LAZY,
        /** Read into fresh anonymous pages before the program goes on: exact under every later madvise and mremap. */
        READ
    }

    /** Everything as it is without options. */
    public static final PlanOptions DEFAULT = new PlanOptions(AnonymousMemory.LAZY, false, Map.of(), false, false);
}
