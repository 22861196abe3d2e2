// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.CheckpointReader;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.tool.Installation;
import dev.undump.cli.tool.JavaCommandLine;
import dev.undump.cli.tool.ToolPreparation;
import dev.undump.cli.tool.Warmup;
import dev.undump.cli.tool.Words;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump java}: makes a command image of a Java tool. */
@Command(
        name = "java",
        header = "Makes a command of a Java tool that is warm when it starts.",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump java --out FILE --warmup ARGS [OPTION] ... -- JAVA-ARG ...",
        description = {
            "",
            "Runs the tool that \"java JAVA-ARG ...\" would run, again and again on the arguments of --warmup, until it is warm, and"
                    + " writes an executable FILE. \"FILE ARG ...\" then does what \"java JAVA-ARG ... ARG ...\" does: each launch calls"
                    + " the tool's main method with its own arguments, working directory, environment, standard input, output and"
                    + " error, and ends with its exit status.",
            "",
            "The warm-up runs really run, in the working directory: give arguments that may be carried out many times, and write"
                    + " to a place that is meant for it. What the tool keeps in static fields from its warm-up it finds in every"
                    + " launch; see --fresh-loader and --warmup none. A launch whose environment differs in what a JVM reads only"
                    + " when it starts (locale, TZ, JAVA_TOOL_OPTIONS, ...), or that another user makes, starts the original command"
                    + " instead.",
            "",
            "For instance:",
            "",
            "    undump java -o fast-javac --warmup Hello.java -- -m jdk.compiler/com.sun.tools.javac.Main",
            "",
            "    undump java -o fast-lint --warmup a.txt --warmup '--all b.txt' --status 3 -- -jar lint.jar",
            ""
        })
final class JavaCommand implements Callable<Integer> {

    private static final String NO_WARMUP = "none";
    private static final int DEFAULT_RUNS = 30;
    private static final long DEFAULT_LIMIT_SECONDS = 300;

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Executable to write; an existing file is replaced. Must be given, here or in a file of options.")
    private Path out;

    @Option(
            names = "--warmup",
            paramLabel = "ARGS",
            required = true,
            description = "Arguments of a warm-up run, in one word, which is split as a shell does it. May be repeated: the runs"
                    + " follow each other. none: the tool is loaded but not run.")
    private List<String> warmups = List.of();

    @Option(
            names = "--runs",
            paramLabel = "N",
            description = "How often each of them is run. Default: " + DEFAULT_RUNS + ".")
    private int runs = DEFAULT_RUNS;

    @Option(
            names = "--status",
            paramLabel = "N",
            description = "Exit status with which warm-up runs may end, beside 0. May be repeated.")
    private List<Integer> statuses = List.of();

    @Option(
            names = "--warmup-input",
            paramLabel = "FILE",
            description = "What each warm-up run finds at standard input. Default: nothing.")
    private Path input;

    @Option(
            names = "--limit",
            paramLabel = "SECONDS",
            description = "How long one warm-up run may take. Default: " + DEFAULT_LIMIT_SECONDS + ".")
    private long limitSeconds = DEFAULT_LIMIT_SECONDS;

    @Option(
            names = "--fresh-loader",
            description = "Each warm-up run loads the tool's classes from the class path anew, and a launch finds them loaded but not"
                    + " yet initialized: no static state is kept. Only the JDK stays compiled, so launches are slower.")
    private boolean freshLoader;

    @Option(
            names = "--keep-threads",
            description = "Threads that a warm-up run leaves behind live on in every launch, instead of being a failure.")
    private boolean keepThreads;

    @Option(
            names = "--java",
            paramLabel = "FILE",
            description = "The java to run the tool with. Default: that of JAVA_HOME, or the one on the PATH.")
    private Path java;

    @Option(
            names = "--capture-allow",
            paramLabel = "WHAT",
            description = "A weaker restore that the capture accepts, as \"ckpt --allow\". May be repeated.")
    private List<String> captureAllow = List.of();

    @Mixin
    private ImageChoices choices;

    @Parameters(arity = "1..*", paramLabel = "JAVA-ARG", description = "As behind java: options, class path and main class.")
    private List<String> command = new ArrayList<>();

    JavaCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException, PlanException {
        JavaCommandLine tool = toolCommand();
        Warmup warmup = warmup();
        ImageChoices.Chosen chosen = choices.read(face);
        Path target = target(chosen);
        Path launcher = launcher();
        try (ToolPreparation preparation = ToolPreparation.begin(installation(), target.getParent())) {
            ToolPreparation.Outcome outcome =
                    preparation.run(launcher, tool, warmup, captureAllow, interruption::check);
            Path checkpoint = outcome.checkpoint().orElseThrow(() -> failure(outcome));
            chosen.write(CheckpointReader.read(checkpoint), target, interruption);
            outcome.notes().forEach(note -> face.note(Printable.line(note)));
        }
        return ExitStatus.DONE;
    }

    private Path target(ImageChoices.Chosen chosen) {
        Path target = Optional.ofNullable(out)
                .or(chosen::out)
                .orElseThrow(() -> face.wrongUsage("Missing required option: --out FILE"))
                .toAbsolutePath();
        if (Files.isDirectory(target)) {
            throw new CommandFailure("writing the image " + target + ": it is a directory");
        }
        if (!Files.isDirectory(target.getParent())) {
            throw new CommandFailure("writing the image " + target + ": " + target.getParent() + " is no directory");
        }
        return target;
    }

    private JavaCommandLine toolCommand() throws IOException {
        try {
            return JavaCommandLine.parse(command, Path.of("").toAbsolutePath());
        } catch (IllegalArgumentException e) {
            throw face.wrongUsage("the command line of java " + e.getMessage());
        }
    }

    private Warmup warmup() {
        if (runs < 1 || limitSeconds < 1) {
            throw face.wrongUsage(runs < 1 ? "--runs " + runs + " is less than 1" : "--limit " + limitSeconds + " is less than 1");
        }
        List<List<String>> arguments = new ArrayList<>();
        boolean none = warmups.equals(List.of(NO_WARMUP));
        if (!none) {
            for (String words : warmups) {
                try {
                    arguments.add(Words.of(words));
                } catch (IllegalArgumentException e) {
                    throw face.wrongUsage("--warmup " + e.getMessage());
                }
            }
        }
        List<Integer> accepted = new ArrayList<>(statuses);
        accepted.add(0);
        return new Warmup(
                arguments, runs, limitSeconds, accepted, Optional.ofNullable(input).map(Path::toAbsolutePath), freshLoader, keepThreads);
    }

    private static Installation installation() {
        JavaLibrary library = JavaLibrary.find();
        return new Installation(library.ckpt(), library.jar(), GivenState.locale());
    }

    /** The java that runs this command was found as the user wants it. */
    private Path launcher() {
        Path launcher = java != null ? java.toAbsolutePath() : Path.of(System.getProperty("java.home"), "bin", "java");
        if (!Files.isExecutable(launcher)) {
            throw new CommandFailure("starting " + launcher + ": there is no such program; --java names another one");
        }
        return launcher;
    }

    private CommandFailure failure(ToolPreparation.Outcome outcome) {
        outcome.output().forEach(line -> face.showOutput(Printable.line(line)));
        return new CommandFailure("preparing the tool: " + outcome.failure()
                + (outcome.output().isEmpty() ? "" : "; above are the last lines that it wrote"));
    }
}
