// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache;

import dev.undump.cache.key.CacheKey;
import dev.undump.cli.cache.ready.Readiness;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/**
 * What the process that runs a command leaves for the helper that makes its image, in a folder of its own.
 *
 * @param folder also for the checkpoint, the image and the log
 * @param pid the command's
 * @param begunNanos CLOCK_MONOTONIC at its start
 * @param directory it was started in
 * @param command as the user gave it
 * @param fixedWords how many of its words are the program's when its image is a command
 * @param choices options of the call
 * @param ready when it is warm
 * @param before what {@link Readiness#before} said
 * @param input what {@link StandardInput#state} said; empty: reading it is allowed
 * @param key of the image
 * @param claim token of the right to make it
 * @param launcher the undump command
 * @param install where a copy is to be put
 */
record CaptureJob(
        Path folder,
        long pid,
        long begunNanos,
        Path directory,
        UserCommand command,
        int fixedWords,
        List<String> choices,
        Readiness ready,
        String before,
        Optional<String> input,
        CacheKey key,
        String claim,
        Path launcher,
        Optional<Path> install) {

    private static final String FILE = "job";

    Path checkpoint() {
        return folder.resolve("checkpoint");
    }

    Path image() {
        return folder.resolve("image");
    }

    static Path log(Path folder) {
        return folder.resolve("log");
    }

    /** What the command has written so far, where somebody wants to know. */
    static Path output(Path folder) {
        return folder.resolve("output");
    }

    void write() throws IOException {
        Properties properties = new Properties();
        properties.setProperty("pid", Long.toString(pid));
        properties.setProperty("begun", Long.toString(begunNanos));
        properties.setProperty("directory", directory.toString());
        putAll(properties, "command", command.words());
        properties.setProperty("fixed", Integer.toString(fixedWords));
        putAll(properties, "choice", choices);
        properties.setProperty("ready", ready.word());
        properties.setProperty("before", before);
        input.ifPresent(state -> properties.setProperty("input", state));
        properties.setProperty("key", key.text());
        properties.setProperty("claim", claim);
        properties.setProperty("launcher", launcher.toString());
        install.ifPresent(path -> properties.setProperty("install", path.toString()));
        // As bytes, not characters: arguments need be no text at all.
        try (OutputStream out = Files.newOutputStream(folder.resolve(FILE))) {
            properties.store(out, null);
        }
    }

    static CaptureJob read(Path folder) throws IOException {
        Properties properties = new Properties();
        try (InputStream in = Files.newInputStream(folder.resolve(FILE))) {
            properties.load(in);
        }
        return new CaptureJob(
                folder,
                Long.parseLong(properties.getProperty("pid")),
                Long.parseLong(properties.getProperty("begun")),
                Path.of(properties.getProperty("directory")),
                new UserCommand(all(properties, "command")),
                Integer.parseInt(properties.getProperty("fixed")),
                all(properties, "choice"),
                Readiness.parse(properties.getProperty("ready")),
                properties.getProperty("before"),
                Optional.ofNullable(properties.getProperty("input")),
                CacheKey.parse(properties.getProperty("key")),
                properties.getProperty("claim"),
                Path.of(properties.getProperty("launcher")),
                Optional.ofNullable(properties.getProperty("install")).map(Path::of));
    }

    private static void putAll(Properties properties, String name, List<String> words) {
        for (int i = 0; i < words.size(); i++) {
            properties.setProperty(name + "." + i, words.get(i));
        }
    }

    private static List<String> all(Properties properties, String name) {
        List<String> words = new ArrayList<>();
        for (String word; (word = properties.getProperty(name + "." + words.size())) != null; ) {
            words.add(word);
        }
        return words;
    }

    /** Deletes the folder. */
    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }
}
