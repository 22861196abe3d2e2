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
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump pack FILE}: makes a file small for transport. */
@Command(
        name = "pack",
        header = "Compresses a checkpoint or an image for transport.",
        description = {
            "",
            "Writes FILE.zst, from which \"undump unpack\" makes the same file again: bytes, mode and holes. Any zstd"
                    + " decompresses it, too. What is packed holds the program's memory as before, and does not run.",
            ""
        })
final class PackCommand implements Callable<Integer> {

    static final String SUFFIX = ".zst";

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

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
    public Integer call() throws IOException {
        if (level < PackOptions.FASTEST || level > PackOptions.SMALLEST) {
            throw face.wrongUsage("--level " + level + " is not " + PackOptions.FASTEST + " to " + PackOptions.SMALLEST);
        }
        PackOptions options = new PackOptions(level, threads.count());
        PackedKind kind = kind();
        Path packed = out != null ? out : Path.of(file + SUFFIX);
        if (Files.exists(packed) && Files.isSameFile(packed, file)) {
            throw new CommandFailure("packing " + file + ": the result would replace it; name another file");
        }
        try (AttendedWork work = AttendedWork.begin("Packing " + file.getFileName(), interruption)) {
            Packing.pack(file, kind, options, packed, work::advanced);
        }
        if (out == null) {
            face.sayWritten(packed);
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
