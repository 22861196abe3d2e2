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
import picocli.CommandLine.Parameters;

/** {@code undump verify FILE}: compares all checksums. */
@Command(
        name = "verify",
        header = "Compares every checksum of a checkpoint, those of its memory pages too.",
        exitCodeList = {"0:everything is as it was written", "1:failed; one line on standard error says why", "2:wrong usage"})
final class VerifyCommand implements Callable<Integer> {

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Parameters(paramLabel = "FILE", description = "Checkpoint that ckpt wrote.")
    private Path file;

    VerifyCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        PackedFile.refuse(file, "verifying");
        if (Inspection.isImage(file)) {
            throw new CommandFailure("verifying " + file + ": it is an image, which checks its plan and size whenever it starts,"
                    + " but not its pages; verify the checkpoint that it was made of");
        }
        try (AttendedWork work = AttendedWork.begin("Verifying " + file.getFileName(), interruption)) {
            CheckpointReader.verify(file, work::advanced);
        }
        face.say(Printable.line(file.toString()) + ": whole and undamaged");
        return ExitStatus.DONE;
    }
}
