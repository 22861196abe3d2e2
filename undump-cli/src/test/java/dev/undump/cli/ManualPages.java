// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.codegen.docgen.manpage.ManPageGenerator;

/**
 * Writes the manual pages (as AsciiDoc, which the build converts) and the completion for bash from the command line itself.
 * The build runs it; it stands among the tests because the product does not carry picocli's generators.
 */
final class ManualPages {

    private static final File NO_CUSTOMIZATION = null;
    private static final boolean OVERWRITE = true;

    private ManualPages() {}

    /**
     * Runs the generators.
     *
     * @param args folder for the AsciiDoc sources, file for the completion; both are replaced
     * @throws IOException if one cannot be written
     */
    public static void main(String[] args) throws IOException {
        Path sources = Files.createDirectories(Path.of(args[0]));
        Path completion = Path.of(args[1]);
        CommandLine commandLine = Main.commandLine(new Interruption());

        int status = ManPageGenerator.generateManPage(
                sources.toFile(), NO_CUSTOMIZATION, new boolean[0], OVERWRITE, commandLine.getCommandSpec());
        if (status != CommandLine.ExitCode.OK) {
            throw new IOException("writing manual pages to " + sources + " ended with status " + status);
        }
        Files.writeString(completion, AutoComplete.bash("undump", commandLine));
    }
}
