// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.CheckpointException;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.inspect.Inspection;
import dev.undump.pack.PackOptions;
import dev.undump.pack.PackedKind;
import dev.undump.pack.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code undump pack FILE}: makes a file small for transport. */
@Command(
        name = "pack",
        versionProvider = Version.class,
        header = "Compresses a checkpoint or an image for transport.",
        description = {
            "",
            "Writes FILE.zst, from which \"undump unpack\" makes the same file again: bytes, mode and holes. Any zstd"
                    + " decompresses it, too. What is packed holds the program's memory as before, and does not run.",
            ""
        },
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:failed; one line on standard error says why", "2:wrong usage"})
final class PackCommand implements Callable<Integer>, HasCommonOptions {

    static final String SUFFIX = ".zst";

    private final Interruption interruption;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE.zst",
            description = "File to write; an existing file is replaced. Default: FILE with .zst behind it.")
    private Path out;

    @Option(
            names = "--level",
            paramLabel = "N",
            description = "Level of zstd, " + PackOptions.FASTEST + " (fast) to " + PackOptions.SMALLEST
                    + " (small). Default: " + PackOptions.DEFAULT_LEVEL + ".")
    private int level = PackOptions.DEFAULT_LEVEL;

    @Mixin
    private ThreadsOption threads;

    @Parameters(paramLabel = "FILE", description = "Checkpoint or image; it stays.")
    private Path file;

    PackCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public CommonOptions common() {
        return common;
    }

    @Override
    public Integer call() throws IOException {
        if (level < PackOptions.FASTEST || level > PackOptions.SMALLEST) {
            throw new ParameterException(
                    spec.commandLine(),
                    "--level " + level + " is not " + PackOptions.FASTEST + " to " + PackOptions.SMALLEST);
        }
        PackOptions options = new PackOptions(level, threads.count(spec.commandLine()));
        PackedKind kind = kind();
        Path packed = out != null ? out : Path.of(file + SUFFIX);
        if (Files.exists(packed) && Files.isSameFile(packed, file)) {
            throw new CommandFailure("packing " + file + ": the result would replace it; name another file");
        }
        try (ConsoleProgress progress = ConsoleProgress.onStandardError("Packing " + file.getFileName())) {
            Packing.pack(file, kind, options, packed, (doneBytes, totalBytes) -> {
                interruption.check();
                progress.advanced(doneBytes, totalBytes);
            });
        }
        if (out == null) {
            spec.commandLine().getOut().println("undump: wrote " + Printable.line(packed.toString()));
            spec.commandLine().getOut().flush();
        }
        return ExitStatus.DONE;
    }

    /** Damage is better found here than where the file is unpacked. */
    private PackedKind kind() throws IOException {
        if (Packing.isPacked(file)) {
            throw new CommandFailure("packing " + file + ": it is packed already; \"undump unpack\" unpacks it");
        }
        if (Inspection.isImage(file)) {
            return PackedKind.IMAGE;
        }
        try {
            CheckpointReader.read(file);
            return PackedKind.CHECKPOINT;
        } catch (CheckpointException e) {
            if (e.kind() == CheckpointException.Kind.NOT_A_CHECKPOINT) {
                throw new CommandFailure(
                        "packing " + file + ": it is neither a checkpoint nor an image; give a file that ckpt or undump wrote", e);
            }
            throw e;
        }
    }
}
