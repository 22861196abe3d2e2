// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.inspect.Inspection;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump inspect FILE}: tells what is inside. */
@Command(
        name = "inspect",
        header = "Tells what is inside a checkpoint or an image.",
        description = {
            "",
            "Shows program, threads with what each waits for, memory, descriptors, signals, kernel and processor.",
            ""
        })
final class InspectCommand implements Callable<Integer> {

    @Mixin
    private CommandFace face;

    @Option(names = "--json", description = "Print everything as one JSON object, with names that stay.")
    private boolean json;

    @Parameters(paramLabel = "FILE", description = "Checkpoint or image.")
    private Path file;

    @Override
    public Integer call() throws IOException {
        PackedFile.refuse(file, "reading");
        PrintWriter out = face.out();
        try (Inspection inspection = Inspection.open(file)) {
            if (json) {
                inspection.printJson(out);
            } else {
                inspection.printText(out);
            }
        }
        out.flush();
        return ExitStatus.DONE;
    }
}
