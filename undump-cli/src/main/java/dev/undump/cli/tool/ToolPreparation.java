// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.tool;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A JVM that runs a tool until it is warm and asks for a checkpoint of itself. All its files are in a folder of its own, which is
 * deleted in the end.
 */
public final class ToolPreparation implements AutoCloseable {

    private static final String MAIN_CLASS = "dev.undump.command.ToolMain";
    private static final String NOTE = "note: ";
    private static final String FAILED = "failed: ";
    private static final int LAST_LINES = 20;
    private static final int POLL_MS = 50;

    private final Installation installation;
    private final WorkFolder folder;

    private ToolPreparation(Installation installation, WorkFolder folder) {
        this.installation = installation;
        this.folder = folder;
    }

    /**
     * Begins.
     *
     * @param parent where the folder with the checkpoint is made
     */
    public static ToolPreparation begin(Installation installation, Path parent) throws IOException {
        return new ToolPreparation(installation, WorkFolder.in(parent));
    }

    /**
     * What came of it.
     *
     * @param checkpoint empty when there is none
     * @param failure why there is none; empty when there is one
     * @param notes for the user
     * @param output the last lines that the tool wrote
     */
    public record Outcome(Optional<Path> checkpoint, String failure, List<String> notes, List<String> output) {}

    /**
     * Runs the JVM, with the working directory and the environment of this process.
     *
     * @param java the launcher
     * @param allow weaker restores, as of ckpt
     * @param heartbeat is called now and then; what it throws ends the work
     */
    public Outcome run(Path java, JavaCommandLine tool, Warmup warmup, List<String> allow, Runnable heartbeat)
            throws IOException {
        Path checkpoint = folder.file("checkpoint");
        Path report = folder.file("report");
        Path log = folder.file("output");
        Path input = warmup.input().orElseGet(() -> folder.file("input"));
        if (warmup.input().isEmpty()) {
            Files.createFile(input);
        }
        settings(java, tool, warmup, allow, checkpoint, report).write(folder.file("settings"));
        ProcessBuilder builder = new ProcessBuilder(command(java, tool))
                .redirectInput(input.toFile())
                .redirectOutput(log.toFile())
                .redirectErrorStream(true);
        environment(builder.environment());
        int status = waitFor(builder.start(), heartbeat);
        List<String> reported = Files.exists(report) ? Files.readAllLines(report) : List.of();
        Optional<String> failure = told(reported, FAILED).stream().findFirst();
        boolean complete = Files.exists(checkpoint) && failure.isEmpty();
        return new Outcome(
                Optional.of(checkpoint).filter(file -> complete),
                complete ? "" : failure.orElse("java ended with status " + status),
                told(reported, NOTE),
                lastLines(log));
    }

    private List<String> command(Path java, JavaCommandLine tool) {
        List<String> command = new ArrayList<>(List.of(java.toString()));
        List<String> running = tool.running(MAIN_CLASS);
        command.addAll(running.subList(0, running.size() - 1));
        command.add("--patch-module=java.base=" + installation.commandClasses());
        command.add(MAIN_CLASS);
        command.add(folder.file("settings").toString());
        return command;
    }

    private PreparationSettings settings(
            Path java, JavaCommandLine tool, Warmup warmup, List<String> allow, Path checkpoint, Path report) {
        List<String> original = new ArrayList<>(List.of(java.toString()));
        original.addAll(tool.original());
        PreparationSettings settings = new PreparationSettings()
                .set("mode", tool.mode().word())
                .set("what", tool.what())
                .list("preset", tool.preset())
                .list("original", original)
                .set("warmups", warmup.arguments().size())
                .set("runs", warmup.runs())
                .set("limit-seconds", warmup.limitSeconds())
                .list("status", warmup.statuses())
                .set("fresh-loader", warmup.freshLoader())
                .set("keep-threads", warmup.keepThreads())
                .list("restart", tool.hasClassPath() ? List.of() : List.of("CLASSPATH"))
                .set("binding", installation.javaLibrary())
                .set("checkpoint", checkpoint)
                .list("allow", allow)
                .set("report", report);
        for (int i = 0; i < warmup.arguments().size(); i++) {
            settings.list("warmup." + i, warmup.arguments().get(i));
        }
        return settings;
    }

    private void environment(Map<String, String> environment) {
        installation.givenLocale().ifPresent(locale -> {
            environment.remove("LC_ALL");
            if (!locale.isEmpty()) {
                environment.put("LC_ALL", locale);
            }
        });
        environment.put("UNDUMP_CKPT", installation.ckpt().toString());
    }

    /** A JVM whose checkpoint is complete is ended from outside. */
    private static int waitFor(Process process, Runnable heartbeat) {
        try {
            while (!process.waitFor(POLL_MS, TimeUnit.MILLISECONDS)) {
                heartbeat.run();
            }
            return process.exitValue();
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts the main thread", e);
        } finally {
            process.destroyForcibly();
        }
    }

    private static List<String> told(List<String> lines, String kind) {
        return lines.stream().filter(line -> line.startsWith(kind)).map(line -> line.substring(kind.length())).toList();
    }

    private static List<String> lastLines(Path log) throws IOException {
        // Whatever bytes a tool writes are lines in this character set.
        List<String> lines = Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream()
                .map(line -> new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
                .toList();
        return List.copyOf(lines.subList(Math.max(0, lines.size() - LAST_LINES), lines.size()));
    }

    @Override
    public void close() throws IOException {
        folder.close();
    }
}
