// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.LaunchPolicies;

/**
 * What the user may choose about an image.
 *
 * @param eager true: all memory is read before the program goes on
 * @param policies where the program meets the world around it
 * @param forceVdsoTrampolines true: do not rely on the launching kernel's vdso being the captured one, even where it is
 */
public record ImageOptions(
        boolean eager, LaunchPolicies policies, boolean forceVdsoTrampolines) {

    /** What is right when nothing is asked for. */
    public static final ImageOptions DEFAULT = new ImageOptions(false, LaunchPolicies.NONE, false);
}
