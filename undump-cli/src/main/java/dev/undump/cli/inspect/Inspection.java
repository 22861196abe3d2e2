// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.CheckpointReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/** A checkpoint or an image, open for showing. */
public final class Inspection implements Closeable {

    private final Subject subject;

    private Inspection(Subject subject) {
        this.subject = subject;
    }

    /**
     * Returns whether a file is an image; false for a checkpoint and for what does not exist.
     *
     * @throws IOException if it is an executable of another kind, or a damaged image
     */
    public static boolean isImage(Path file) throws IOException {
        if (!ImageSummary.isElf(file)) {
            return false;
        }
        ImageSummary.read(file);
        return true;
    }

    /**
     * Opens a file of either kind.
     *
     * @throws IOException if it is neither, or cannot be read or trusted
     */
    public static Inspection open(Path file) throws IOException {
        if (ImageSummary.isElf(file)) {
            ImageSummary image = ImageSummary.read(file);
            ByteRange place = image.checkpoint();
            Checkpoint checkpoint = CheckpointReader.readSummary(file, place.start(), place.lengthBytes());
            return new Inspection(
                    new Subject(
                            file,
                            Files.size(file),
                            checkpoint,
                            Optional.of(image),
                            Optional.empty(),
                            Optional.of(image.memory())));
        }
        Checkpoint checkpoint = CheckpointReader.read(file);
        CheckpointMemory memory = CheckpointMemory.open(checkpoint);
        try {
            return new Inspection(new Subject(
                    file,
                    checkpoint.header().totalSize(),
                    checkpoint,
                    Optional.empty(),
                    Optional.of(memory),
                    LaunchMemory.of(checkpoint, memory)));
        } catch (IOException | RuntimeException e) {
            memory.close();
            throw e;
        }
    }

    /** Prints it for people, in 100 columns as far as names allow. */
    public void printText(PrintWriter out) throws IOException {
        ProgramText.print(subject, out);
        ThreadText.print(subject, out);
        MemoryText.print(subject, out);
        DescriptorText.print(subject, out);
        SystemVText.print(subject, out);
        SignalText.print(subject, out);
        LimitText.print(subject, out);
        InputText.print(subject, out);
        if (subject.image().isPresent() || subject.launchMemory().isPresent()) {
            out.println();
            out.println("launch");
        }
        subject.image().ifPresent(image -> ImageText.print(image, out));
        subject.launchMemory().ifPresent(memory -> LaunchMemoryText.print(memory, out));
    }

    /** Prints everything as one JSON object. */
    public void printJson(PrintWriter out) throws IOException {
        JsonReport.print(subject, out);
    }

    @Override
    public void close() throws IOException {
        if (subject.memory().isPresent()) {
            subject.memory().get().close();
        }
    }
}
