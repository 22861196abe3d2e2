// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A fetch to a file system of 4 MiB; only root can make one. */
class FullDiskIT {

    @TempDir
    Path folder;

    private Path small;
    private boolean mounted;

    @BeforeEach
    void mount() throws Exception {
        small = Files.createDirectories(folder.resolve("a small disk"));
        mounted = run("mount", "-t", "tmpfs", "-o", "size=4m", "none", small.toString()) == 0;
        assumeTrue(mounted, "a tmpfs can be mounted here");
    }

    @AfterEach
    void unmount() throws Exception {
        if (mounted) {
            assertThat(run("umount", small.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(List.of(command))
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    @Test
    void fetch_imageLargerThanTheRoom_asksForNoBytes() throws IOException {
        RemoteFixture fixture = new RemoteFixture(folder, 5 << 20);
        try (Nginx nginx = Nginx.start(fixture.server)) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);

            RemoteFailure failure = catchThrowableOfType(
                    RemoteFailure.class, () -> fixture.open(configuration).fetch(fixture.key, small));

            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.LOCAL);
            assertThat(failure).hasMessageContaining("has room for").hasMessageContaining("undump cache gc");
            assertThat(small).isEmptyDirectory();
            assertThat(fixture.isCircuitOpen()).isFalse();
        }
    }

    @Test
    void fetch_diskThatFillsMeanwhile_leavesNothing() throws Exception {
        RemoteFixture fixture = new RemoteFixture(folder);
        try (Nginx nginx = Nginx.start(fixture.server, "", "limit_rate 400k;")) {
            RemoteConfiguration configuration = RemoteFixture.configuration(nginx.address());
            fixture.store(configuration);
            Path hog = small.resolve("hog");
            Thread filler = new Thread(() -> fillWhenBytesCome(hog));
            filler.start();

            RemoteFailure failure = catchThrowableOfType(
                    RemoteFailure.class, () -> fixture.open(configuration).fetch(fixture.key, small));

            filler.join();
            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.LOCAL);
            assertThat(failure).hasMessageContaining("No space left on device");
            try (Stream<Path> files = Files.list(small)) {
                assertThat(files).containsExactly(hog);
            }
        }
    }

    private void fillWhenBytesCome(Path hog) {
        try {
            while (!bytesHaveCome()) {
                Thread.onSpinWait();
            }
            try (OutputStream out = Files.newOutputStream(hog)) {
                byte[] piece = new byte[4096];
                while (true) {
                    out.write(piece);
                }
            }
        } catch (IOException e) {
            // Full, as it shall be.
            return;
        }
    }

    private boolean bytesHaveCome() throws IOException {
        try (Stream<Path> files = Files.list(small)) {
            for (Path file : files.toList()) {
                if (Files.size(file) > 0) {
                    return true;
                }
            }
        }
        return false;
    }
}
