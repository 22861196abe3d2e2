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

    /** rseq(2), which today's libc registers for every thread; everything else that the stub needs is older. */
    private static final KernelVersion STUB = new KernelVersion(4, 18);

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
