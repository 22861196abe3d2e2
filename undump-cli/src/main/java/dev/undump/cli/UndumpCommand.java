// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.inspect.Inspection;
import dev.undump.image.ImageOptions;
import dev.undump.image.ImageWriter;
import dev.undump.plan.LazyMemory;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code undump CHECKPOINT}: makes an image. */
@Command(
        name = "undump",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump [--out FILE] [--eager] [--rights restore|launch] [--port-map OLD=NEW] ... CHECKPOINT | undump COMMAND ...",
        header = "Turns a checkpoint into an executable that goes on where the program was.",
        description = {
            "",
            "Reads a CHECKPOINT that ckpt has written and makes one executable file of it, an image. The image needs neither undump"
                    + " nor the program: it can be copied to other machines and started by any user.",
            ""
        })
final class UndumpCommand implements Callable<Integer> {

    private static final int LAST_STANDARD = 2;
    private static final int ACCESS_MODE = 3;
    private static final int LAST_PORT = 65535;
    private static final Pattern PORT_PAIR = Pattern.compile("([0-9]{1,5})=([0-9]{1,5})");
    private static final String DEFAULT_NAME = "app";
    private static final String RIGHTS_RESTORE = "restore";
    private static final String RIGHTS_LAUNCH = "launch";

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Option(
            names = {"-o", "--out"},
            paramLabel = "FILE",
            description = "Executable to write; an existing file is replaced. Default: fast- and the program's name,"
                    + " in the working directory.")
    private Path out;

    @Option(
            names = "--eager",
            description = "A launch reads all memory before the program goes on, instead of mapping it: slower to start.")
    private boolean eager;

    @Option(
            names = "--reopen-stdio",
            description = "Regular files that the program had as standard input, output or error are opened again by path. Without this"
                    + " they count as redirections in a checkpoint of \"ckpt --pid\": the launch's own take their place.")
    private boolean reopenStandardFiles;

    @Option(
            names = "--port-map",
            paramLabel = "OLD=NEW",
            description = "The image binds sockets of the program's port OLD to port NEW, so that copies run side by side; 0 is any"
                    + " port that is free. What the program itself remembers stays OLD. May be repeated.")
    private List<String> portMap = List.of();

    @Option(
            names = "--rights",
            paramLabel = "restore|launch",
            description = "restore, the default: a launch gives up capabilities and groups that the program had not, so that one that"
                    + " had given up root's does not get them back. launch: it keeps what it has.")
    private String rights = RIGHTS_RESTORE;

    @Parameters(
            arity = "0..1",
            paramLabel = "CHECKPOINT",
            description = "Checkpoint that ckpt wrote; ckpt calls it myckpt.dat unless told otherwise.")
    private Path checkpointFile;

    UndumpCommand(Interruption interruption) {
        this.interruption = interruption;
    }

    @Override
    public Integer call() throws IOException, PlanException {
        if (checkpointFile == null) {
            throw face.wrongUsage("Missing required parameter: CHECKPOINT");
        }
        Map<Integer, Integer> ports = ports();
        if (!rights.equals(RIGHTS_RESTORE) && !rights.equals(RIGHTS_LAUNCH)) {
            throw face.wrongUsage("--rights takes restore or launch, not \"" + Printable.line(rights) + "\"");
        }
        PackedFile.refuse(checkpointFile, "reading the checkpoint");
        if (Inspection.isImage(checkpointFile)) {
            throw new CommandFailure("reading the checkpoint " + checkpointFile + ": it is an image already; start it, or let"
                    + " \"undump inspect\" tell what is inside");
        }
        Checkpoint checkpoint = CheckpointReader.read(checkpointFile);
        Path image = out != null ? out : Path.of(defaultName(checkpoint.process().commandName()));
        refuseToReplaceTheCheckpoint(image);
        LazyMemory lazy;
        try (AttendedWork work = AttendedWork.begin("Writing " + image.getFileName(), interruption)) {
            ImageOptions options =
                    new ImageOptions(eager, reopenStandardFiles, ports, false, rights.equals(RIGHTS_LAUNCH));
            lazy = ImageWriter.write(checkpoint, options, image, work::advanced);
        }
        if (out == null) {
            face.sayWritten(image);
        }
        tellOfStandardFiles(checkpoint);
        tellOfMemory(lazy, image);
        return ExitStatus.DONE;
    }

    private Map<Integer, Integer> ports() {
        Map<Integer, Integer> ports = new TreeMap<>();
        for (String pair : portMap) {
            Matcher matcher = PORT_PAIR.matcher(pair);
            int from = matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
            int to = matcher.matches() ? Integer.parseInt(matcher.group(2)) : 0;
            if (from < 1 || from > LAST_PORT || to > LAST_PORT) {
                throw face.wrongUsage(
                        "--port-map takes OLD=NEW, two port numbers such as 8080=8081, not \"" + Printable.line(pair) + "\"");
            }
            if (ports.put(from, to) != null) {
                throw face.wrongUsage("--port-map names port " + from + " twice");
            }
        }
        return ports;
    }

    private void refuseToReplaceTheCheckpoint(Path image) throws IOException {
        if (Files.exists(image) && Files.isSameFile(image, checkpointFile)) {
            throw new CommandFailure("writing the image " + image + ": it is the checkpoint itself; name another file");
        }
    }

    /** Nobody can tell a file that a shell has redirected to from one that the program has opened there itself. */
    private void tellOfStandardFiles(Checkpoint checkpoint) {
        if (reopenStandardFiles || checkpoint.process().launchedByCkpt()) {
            return;
        }
        for (Descriptor descriptor : checkpoint.descriptors()) {
            OpenFile file = checkpoint.openFile(descriptor);
            boolean writable = (file.openFlags() & ACCESS_MODE) != 0;
            if (descriptor.fd() <= LAST_STANDARD && file.kind() == FileKind.REGULAR && writable) {
                face.note("descriptor " + descriptor.fd() + " was the file "
                        + Printable.line(file.path().toString())
                        + "; a launch has its own there (--reopen-stdio keeps the file)");
            }
        }
    }

    private void tellOfMemory(LazyMemory lazy, Path image) {
        if (lazy.isPrevented()) {
            int places = lazy.coverage().orElseThrow().uncovered();
            face.note("a launch reads all memory instead of mapping it, because "
                    + (places == 1 ? "a system call" : places + " system calls") + " of the program cannot be followed (\"undump inspect "
                    + Printable.line(image.toString()) + "\" lists them)");
        }
    }

    /** A comm may hold any byte but zero: what would lead elsewhere or disturb a terminal is replaced. */
    static String defaultName(NativeText commandName) {
        StringBuilder name = new StringBuilder("fast-");
        String comm = commandName.isEmpty() ? DEFAULT_NAME : commandName.toString();
        comm.chars().forEach(character -> name.append(isPlain(character) ? (char) character : '_'));
        return name.toString();
    }

    private static boolean isPlain(int character) {
        return Character.isLetterOrDigit(character) || "._+-@".indexOf(character) >= 0;
    }
}
