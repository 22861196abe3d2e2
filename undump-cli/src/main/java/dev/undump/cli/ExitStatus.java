// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

/** Exit statuses of all commands. */
final class ExitStatus {

    static final int DONE = 0;
    static final int FAILED = 1;
    static final int USAGE = 2;

    private ExitStatus() {}
}
