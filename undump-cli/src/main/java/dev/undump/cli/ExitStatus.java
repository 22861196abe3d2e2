// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

/** Exit statuses of all commands. */
public final class ExitStatus {

    public static final int DONE = 0;
    public static final int FAILED = 1;
    public static final int USAGE = 2;

    private ExitStatus() {}
}
