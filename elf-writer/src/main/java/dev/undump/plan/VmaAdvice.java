// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.nativestub.CheckpointLayout;

/**
 * Advice that a mapping carries, and the madvise(2) number that gives it again; numbers from asm-generic/mman-common.h.
 *
 * <p>Advice is optional where a kernel may be built without the feature and the program cannot tell.
 */
enum VmaAdvice {
    SEQUENTIAL(CheckpointLayout.VMA_SEQUENTIAL, 2, true),
    RANDOM(CheckpointLayout.VMA_RANDOM, 1, true),
    DONTFORK(CheckpointLayout.VMA_DONTFORK, 10, false),
    MERGEABLE(CheckpointLayout.VMA_MERGEABLE, 12, true),
    HUGEPAGE(CheckpointLayout.VMA_HUGEPAGE, 14, true),
    NOHUGEPAGE(CheckpointLayout.VMA_NOHUGEPAGE, 15, true),
    DONTDUMP(CheckpointLayout.VMA_DONTDUMP, 16, true),
    WIPEONFORK(CheckpointLayout.VMA_WIPEONFORK, 18, false);

    private final int vmaFlag;
    private final int number;
    private final boolean optional;

    VmaAdvice(int vmaFlag, int number, boolean optional) {
        this.vmaFlag = vmaFlag;
        this.number = number;
        this.optional = optional;
    }

    /** Whether advice with this number tells which pages may be huge. */
    static boolean decidesPageSize(int number) {
        return number == HUGEPAGE.number || number == NOHUGEPAGE.number;
    }

    int vmaFlag() {
        return vmaFlag;
    }

    int number() {
        return number;
    }

    boolean isOptional() {
        return optional;
    }
}
