// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;

/**
 * A terminal that the program had open, with its modes as in struct termios of the kernel.
 *
 * @param openFile index into {@link Checkpoint#openFiles()}
 * @param flags {@code CKPT_TERMINAL_*} bits
 * @param line line discipline
 * @param characters {@code c_cc}
 * @param rows 0: not known
 * @param deviceMajor of the terminal itself, also where /dev/tty was opened
 */
public record Terminal(
        int openFile,
        int flags,
        int inputFlags,
        int outputFlags,
        int controlFlags,
        int localFlags,
        int line,
        Bytes characters,
        int rows,
        int columns,
        int deviceMajor,
        int deviceMinor) {

    private static final int ALL_FLAGS = CheckpointLayout.TERMINAL_CONTROLLING | CheckpointLayout.TERMINAL_FOREGROUND;

    public Terminal {
        Checks.notNegative("index of the terminal's open file", openFile);
        Checks.check((flags & ~ALL_FLAGS) == 0, "flags of a terminal", flags);
        Checks.check(
                characters.length() == CheckpointLayout.Terminal.CHARACTERS_BYTES,
                "number of a terminal's characters",
                characters.length());
    }

    /** Returns whether it is the controlling terminal of the program's session. */
    public boolean isControlling() {
        return (flags & CheckpointLayout.TERMINAL_CONTROLLING) != 0;
    }

    /** Returns whether its modes are the program's, which was in its foreground. */
    public boolean isForeground() {
        return (flags & CheckpointLayout.TERMINAL_FOREGROUND) != 0;
    }

    /** Returns whether both are openings of one terminal. */
    public boolean isSameDevice(Terminal other) {
        return deviceMajor == other.deviceMajor && deviceMinor == other.deviceMinor;
    }
}
