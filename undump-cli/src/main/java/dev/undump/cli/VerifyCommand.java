// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.CheckpointReader;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.inspect.Inspection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code undump verify FILE}: compares all checksums. */
@Command(
        name = "verify",
        versionProvider = Version.class,
        header = "Compares every checksum of a checkpoint, those of its memory pages too.",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:everything is as it was written", "1:failed; one line on standard error says why", "2:wrong usage"})
final class VerifyCommand implements Callable<Integer>, HasCommonOptions {

    private final Interruption interruption;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Parameters(paramLabel = "FILE", description = "Checkpoint that ckpt wrote.")
    private Path file;

    VerifyCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public CommonOptions common() {
        return common;
    }

    @Override
    public Integer call() throws IOException {
        PackedFile.refuse(file, "verifying");
        if (Inspection.isImage(file)) {
            throw new CommandFailure("verifying " + file + ": it is an image, which checks its plan and size whenever it starts,"
                    + " but not its pages; verify the checkpoint that it was made of");
        }
        try (ConsoleProgress progress = ConsoleProgress.onStandardError("Verifying " + file.getFileName())) {
            CheckpointReader.verify(file, (doneBytes, totalBytes) -> {
                interruption.check();
                progress.advanced(doneBytes, totalBytes);
            });
        }
        spec.commandLine().getOut().println(Printable.line(file.toString()) + ": whole and undamaged");
        spec.commandLine().getOut().flush();
        return ExitStatus.DONE;
    }
}
