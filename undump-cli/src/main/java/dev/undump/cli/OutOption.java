// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where a command writes the image that it makes, when it need not be told. */
final class OutOption {

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Executable to write; an existing file is replaced. Default: fast- and the program's name,"
                    + " in the working directory.")
    private Path out;

    /** Returns what the command line names, else what the file of options does. */
    Optional<Path> named(ImageChoices.Chosen chosen) {
        return Optional.ofNullable(out).or(chosen::out);
    }
}
