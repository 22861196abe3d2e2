// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.pack.Packing;
import java.io.IOException;
import java.nio.file.Path;

/** What commands say that do not work on packed files. */
final class PackedFile {

    private PackedFile() {}

    /**
     * Returns normally unless a file is packed.
     *
     * @param action for the message, like "verifying"
     */
    static void refuse(Path file, String action) throws IOException {
        if (Packing.isPacked(file)) {
            throw new CommandFailure(
                    action + " " + file + ": it is packed; unpack it first with \"undump unpack " + file + "\"");
        }
    }
}
