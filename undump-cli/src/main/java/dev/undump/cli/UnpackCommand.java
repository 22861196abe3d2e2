// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.pack.Packing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump unpack FILE.zst}: makes the packed file again. */
@Command(
        name = "unpack",
        header = "Makes the checkpoint or image again that was packed.",
        description = {"", "Compares every byte with what was packed: the result is the same file, or there is none.", ""})
final class UnpackCommand implements Callable<Integer> {

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "File to write; an existing file is replaced. Default: FILE.zst without .zst.")
    private Path out;

    @Mixin
    private ThreadsOption threads;

    @Parameters(paramLabel = "FILE.zst", description = "File that \"undump pack\" wrote; it stays.")
    private Path file;

    UnpackCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException {
        int count = threads.count();
        Path unpacked = out != null ? out : withoutSuffix();
        if (Files.exists(unpacked) && Files.isSameFile(unpacked, file)) {
            throw new CommandFailure("unpacking " + file + ": the result would replace it; name another file");
        }
        try (AttendedWork work = AttendedWork.begin("Unpacking " + file.getFileName(), interruption)) {
            Packing.unpack(file, count, unpacked, work::advanced);
        }
        if (out == null) {
            face.sayWritten(unpacked);
        }
        return ExitStatus.DONE;
    }

    private Path withoutSuffix() {
        String name = file.toString();
        if (!name.endsWith(PackCommand.SUFFIX) || Path.of(name).getFileName().toString().equals(PackCommand.SUFFIX)) {
            throw face.wrongUsage(file + " does not end in " + PackCommand.SUFFIX + ": say with --out what the result is called");
        }
        return Path.of(name.substring(0, name.length() - PackCommand.SUFFIX.length()));
    }
}
