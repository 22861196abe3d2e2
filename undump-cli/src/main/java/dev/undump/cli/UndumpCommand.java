// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketState;
import dev.undump.cli.FailureReport.CommandFailure;
import dev.undump.cli.inspect.Inspection;
import dev.undump.plan.InputPolicy;
import dev.undump.plan.LaunchPolicies;
import dev.undump.plan.LazyMemory;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code undump CHECKPOINT}: makes an image. */
@Command(
        name = "undump",
        synopsisHeading = "Usage: ",
        customSynopsis = "undump [--out FILE] [OPTION] ... CHECKPOINT | undump COMMAND ...",
        header = "Turns a checkpoint into an executable that goes on where the program was.",
        description = {
            "",
            "Reads a CHECKPOINT that ckpt has written and makes one executable file of it, an image. The image needs neither undump"
                    + " nor the program: it can be copied to other machines and started by any user.",
            ""
        },
        footerHeading = "%nOptions file:%n",
        footer = {
            "",
            "A file of Java's properties: one option in a line, by its long name without the dashes. An option that takes a pair has"
                    + " the first half in its key; one that takes words has them separated by commas; a switch is true or false."
                    + " For instance",
            "",
            "    # what makes the service's image",
            "    out = fast-service",
            "    port-map.8080 = 8081",
            "    fd.3 = inherit",
            "    fd.5 = reopen:/var/log/service.log",
            "    env.SERVICE_ROLE = blue",
            "    unset-env = DISPLAY, XAUTHORITY",
            "    cwd = launch",
            "    allow = file-lock",
            "    fallback = /usr/bin/python3, /opt/tool/tool.py",
            ""
        })
final class UndumpCommand implements Callable<Integer> {

    private static final int LAST_STANDARD = 2;
    private static final int ACCESS_MODE = 3;
    private static final String DEFAULT_NAME = "app";

    private final Interruption interruption;

    @Mixin
    private CommandFace face;

    @Mixin
    private OutOption out;

