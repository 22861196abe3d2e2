// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.SocketAddress;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketSamples;
import dev.undump.checkpoint.SocketState;
import org.junit.jupiter.api.Test;

class SocketTextTest {

    @Test
    void of_listening_tellsNameBacklogAndOptions() {
        SocketState socket = SocketSamples.tcp(
                SocketKind.LISTENING,
                SocketSamples.inet6(80, 1),
                7,
                SocketSamples.option("SO_REUSEADDR", 1, 2, false, 1, 0, 0, 0),
                SocketSamples.option("TCP_KEEPIDLE", 6, 4, false, 44, 1, 0, 0),
                SocketSamples.option("SO_LINGER", 1, 13, false, 1, 0, 0, 0, 5, 0, 0, 0));
        assertThat(SocketText.of(socket)).isEqualTo("tcp6 [::1]:80, listening, backlog 7, SO_REUSEADDR=1 TCP_KEEPIDLE=300 SO_LINGER");
    }

    @Test
    void of_connected_tellsWhereTo() {
        SocketState socket = SocketSamples.udp(SocketSamples.inet(53, 10, 0, 0, 1), SocketSamples.inet(54, 10, 0, 0, 2));
        assertThat(SocketText.of(socket)).isEqualTo("udp 10.0.0.1:53, connected to 10.0.0.2:54");
    }

    @Test
    void of_ends_tellWhatWaits() {
        assertThat(SocketText.of(SocketSamples.unix(SocketKind.PAIRED, 1, 0, 2, 1, SocketAddress.NONE, 0)))
                .isEqualTo("unix stream, paired, empty, sends no more");
        assertThat(SocketText.of(SocketSamples.unix(SocketKind.ORPHANED, 5, 0, 0, 0, SocketAddress.NONE, 2)))
                .isEqualTo("unix seqpacket, other end closed, 8 B waiting");
    }

    @Test
    void of_connectionsThatALaunchHasNot_tellSo() {
        assertThat(SocketText.of(SocketSamples.unix(SocketKind.ORPHANED, 1, 2, 0, 0, SocketAddress.NONE, 0)))
                .isEqualTo("unix stream, connection that will be closed, empty");
        assertThat(SocketText.of(SocketSamples.tcp(SocketKind.RESET, SocketAddress.NONE, 0)))
                .isEqualTo("tcp, connection that was reset");
    }
}
