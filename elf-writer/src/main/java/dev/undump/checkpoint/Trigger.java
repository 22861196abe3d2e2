// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/** What started the capture. */
public enum Trigger {
    /** {@code CKPT_TRIGGER_PID}: {@code ckpt --pid}. */
    PID(CheckpointLayout.TRIGGER_PID),
    /** {@code CKPT_TRIGGER_SIGNAL}: the signal to a program under {@code ckpt}. */
    SIGNAL(CheckpointLayout.TRIGGER_SIGNAL),
    /** {@code CKPT_TRIGGER_INTERVAL}: {@code ckpt --interval}. */
    INTERVAL(CheckpointLayout.TRIGGER_INTERVAL),
    /** {@code CKPT_TRIGGER_API}: the program asked; its image is a command. */
    API(CheckpointLayout.TRIGGER_API),
    /** {@code CKPT_TRIGGER_SELF}: the signal that the program sent itself under {@code ckpt}; its image is a command. */
    SELF(CheckpointLayout.TRIGGER_SELF);

    private final int code;

    Trigger(int code) {
        this.code = code;
    }

    /** Returns the number that stands for it in the file. */
    public int code() {
        return code;
    }

    /** Returns whether the program asked itself: its image then is a command, which works where it is called. */
    public boolean makesCommand() {
        return this == API || this == SELF;
    }

    /**
     * Returns the constant with this number.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Trigger ofCode(int code) {
        for (Trigger candidate : values()) {
            if (candidate.code == code) {
                return candidate;
            }
        }
        throw new IllegalArgumentException("trigger " + Integer.toUnsignedString(code) + " is unknown");
    }
}
