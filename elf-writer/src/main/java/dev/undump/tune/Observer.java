// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import dev.undump.nativestub.NativeBinaries;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;

/** Runs an image under the native program {@code observe}. */
final class Observer implements Closeable {

    private static final int HEARTBEAT_MS = 100;

    private final Path folder;
    private final Path program;
    private final Path report;
    private final Path image;
    private final long limitMs;
    private final List<String> arguments;
    private final Runnable heartbeat;

    /**
     * Prepares running an image.
     *
     * @param image for messages and as the program's own name
     * @param arguments behind that
     * @param heartbeat is called while the image runs; what it throws ends the run
     */
    Observer(Path image, long limitMs, List<String> arguments, Runnable heartbeat) throws IOException {
        this.folder = Files.createTempDirectory("undump-tune");
        this.program = NativeBinaries.observe(folder);
        this.report = folder.resolve("report");
        this.image = image;
        this.limitMs = limitMs;
        this.arguments = arguments;
        this.heartbeat = heartbeat;
    }

    /** Runs a file with the terminal, input and output of this process, and looks at what it uses of itself. */
    Observation run(Path file) throws IOException {
        return observe(file, List.of());
    }

    /** Runs a file up to its first byte of output. */
    Observation time(Path file, boolean cold) throws IOException {
        return observe(file, cold ? List.of("-q", "-c") : List.of("-q"));
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(report);
        Files.deleteIfExists(program);
        Files.delete(folder);
    }

    private Observation observe(Path file, List<String> options) throws IOException {
        List<String> command = new ArrayList<>(List.of(program.toString(), "-t", Long.toString(limitMs)));
        command.addAll(options);
        command.addAll(List.of("-o", report.toString(), file.toAbsolutePath().toString(), image.toString()));
        command.addAll(arguments);
        Process process = new ProcessBuilder(command).inheritIO().start();
        await(process);
        if (!Files.exists(report)) {
            throw new TuneException(image, "the program that observes the image could not write to " + folder, null);
        }
        return Observation.read(report, image);
    }

    private void await(Process process) {
        boolean ended = false;
        try {
            while (!process.waitFor(HEARTBEAT_MS, TimeUnit.MILLISECONDS)) {
                heartbeat.run();
            }
            ended = true;
            heartbeat.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CancellationException();
        } finally {
            if (!ended) {
                process.destroy(); // it kills the image's program before it ends
                process.onExit().join();
            }
        }
    }
}
