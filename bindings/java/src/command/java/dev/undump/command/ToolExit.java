// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

/** Unwinds a thread of the tool that has called System.exit in a warm-up run. */
final class ToolExit extends Error {
    private static final long serialVersionUID = 1;

    ToolExit() {
        super("the warm-up run ends here", null, false, false);
    }
}
