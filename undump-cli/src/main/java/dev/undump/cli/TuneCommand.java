// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.inspect.Inspection;
import dev.undump.tune.ImageTuning;
import dev.undump.tune.TuneOptions;
import dev.undump.tune.TuneReport;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump tune IMAGE}: fits an image to what its program uses first. */
@Command(
        name = "tune",
        header = "Fits an image to what its program uses first.",
        description = {
            "",
            "Launches IMAGE, looks at which pages of it the program reads and writes at first, and makes an image that brings"
                    + " those in with few large operations. That helps launches that find little of the image in memory, and"
                    + " programs that write to much of theirs at once.",
            "",
            "The program really runs, on the terminal, and is ended by SIGTERM after a while; what it does"
                    + " to files or to others is done. After that it is launched a few times up to its first output, with"
                    + " empty input, to compare. Tuning a tuned image starts anew.",
            ""
        },
        exitCodeList = {"0:done", "1:failed; one line on standard error says why; IMAGE is as it was", "2:wrong usage"})
final class TuneCommand implements Callable<Integer> {

    private static final int KIBI = 1024;
    private static final double NS_PER_MS = 1e6;

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Option(
            names = "--for",
            paramLabel = "MILLISECONDS",
            description = "How long the program may run each time. Default: " + TuneOptions.DEFAULT_LIMIT_MS + ".")
    private long limitMs = TuneOptions.DEFAULT_LIMIT_MS;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Executable to write; an existing file is replaced. Default: IMAGE itself.")
    private Path out;

    @Option(
            names = "--rounds",
            paramLabel = "N",
            description = "How often launches are timed, from the disk and from memory; 0: not at all. Default: "
                    + TuneOptions.DEFAULT_ROUNDS + ".")
    private int rounds = TuneOptions.DEFAULT_ROUNDS;

    @Parameters(index = "0", paramLabel = "IMAGE", description = "Image, tuned already or not.")
    private Path image;

    @Parameters(
            index = "1..*",
            arity = "0..*",
            paramLabel = "ARG",
            description = "As of a launch: shown by ps, the program itself has those of its capture.")
    private List<String> arguments = new ArrayList<>();

    TuneCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        if (limitMs < 1 || rounds < 0) {
            throw face.wrongUsage(limitMs < 1 ? "--for " + limitMs + " is less than 1" : "--rounds " + rounds + " is less than 0");
        }
        PackedFile.refuse(image, "tuning");
        if (!Inspection.isImage(image)) {
            throw new CommandFailure("tuning " + image + ": it is no image; give a file that undump wrote");
        }
        TuneOptions options = new TuneOptions(limitMs, rounds, arguments);
        try (AttendedWork work = AttendedWork.begin("Copying " + image.getFileName(), interruption)) {
            TuneReport report = ImageTuning.tune(
                    image,
                    out != null ? out : image,
                    options,
                    work::advanced,
                    interruption::check);
            print(report, face.out());
        }
        return ExitStatus.DONE;
    }

    private void print(TuneReport report, PrintWriter out) {
        out.println("undump: the program " + end(report) + "; of the image it read " + kibibytes(report.readBytes()) + " and wrote to "
                + kibibytes(report.writtenBytes()));
        if (report.isReplaced()) {
            out.println("undump: note: it became another program, or may not be looked at: nothing was learned");
        }
        out.println("undump: a launch now asks for " + kibibytes(report.prefetchBytes()) + " in " + report.prefetchPieces()
                + (report.prefetchPieces() == 1 ? " piece" : " pieces") + " and reads " + kibibytes(report.hugeBytes())
                + " into huge pages");
        times("with nothing in memory", report.cold(), out);
        times("with all of it in memory", report.warm(), out);
        if (rounds > 0 && report.warm().isEmpty()) {
            out.println("undump: launches could not be compared: the program neither wrote nor ended within " + limitMs + " ms");
        }
        out.flush();
    }

    private static void times(String when, Optional<TuneReport.Times> times, PrintWriter out) {
        times.ifPresent(found -> out.println(String.format(
                Locale.ROOT,
                "undump: launch to its %s, %s: %.2f ms before, %.2f ms now",
                found.toOutput() ? "first output" : "end",
                when,
                found.before() / NS_PER_MS,
                found.after() / NS_PER_MS)));
    }

    private String end(TuneReport report) {
        String[] words = report.end().split(" ");
        return switch (words[0]) {
            case "exited" -> "ended with status " + words[1];
            case "killed" -> "was ended by signal " + words[1];
            default -> "was ended after " + limitMs + " ms";
        };
    }

    private static String kibibytes(long bytes) {
        return bytes / KIBI + " KiB";
    }
}
