// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.cache.remote.RemoteFailure.Kind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Machines that are there and say nothing: the kernel answers for a program that never accepts, or not even that. */
class SilentServerIT {

    private static final int ENOUGH_TO_FILL_THE_QUEUE = 20;

    @TempDir
    Path folder;

    private RemoteFixture fixture;

    @BeforeEach
    void makeImage() throws IOException {
        // More than the buffers of two sockets take.
        fixture = new RemoteFixture(folder, 24 << 20);
    }

    private static RemoteConfiguration configuration(ServerSocket socket, Timeouts timeouts) {
        URI address = URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/undump");
        return RemoteFixture.with(RemoteConfiguration.of(address), timeouts);
    }

    @Test
    void serverThatNeverAnswers_isGivenUpAfterTheIdleTimeout() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            RemoteFailure fetching = fixture.failedFetch(configuration(socket, RemoteFixture.QUICK));
            fixture.closeCircuit();
            RemoteFailure storing = fixture.failedStore(configuration(socket, RemoteFixture.QUICK));

            assertThat(fetching.kind()).as(fetching.getMessage()).isEqualTo(Kind.STALLED);
            assertThat(fetching).hasMessageContaining("nothing came or went in 2 s (idle-timeout)");
            assertThat(storing.kind()).as(storing.getMessage()).isEqualTo(Kind.STALLED);
            assertThat(Thread.interrupted()).isFalse();
        }
    }

    @Test
    void serverThatTakesNoConnections_isGivenUpAfterTheConnectTimeout() throws IOException {
        List<SocketChannel> waiting = new ArrayList<>();
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            SocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
            for (int i = 0; i < ENOUGH_TO_FILL_THE_QUEUE; i++) {
                SocketChannel channel = SocketChannel.open();
                waiting.add(channel);
                channel.configureBlocking(false);
                channel.connect(address);
            }

            Timeouts timeouts = new Timeouts(Duration.ofSeconds(1), Duration.ofSeconds(40), Duration.ofSeconds(50));
            RemoteFailure failure = fixture.failedFetch(configuration(socket, timeouts));

            assertThat(failure.kind()).as(failure.getMessage()).isEqualTo(Kind.UNREACHABLE);
            assertThat(failure).hasMessageContaining("no connection within 1 s (connect-timeout)");
        } finally {
            for (SocketChannel channel : waiting) {
                channel.close();
            }
        }
    }
}
