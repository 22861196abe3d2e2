// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.tool.WorkFolder;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump crac -- java …}: an image of a Java program that knows the org.crac API, on any JDK. */
@Command(
        name = "crac",
        header = "Makes an image of a Java service, through the org.crac API.",
        description = {
            "",
            "Runs the Java program COMMAND once, up to a checkpoint of its own, and makes an image of that. Frameworks that know"
                    + " org.crac, such as Spring, Micronaut and Quarkus, close their connections before and open them again in each launch. The JDK is"
                    + " any, and the program needs no change.",
            "",
            "Without --warm the checkpoint is taken when a Spring application has made its beans"
                    + " (-Dspring.context.checkpoint=onRefresh), or when the program calls Core.checkpointRestore() itself. With --warm it is taken when"
                    + " the program has answered requests: its launches answer the first one many times faster.",
            ""
        })
final class CracCommand implements Callable<Integer> {

    private static final int DEFAULT_REQUESTS = 1000;
    private static final int MOMENT_MILLIS = 100;
    private static final int END_SECONDS = 5;

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Mixin
    private OutOption out;

    @Option(
            names = "--warm",
            paramLabel = "URL",
            description = "Asks the program for this page as soon as it answers with status 200, then as often as --requests says,"
                    + " and takes the checkpoint then. May be repeated.")
    private List<String> pages = List.of();

    @Option(
            names = "--requests",
            paramLabel = "N",
            description = "How often each page of --warm is asked for. Default: " + DEFAULT_REQUESTS + ".")
    private int requests = DEFAULT_REQUESTS;

    @Mixin
    private ImageChoices choices;

    @Parameters(
            arity = "1..*",
            paramLabel = "COMMAND",
            description = "The java to run, and its options and arguments. Put -- before it.")
    private List<String> command;

    CracCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException, InterruptedException, PlanException {
        if (requests < 0) {
            throw face.wrongUsage("--requests " + requests + " is less than 0");
        }
        ImageChoices.Chosen chosen = choices.read(face);
        Optional<Path> named = out.named(chosen);
        Path folder = named.map(Path::toAbsolutePath).map(Path::getParent).orElse(Path.of("").toAbsolutePath());
        try (WorkFolder work = WorkFolder.in(folder)) {
            Path file = work.file("crac.ckpt");
            run(file);
            Checkpoint checkpoint = CheckpointReader.read(file);
            Path image = named.orElseGet(() -> Path.of(UndumpCommand.defaultName(checkpoint.process().commandName())));
            chosen.write(checkpoint, image, interruption);
            face.sayWritten(image);
        }
        return ExitStatus.DONE;
    }

    /** Its output is the user's to see; how it ends tells nothing, for the checkpoint ends it. */
    private void run(Path checkpoint) throws IOException, InterruptedException {
        JavaLibrary library = JavaLibrary.find();
        ProcessBuilder builder = new ProcessBuilder(withOptions(library, checkpoint)).inheritIO();
        builder.environment().putIfAbsent("UNDUMP_CKPT", library.ckpt().toString());
        Process process = builder.start();
        try {
            while (!process.waitFor(MOMENT_MILLIS, TimeUnit.MILLISECONDS)) {
                interruption.check();
            }
        } finally {
            end(process);
        }
        interruption.check();
        if (!Files.exists(checkpoint)) {
            throw new CommandFailure("running " + command.get(0) + ": it ended with status " + process.exitValue() + " before there was a checkpoint; "
                    + (pages.isEmpty() && process.exitValue() == 0
                            ? "let it take one with Core.checkpointRestore(), or give --warm URL"
                            : "its output tells why"));
        }
    }

    /** Nothing of it goes on behind us; one that writes or deletes files at its end has the time to. */
    private static void end(Process process) throws InterruptedException {
        process.destroy();
        if (!process.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
    }

    private List<String> withOptions(JavaLibrary library, Path checkpoint) {
        List<String> words = new ArrayList<>();
        words.add(command.get(0));
        words.add("-javaagent:" + library.jar());
        words.add("--enable-native-access=ALL-UNNAMED");
        words.add("-Dundump.checkpoint=" + checkpoint);
        if (pages.isEmpty()) {
            words.add("-Dspring.context.checkpoint=onRefresh");
        } else {
            words.add("-Dundump.warm=" + String.join(" ", pages));
            words.add("-Dundump.warm.requests=" + requests);
        }
        words.addAll(command.subList(1, command.size()));
        return words;
    }
}
