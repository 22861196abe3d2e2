// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.cache.ready;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadinessTest {

    private static final Path SELF = Path.of("/proc/self");

    private final AtomicLong clock = new AtomicLong();

    @TempDir
    private Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"api", "output:^ready.*$", "listen:8080", "file:a:b", "idle:300", "after:2", "after:0.25"})
    void parse_word_isKept(String word) {
        assertThat(Readiness.parse(word).word()).isEqualTo(word);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "", "api:", "api:x", "listen", "listen:", "listen:0", "listen:65536", "listen:http", "idle:0", "idle:-1", "after:0", "after:-1",
        "after:NaN", "after:1e99", "output:", "file:", "ready", "Idle:5"
    })
    void parse_nonsense_isRefused(String word) {
        assertThatThrownBy(() -> Readiness.parse(word)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void parse_brokenExpression_saysWhy() {
        assertThatThrownBy(() -> Readiness.parse("output:(")).hasMessageContaining("Unclosed group");
    }

    @Test
    void elapsedTime_isReadyWhenItHasPassed() throws IOException {
        Readiness.Watch watch = Readiness.parse("after:0.5").watch(program(SELF, ""), "");

        assertThat(watch.isReady()).isFalse();
        clock.set(Duration.ofMillis(499).toNanos());
        assertThat(watch.isReady()).isFalse();
        clock.set(Duration.ofMillis(500).toNanos());
        assertThat(watch.isReady()).isTrue();
    }

    @Test
    void output_isFoundLineByLine() throws IOException {
        assertThat(Readiness.parse("output:^ready$").watch(program(SELF, "not ready\nready now\n"), "").isReady()).isFalse();
        assertThat(Readiness.parse("output:^ready$").watch(program(SELF, "begin\nready\n"), "").isReady()).isTrue();
    }

    @Test
    void file_thatWasThere_hasToChange() throws IOException {
        Path file = Files.writeString(folder.resolve("mark"), "old");
        Readiness ready = Readiness.parse("file:mark");
        Readiness.Watch watch = ready.watch(program(SELF, ""), ready.before(folder));

        assertThat(watch.isReady()).isFalse();
        Files.writeString(file, "another");
        assertThat(watch.isReady()).isTrue();
    }

    @Test
    void file_thatWasMissing_hasToAppear() throws IOException {
        Readiness ready = Readiness.parse("file:mark");
        Readiness.Watch watch = ready.watch(program(SELF, ""), ready.before(folder));

        assertThat(watch.isReady()).isFalse();
        Files.createFile(folder.resolve("mark"));
        assertThat(watch.isReady()).isTrue();
    }

    @Test
    void port_ofThisProcess_isFound() throws IOException {
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            assertThat(Readiness.parse("listen:" + server.getLocalPort()).watch(program(SELF, ""), "").isReady()).isTrue();
        }
    }

    @Test
    void port_ofAnotherProcess_doesNotCount() throws IOException {
        Process other = new ProcessBuilder("sleep", "60").start();
        try (ServerSocket server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Path proc = Path.of("/proc", Long.toString(other.pid()));
            assertThat(Readiness.parse("listen:" + server.getLocalPort()).watch(program(proc, ""), "").isReady()).isFalse();
        } finally {
            other.destroyForcibly();
        }
    }

    @Test
    void idle_countsFromTheLastUseOfAProcessor() throws IOException {
        Path thread = Files.createDirectories(folder.resolve("task/7"));
        writeThread(thread, "100", "S");
        Readiness.Watch watch = Readiness.parse("idle:300").watch(program(folder, ""), "");

        assertThat(watch.isReady()).isFalse();
        clock.set(Duration.ofMillis(299).toNanos());
        assertThat(watch.isReady()).isFalse();
        writeThread(thread, "101", "S");
        assertThat(watch.isReady()).isFalse();
        clock.set(Duration.ofMillis(598).toNanos());
        assertThat(watch.isReady()).isFalse();
        clock.set(Duration.ofMillis(599).toNanos());
        assertThat(watch.isReady()).isTrue();
    }

    @Test
    void idle_threadThatWaitsForADisk_isBusy() throws IOException {
        Path thread = Files.createDirectories(folder.resolve("task/7"));
        writeThread(thread, "100", "D");
        Readiness.Watch watch = Readiness.parse("idle:1").watch(program(folder, ""), "");

        assertThat(watch.isReady()).isFalse();
        clock.set(Duration.ofSeconds(9).toNanos());
        assertThat(watch.isReady()).isFalse();
    }

    @Test
    void program_thatIsGone_isAnException() {
        Readiness.Watch watch = Readiness.parse("idle:1").watch(program(folder.resolve("gone"), ""), "");

        assertThatThrownBy(watch::isReady).isInstanceOf(IOException.class);
    }

    private static void writeThread(Path thread, String runTime, String state) throws IOException {
        Files.writeString(thread.resolve("schedstat"), runTime + " 0 1\n");
        Files.writeString(thread.resolve("stat"), "7 (a) D (b) " + state + " 1 7 7 0 -1 0 0 0 0 0 1 2 0 0\n");
    }

    private WatchedProgram program(Path proc, String output) {
        return new WatchedProgram(proc, folder, 0, clock::get, () -> output);
    }
}
