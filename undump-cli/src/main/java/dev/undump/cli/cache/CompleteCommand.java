// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cli.CommandFace;
import dev.undump.cli.ExitStatus;
import dev.undump.cli.FailureReport;
import dev.undump.cli.ReplacementProgram;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code undump cache complete}: the helper that ckpt starts beside a command. Nobody reads what it prints but its log. */
@Command(name = "complete", hidden = true, header = "Makes the image of a running command; for ckpt alone.")
final class CompleteCommand implements Callable<Integer> {

    private static final int LAST_PRIORITY = 19;

    @Mixin
    private CommandFace face;

    @Parameters(paramLabel = "FOLDER", description = "What the run has left.")
    private Path folder;

    @Override
    public Integer call() throws IOException {
        ReplacementProgram.setPriority(LAST_PRIORITY);
        try {
            new Completion(CaptureJob.read(folder), KeptStore.open(face::warn), new Channel(System.in, System.out), face::warn).run();
            return ExitStatus.DONE;
        } catch (IOException | RuntimeException e) {
            face.warn(FailureReport.message(e));
            return ExitStatus.FAILED;
        } finally {
            CaptureJob.delete(folder);
        }
    }
}
