// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/** What the program has seen of a file. */
public enum InputKind {
    /** {@code CKPT_INPUT_FILE}: the bytes of a regular file. */
    FILE(CheckpointLayout.INPUT_FILE, "file"),
    /** {@code CKPT_INPUT_STATUS}: what stat(2) tells. */
    STATUS(CheckpointLayout.INPUT_STATUS, "status"),
    /** {@code CKPT_INPUT_DIRECTORY}: the names in it. */
    DIRECTORY(CheckpointLayout.INPUT_DIRECTORY, "directory"),
    /** {@code CKPT_INPUT_LINK}: where a symbolic link leads. */
    LINK(CheckpointLayout.INPUT_LINK, "link"),
    /** {@code CKPT_INPUT_MISSING}: that it is not there. */
    MISSING(CheckpointLayout.INPUT_MISSING, "missing");

    private final int code;
    private final String label;

    InputKind(int code, String label) {
        this.code = code;
        this.label = label;
    }

    /** Returns the number that stands for it in checkpoints and images. */
    public int code() {
        return code;
    }

    /** Returns a word for it. */
    public String label() {
        return label;
    }

    /**
     * Returns the constant with this number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static InputKind ofCode(int code) {
        for (InputKind candidate : values()) {
            if (candidate.code == code) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("kind of the input " + Integer.toUnsignedString(code) + " is unknown");
    }
}
