// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/** What an extent of a mapping holds. */
public enum ExtentKind {
    /** {@code CKPT_EXTENT_PRIVATE}: bytes of anonymous pages or of file pages that the program has written. */
    PRIVATE(CheckpointLayout.EXTENT_PRIVATE),
    /** {@code CKPT_EXTENT_FILE}: bytes as they stand in the mapped file. */
    FILE(CheckpointLayout.EXTENT_FILE),
    /** {@code CKPT_EXTENT_GUARD}: guard pages of {@code MADV_GUARD_INSTALL}, without bytes. */
    GUARD(CheckpointLayout.EXTENT_GUARD),
    /** {@code CKPT_EXTENT_BEYOND_EOF}: pages behind the end of the mapped file, without bytes. */
    BEYOND_EOF(CheckpointLayout.EXTENT_BEYOND_EOF);

    private final int code;

    ExtentKind(int code) {
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
    public static ExtentKind ofCode(int code) {
        for (ExtentKind candidate : values()) {
            if (candidate.code == code) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("extent kind " + Integer.toUnsignedString(code) + " is unknown");
    }
}
