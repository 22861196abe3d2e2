// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * What the user may choose about an image.
 *
 * @param anonymousMemory how anonymous memory gets its contents at launch
 * @param policies where the program meets the world around it
 * @param forceVdsoTrampolines true: route the captured vdso's functions to the running one even where both are the same
 */
public record PlanOptions(
        AnonymousMemory anonymousMemory,
        LaunchPolicies policies,
        boolean forceVdsoTrampolines) {

    /** How anonymous memory gets its contents at launch. */
    public enum AnonymousMemory {
        /** Mapped from the image where that pays and every system call that could tell the difference is intercepted. */
        LAZY,
        /** Read into fresh anonymous pages before the program goes on: exact under every later madvise and mremap. */
        READ
    }

    /** Everything as it is without options. */
    public static final PlanOptions DEFAULT = new PlanOptions(AnonymousMemory.LAZY, LaunchPolicies.NONE, false);
}
