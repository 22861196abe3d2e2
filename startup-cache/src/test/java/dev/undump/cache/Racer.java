// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A running {@link StoreRacer}. Closing it kills it. */
final class Racer implements Closeable {

    private final Process process;
    private final BufferedReader lines;

    Racer(String mode, Path root, String... arguments) throws IOException {
        List<String> words = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC", "-Xmx48m", "-XX:-UsePerfData", "-cp", System.getProperty("java.class.path"),
                StoreRacer.class.getName(), mode, root.toString()));
        Stream.of(arguments).forEach(words::add);
        process = new ProcessBuilder(words).redirectErrorStream(true).start();
        lines = new BufferedReader(new InputStreamReader(process.getInputStream(), UTF_8));
    }

    /** Waits until it is there. */
    Racer ready() throws IOException {
        String line = next();
        if (!"READY".equals(line)) {
            throw new IOException("expected READY, found " + line);
        }
        return this;
    }

    /** Lets it go on. */
    Racer go() throws IOException {
        process.getOutputStream().write('\n');
        process.getOutputStream().flush();
        return this;
    }

    /** Returns its next line, null at its end. */
    String next() throws IOException {
        return lines.readLine();
    }

    /** Kills it and returns what else it had said. */
    List<String> kill() throws IOException {
        // By the handle, which leaves what it had written to be read.
        process.toHandle().destroyForcibly();
        return lines.lines().toList();
    }

    long pid() {
        return process.pid();
    }

    void await() throws InterruptedException {
        process.waitFor();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        lines.close();
    }
}
