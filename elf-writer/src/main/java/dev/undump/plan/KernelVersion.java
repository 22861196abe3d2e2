// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.nativestub.CheckpointLayout;

/**
 * A Linux version.
 *
 * @param major first number
 * @param minor second number
 */
record KernelVersion(int major, int minor) {

    /** close_range(2), with which the stub gets rid of the launch's other descriptors. */
    private static final KernelVersion STUB = new KernelVersion(5, 9);

    private static final KernelVersion SEALS = new KernelVersion(6, 10);
    private static final KernelVersion GUARD_PAGES = new KernelVersion(6, 13);

    /** Returns the oldest kernel that can bring a checkpoint back; details that may get lost do not count. */
    static KernelVersion neededBy(Checkpoint checkpoint) {
        if (checkpoint.mappings().stream()
                .flatMap(mapping -> mapping.extents().stream())
                .anyMatch(extent -> extent.kind() == ExtentKind.GUARD)) {
            return GUARD_PAGES;
        }
        if (checkpoint.mappings().stream().anyMatch(mapping -> mapping.hasFlags(CheckpointLayout.VMA_SEALED))) {
            return SEALS;
        }
        return STUB;
    }
}
