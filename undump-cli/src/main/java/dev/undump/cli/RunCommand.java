// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.cli.inspect.Inspection;
import dev.undump.image.ImageOptions;
import dev.undump.image.ImageWriter;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code undump run FILE}: lets the program go on in place of this process, and leaves no file. */
@Command(
        name = "run",
        header = "Lets a captured program go on, without leaving a file.",
        description = {
            "",
            "FILE is a checkpoint or an image; options that decide about launches are for checkpoints. The program takes the place of this process: it has its terminal, its standard"
                    + " input and output, and its exit status is the program's.",
            ""
        },
        exitCodeListHeading = "%nExit status: the program's own, or:%n",
        exitCodeList = {
            "1:failed before the program went on; one line on standard error says why",
            "2:wrong usage",
            "125:the image could not be restored on this machine; one line on standard error says why"
        })
final class RunCommand implements Callable<Integer> {

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Mixin
    private ImageChoices choices;

    @Parameters(index = "0", paramLabel = "FILE", description = "Checkpoint or image.")
    private Path file;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "ARG",
            description = "Shown by ps; the program itself has the arguments of its capture.")
    private List<String> arguments = new ArrayList<>();

    RunCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException, PlanException {
        PackedFile.refuse(file, "starting");
        boolean isImage = Inspection.isImage(file);
        if (isImage && choices.decideLaunches()) {
            throw face.wrongUsage("what its launches do was decided when the image " + file
                    + " was made; these options are for checkpoints");
        }
        try (ReplacementProgram program = isImage ? ReplacementProgram.open(file) : fromCheckpoint()) {
            interruption.check();
            program.execute(arguments);
        }
        return ExitStatus.FAILED;
    }

    private ReplacementProgram fromCheckpoint() throws IOException, PlanException {
        ImageOptions options = choices.read(face).image();
        Checkpoint checkpoint = CheckpointReader.read(file);
        Path folder = Files.createTempDirectory("undump");
        Path image = folder.resolve(UndumpCommand.defaultName(checkpoint.process().commandName()));
        try (AttendedWork work = AttendedWork.begin("Preparing", interruption)) {
            ImageWriter.write(checkpoint, options, image, work::advanced);
            return ReplacementProgram.open(image);
        } finally {
            // The open file stays until the program that it becomes has ended.
            Files.deleteIfExists(image);
            Files.delete(folder);
        }
    }
}
