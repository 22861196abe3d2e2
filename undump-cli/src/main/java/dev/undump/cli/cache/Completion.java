// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.Claim;
import dev.undump.cache.Entry;
import dev.undump.cache.EntryFacts;
import dev.undump.cache.LocalStore;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.cli.FailureReport;
import dev.undump.cli.cache.Channel.Answer;
import dev.undump.cli.cache.ready.Readiness;
import dev.undump.cli.cache.ready.WatchedProgram;
import dev.undump.image.ImageOptions;
import dev.undump.image.ImageWriter;
import dev.undump.plan.LaunchPolicies;
import dev.undump.plan.PlanException;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Waits until a command is warm, has it captured, makes the image and keeps it. */
final class Completion {

    private static final int LOOK_MILLIS = 20;
    private static final int OUTPUT_BYTES = 1 << 20;
    private static final Path PROC = Path.of("/proc");

    private final CaptureJob job;
    private final LocalStore store;
    private final Channel channel;
    private final Consumer<String> warn;
    private final FailureNotes failures;
    private final Path program;

    Completion(CaptureJob job, LocalStore store, Channel channel, Consumer<String> warn) {
        this.job = job;
        this.store = store;
        this.channel = channel;
        this.warn = warn;
        this.failures = FailureNotes.of(store.root());
        this.program = PROC.resolve(Long.toString(job.pid()));
    }

    /** Does it; what goes wrong is noted for "undump cache explain". */
    void run() throws IOException {
        Optional<Claim> claim = store.adopt(job.key().digest(), job.claim());
        if (claim.isEmpty()) {
            return;
        }
        try {
            Optional<Path> checkpoint = awaitCheckpoint();
            if (checkpoint.isPresent()) {
                keep(checkpoint.get(), Duration.ofNanos(System.nanoTime() - job.begunNanos()));
            }
        } catch (IOException | PlanException | RuntimeException e) {
            failures.note(job.key().digest(), FailureReport.message(e));
        } finally {
            claim.get().close();
        }
    }

    /** Only the end of much output is looked at, each time anew. */
    private CharSequence output() throws IOException {
        Path file = CaptureJob.output(job.folder());
        if (!Files.exists(file)) {
            return "";
        }
        try (SeekableByteChannel bytes = Files.newByteChannel(file)) {
            bytes.position(Math.max(0, bytes.size() - OUTPUT_BYTES));
            return new String(Channels.newInputStream(bytes).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private Optional<Path> awaitCheckpoint() throws IOException {
        Readiness.Watch watch = job.ready().watch(
                new WatchedProgram(program, job.directory(), job.begunNanos(), System::nanoTime, this::output), job.before());
        boolean asked = false;
        while (true) {
            Optional<Channel.Message> message = channel.await(LOOK_MILLIS);
            if (message.isPresent()) {
                return captured(message.get());
            }
            if (!asked && isReady(watch)) {
                if (hasReadInput()) {
                    failures.note(job.key().digest(), "the program had read from standard input before it was ready, which a launch's own"
                            + " cannot replace; see --stdin-unread");
                    return Optional.empty();
                }
                channel.ask();
                asked = true;
            }
        }
    }

    /** A program that has asked for a file of its own has it there; it stays the program's. */
    private Optional<Path> captured(Channel.Message message) throws IOException {
        if (message.answer() == Answer.FAILED) {
            failures.note(job.key().digest(), message.text());
        }
        return message.answer() == Answer.CAPTURED ? Optional.of(Path.of(message.text())) : Optional.empty();
    }

    /** A program that cannot be looked at has ended; the tracer will say so. */
    private static boolean isReady(Readiness.Watch watch) {
        try {
            return watch.isReady();
        } catch (IOException e) {
            return false;
        }
    }

    private boolean hasReadInput() throws IOException {
        if (job.input().isEmpty()) {
            return false;
        }
        String before = job.input().get();
        if (before.equals(StandardInput.TERMINAL)) {
            return job.ready().isReadyAtAnyTime();
        }
        return before.equals(StandardInput.UNKNOWN) || !before.equals(StandardInput.state(program));
    }

    private void keep(Path checkpoint, Duration cold) throws IOException, PlanException {
        LaunchPolicies policies = LaunchPolicies.NONE.withInputs(Fallback.policy(job));
        ImageWriter.write(CheckpointReader.read(checkpoint), new ImageOptions(false, policies, false), job.image(), (done, all) -> {});
        Files.deleteIfExists(job.checkpoint());
        List<String> words = job.ready().makesCommand() ? job.command().first(job.fixedWords()) : job.command().words();
        EntryFacts facts = new EntryFacts(new UserCommand(words).text(), cold, UndumpVersion.text(), Optional.empty());
        Entry entry = store.publish(job.key().digest(), job.image(), facts);
        failures.forget(job.key().digest());
        send(entry);
        if (job.install().isPresent()) {
            InstalledFile.putImage(store.image(entry), job.install().get());
        }
    }

    /** The image is made, whatever becomes of that. */
    private void send(Entry entry) {
        try {
            Optional<Remote> remote = Remote.open(job.choices(), store);
            if (remote.isPresent()) {
                remote.get().store(entry);
            }
        } catch (IOException e) {
            warn.accept("sending the image: " + FailureReport.message(e));
        }
    }
}