    @Mixin
    private ImageChoices choices;

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
        ImageChoices.Chosen chosen = choices.read(face);
        PackedFile.refuse(checkpointFile, "reading the checkpoint");
        if (Inspection.isImage(checkpointFile)) {
            throw new CommandFailure("reading the checkpoint " + checkpointFile + ": it is an image already; start it, or let"
                    + " \"undump inspect\" tell what is inside");
        }
        Checkpoint checkpoint = CheckpointReader.read(checkpointFile);
        Optional<Path> named = out.named(chosen);
        Path image = named.orElseGet(() -> Path.of(defaultName(checkpoint.process().commandName())));
        refuseToReplaceTheCheckpoint(image);
        LazyMemory lazy = chosen.write(checkpoint, image, interruption);
        if (named.isEmpty()) {
            face.sayWritten(image);
        }
        tellOfStandardFiles(checkpoint, chosen.image().policies());
        tellOfInherited(checkpoint, chosen.image().policies());
        tellOfPipes(checkpoint, chosen.image().policies());
        lostSocketFiles(checkpoint, chosen.image().policies().descriptors().keySet()).forEach(face::note);
        tellOfMemory(lazy, image);
        tellOfFallback(checkpoint, chosen.image().policies().inputs());
        return ExitStatus.DONE;
    }

    private void refuseToReplaceTheCheckpoint(Path image) throws IOException {
        if (Files.exists(image) && Files.isSameFile(image, checkpointFile)) {
            throw new CommandFailure("writing the image " + image + ": it is the checkpoint itself; name another file");
        }
    }

    /** Nobody can tell a file that a shell has redirected to from one that the program has opened there itself. */
    private void tellOfStandardFiles(Checkpoint checkpoint, LaunchPolicies policies) {
        if (policies.reopenStandardFiles() || checkpoint.process().launchedByCkpt()) {
            return;
        }
        for (Descriptor descriptor : onlyStandard(checkpoint)) {
            OpenFile file = checkpoint.openFile(descriptor);
            boolean writable = (file.openFlags() & ACCESS_MODE) != 0;
            boolean decided = policies.descriptors().containsKey(descriptor.fd());
            if (!decided && descriptor.fd() <= LAST_STANDARD && file.kind() == FileKind.REGULAR && writable) {
                face.note("descriptor " + descriptor.fd() + " was the file "
                        + Printable.line(file.path().toString())
                        + "; a launch has its own there (--reopen-stdio keeps the file)");
            }
        }
    }

    /** Files that a shell had open for something else, such as a lock, stay with the image unless somebody takes notice. */
    private void tellOfInherited(Checkpoint checkpoint, LaunchPolicies policies) {
        for (Descriptor descriptor : checkpoint.descriptors()) {
            OpenFile file = checkpoint.openFile(descriptor);
            boolean named = file.kind() == FileKind.REGULAR || file.kind() == FileKind.DELETED || file.kind() == FileKind.DIRECTORY;
            if (named
                    && file.isInherited()
                    && descriptor.fd() > LAST_STANDARD
                    && !policies.descriptors().containsKey(descriptor.fd())) {
                face.note("descriptor " + descriptor.fd() + " was open before the program started: "
                        + Printable.line(file.path().toString()) + "; every launch opens it again (--fd " + descriptor.fd()
                        + "=close or =inherit decides otherwise)");
            }
        }
    }

    /** A capture has taken them because it was told to; where they lead is for the user to say. */
    private void tellOfPipes(Checkpoint checkpoint, LaunchPolicies policies) {
        for (Descriptor descriptor : checkpoint.descriptors()) {
            OpenFile file = checkpoint.openFile(descriptor);
            boolean outside = file.kind() == FileKind.PIPE && file.isOutside() && !file.isInherited();
            if (outside && descriptor.fd() > LAST_STANDARD && !policies.descriptors().containsKey(descriptor.fd())) {
                face.note("descriptor " + descriptor.fd() + " was a pipe to another process; a launch has its own there, or else finds"
                        + " the other end closed (--fd " + descriptor.fd() + "=... decides)");
            }
        }
    }

    /**
     * Returns the bound sockets whose file is gone. The kernel tells the path that one was bound to, not where its file went.
     *
     * @param decided descriptors that get something else
     */
    static List<String> lostSocketFiles(Checkpoint checkpoint, Set<Integer> decided) {
        Set<Integer> seen = new HashSet<>();
        List<String> lost = new ArrayList<>();
        for (Descriptor descriptor : checkpoint.descriptors()) {
            OpenFile file = checkpoint.openFile(descriptor);
            if (decided.contains(descriptor.fd()) || file.kind() != FileKind.SOCKET || !seen.add(descriptor.openFile())) {
                continue;
            }
            SocketState socket = checkpoint.sockets().get(file.object());
            if (isLost(socket)) {
                lost.add("the file of the socket at descriptor " + descriptor.fd() + ", "
                        + Printable.line(socket.local().toString())
                        + ", was removed, or moved to another directory; nobody can connect there after a launch either");
            }
        }
        return lost;
    }

    /** An accepted one only has the name of the one that listened. */
    private static boolean isLost(SocketState socket) {
        boolean accepted = socket.kind() == SocketKind.PAIRED || socket.kind() == SocketKind.ORPHANED;
        return !accepted && socket.local().isPath() && socket.fileMode() == 0;
    }

    /** One that the program also has elsewhere, such as the error log of nginx, it has put there itself: it is opened again. */
    private static List<Descriptor> onlyStandard(Checkpoint checkpoint) {
        Set<Integer> elsewhere = checkpoint.descriptors().stream()
                .filter(descriptor -> descriptor.fd() > LAST_STANDARD)
                .map(Descriptor::openFile)
                .collect(Collectors.toSet());
        return checkpoint.descriptors().stream()
                .filter(descriptor -> !elsewhere.contains(descriptor.openFile()))
                .toList();
    }

    /** Which of a command's words were its own and which those of the warm-up, nobody knows. */
    private void tellOfFallback(Checkpoint checkpoint, InputPolicy policy) {
        boolean looks = policy.checked() && !checkpoint.inputs().isEmpty();
        if (!looks && policy.program().isPresent()) {
            face.note("launches look at no files"
                    + (policy.checked() ? ", for the capture has noted none (ckpt --inputs)" : "")
                    + ": the fallback will never run");
        }
        boolean hadWords = checkpoint.process().commandLine().toString().replaceFirst("\0$", "").indexOf('\0') >= 0;
        if (looks && policy.program().isEmpty() && checkpoint.process().trigger().makesCommand() && hadWords) {
            face.note("when a file that the program has seen has changed, a launch runs "
                    + Printable.line(checkpoint.process().executable().toString())
                    + " with the arguments of the launch alone (--fallback names another command)");
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
