// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs commands and makes command images, for the tests. */
final class Commands {
    private static final long LIMIT_SECONDS = 120;

    private Commands() {}

    /** How a command ended, and what it printed. */
    record Outcome(int status, String out, String err) {}

    /** The JDK whose tools are made commands: that of the tests, or another one, {@code -Dundump.test.jdk=FOLDER}. */
    static Path javaHome() {
        return Path.of(System.getProperty("undump.test.jdk", System.getProperty("java.home")));
    }

    static String java() {
        return javaHome().resolve("bin/java").toString();
    }

    /** The checkout that this module is part of. */
    private static Path root() {
        return Stream.iterate(Path.of("").toAbsolutePath(), Path::getParent)
                .filter(folder -> Files.exists(folder.resolve("bin/undump")))
                .findFirst()
                .orElseThrow();
    }

    /** What {@code undump java} does with these words. */
    static Outcome undumpJava(Path directory, List<String> words) throws Exception {
        List<String> command = new ArrayList<>(List.of(root().resolve("bin/undump").toString(), "java"));
        command.addAll(words);
        return run(command, directory, Map.of("JAVA_HOME", javaHome().toString()), "");
    }

    /** An image that undump java made without a word. */
    static Path image(Path file, List<String> options, List<String> javaArguments) throws Exception {
        List<String> words = new ArrayList<>(List.of("--out", file.toString()));
        words.addAll(options);
        words.add("--");
        words.addAll(javaArguments);
        assertThat(undumpJava(file.getParent(), words)).isEqualTo(new Outcome(0, "", ""));
        return file;
    }

    static Process start(List<String> command, Path directory, Map<String, String> environment) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command).directory(directory.toFile());
        // Whatever the tests run under would be said by every JVM, or change its language.
        builder.environment().keySet().removeAll(List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH"));
        builder.environment().keySet().removeIf(name -> name.startsWith("LC_") || name.equals("LANG"));
        builder.environment().put("LC_ALL", "C.UTF-8");
        builder.environment().putAll(environment);
        return builder.start();
    }

    static Outcome run(List<String> command, Path directory, Map<String, String> environment, String input) throws Exception {
        Process process = start(command, directory, environment);
        CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> text(process.getErrorStream()));
        try (OutputStream in = process.getOutputStream()) {
            in.write(input.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            // It has ended without reading.
        }
        String out = text(process.getInputStream());
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("%s ended", command).isTrue();
        return new Outcome(process.exitValue(), out, err.join());
    }

    private static String text(java.io.InputStream stream) {
        try (stream) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** All files below a folder, by their names, with their bytes. */
    static Map<String, String> files(Path folder) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> walk = Files.walk(folder)) {
            for (Path file : walk.filter(Files::isRegularFile).toList()) {
                String bytes = new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
                contents.put(folder.relativize(file).toString(), bytes);
            }
        }
        return contents;
    }
}
