// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/** What stands behind a mapping. */
public enum MappingKind {
    /** {@code CKPT_MAPPING_ANONYMOUS}: private anonymous memory, also heap and stack. */
    ANONYMOUS(CheckpointLayout.MAPPING_ANONYMOUS),
    /** {@code CKPT_MAPPING_PRIVATE_FILE}: a file, written pages are private. */
    PRIVATE_FILE(CheckpointLayout.MAPPING_PRIVATE_FILE),
    /** {@code CKPT_MAPPING_SHARED_FILE}: a file, written pages go to it. */
    SHARED_FILE(CheckpointLayout.MAPPING_SHARED_FILE),
    /** {@code CKPT_MAPPING_SHARED_ANONYMOUS}: memory without a file that children would share. */
    SHARED_ANONYMOUS(CheckpointLayout.MAPPING_SHARED_ANONYMOUS),
    /** {@code CKPT_MAPPING_VDSO}: code of the kernel, stored for reference. */
    VDSO(CheckpointLayout.MAPPING_VDSO),
    /** {@code CKPT_MAPPING_VVAR}: data of the kernel, never stored. */
    VVAR(CheckpointLayout.MAPPING_VVAR);

    private final int code;

    MappingKind(int code) {
        this.code = code;
    }

    /** Returns the number that stands for it in the file. */
    public int code() {
        return code;
    }

    /**
     * Returns the constant with this number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static MappingKind ofCode(int code) {
        for (MappingKind candidate : values()) {
            if (candidate.code == code) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("mapping kind " + Integer.toUnsignedString(code) + " is unknown");
    }
}
