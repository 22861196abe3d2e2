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
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code undump unpack FILE.zst}: makes the packed file again. */
@Command(
        name = "unpack",
        versionProvider = Version.class,
        header = "Makes the checkpoint or image again that was packed.",
        description = {"", "Compares every byte with what was packed: the result is the same file, or there is none.", ""},
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {"0:done", "1:failed; one line on standard error says why", "2:wrong usage"})
final class UnpackCommand implements Callable<Integer>, HasCommonOptions {

    private final Interruption interruption;

    @Spec
    private CommandSpec spec;

    @Mixin
    private CommonOptions common;

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
    public CommonOptions common() {
        return common;
    }

    @Override
    public Integer call() throws IOException {
        int count = threads.count(spec.commandLine());
        Path unpacked = out != null ? out : withoutSuffix();
        if (Files.exists(unpacked) && Files.isSameFile(unpacked, file)) {
            throw new CommandFailure("unpacking " + file + ": the result would replace it; name another file");
        }
        try (ConsoleProgress progress = ConsoleProgress.onStandardError("Unpacking " + file.getFileName())) {
            Packing.unpack(file, count, unpacked, (doneBytes, totalBytes) -> {
                interruption.check();
                progress.advanced(doneBytes, totalBytes);
            });
        }
        if (out == null) {
            spec.commandLine().getOut().println("undump: wrote " + Printable.line(unpacked.toString()));
            spec.commandLine().getOut().flush();
        }
        return ExitStatus.DONE;
    }

    private Path withoutSuffix() {
        String name = file.toString();
        if (!name.endsWith(PackCommand.SUFFIX) || Path.of(name).getFileName().toString().equals(PackCommand.SUFFIX)) {
            throw new ParameterException(
                    spec.commandLine(),
                    file + " does not end in " + PackCommand.SUFFIX + ": say with --out what the result is called");
        }
        return Path.of(name.substring(0, name.length() - PackCommand.SUFFIX.length()));
    }
}
