// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import java.util.Map;

/**
 * What the user may choose about an image.
 *
 * @param eager true: all memory is read before the program goes on
 * @param reopenStandardFiles true: regular files at descriptors 0, 1 and 2 are opened again instead of being the launch's own
 * @param ports which port a socket gets instead of its own, 0 for any that is free
 * @param forceVdsoTrampolines true: do not rely on the launching kernel's vdso being the captured one, even where it is
 * @param launchRights true: capabilities and groups are the launch's, also those that the program had given up
 */
public record ImageOptions(
        boolean eager,
        boolean reopenStandardFiles,
        Map<Integer, Integer> ports,
        boolean forceVdsoTrampolines,
        boolean launchRights) {

    public ImageOptions {
        ports = Map.copyOf(ports);
    }

    /** Options with the rights that the program had, as far as the launch has them. */
    public ImageOptions(
            boolean eager, boolean reopenStandardFiles, Map<Integer, Integer> ports, boolean forceVdsoTrampolines) {
        this(eager, reopenStandardFiles, ports, forceVdsoTrampolines, false);
    }

    /** What is right when nothing is asked for. */
    public static final ImageOptions DEFAULT = new ImageOptions(false, false, Map.of(), false);
}
