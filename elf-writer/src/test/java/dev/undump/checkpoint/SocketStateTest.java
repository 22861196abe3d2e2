// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SocketStateTest {

    private static final int SOCKETS = CheckpointLayout.SECTION_SOCKETS;
    private static final int OPTIONS = CheckpointLayout.SECTION_SOCKET_OPTIONS;

    @TempDir
    private Path folder;

    @Test
    void read_sockets_areAsWritten() throws IOException {
        Path file = SocketSamples.everyKind().write(folder.resolve("whole"));
        Checkpoint checkpoint = CheckpointReader.verify(file, CheckpointReader.Progress.NONE);

        assertThat(checkpoint.sockets())
                .extracting(SocketState::kind)
                .containsExactly(
                        SocketKind.LISTENING,
                        SocketKind.PAIRED,
                        SocketKind.PAIRED,
                        SocketKind.ORPHANED,
                        SocketKind.CONNECTED,
                        SocketKind.RESET);
        SocketState listener = checkpoint.sockets().get(0);
        assertThat(listener.local()).hasToString("127.0.0.1:8080");
        assertThat(listener.backlog()).isEqualTo(7);
        assertThat(listener.options())
                .containsExactly(
                        SocketSamples.option("SO_REUSEADDR", 1, 2, false, 1, 0, 0, 0),
                        SocketSamples.option("TCP_CONGESTION", 6, 13, true, 'c', 'u', 'b', 'i', 'c'));
        assertThat(checkpoint.sockets().get(1).dataSize()).isEqualTo(5);
        assertThat(checkpoint.sockets().get(1).peer()).isEqualTo(2);
        assertThat(checkpoint.sockets().get(3).packetCount()).isEqualTo(2);
        assertThat(checkpoint.sockets().get(3).hasError()).isTrue();
        assertThat(checkpoint.sockets().get(3).shutdown()).isEqualTo(3);
        assertThat(checkpoint.sockets().get(4).remote()).hasToString("10.0.0.2:54");
    }

    @Test
    void verify_bitFlippedInWhatWaits_isDamaged() throws IOException {
        byte[] bytes = SocketSamples.everyKind().build();
        Path file = Files.write(folder.resolve("flipped"), bytes);
        long offset = CheckpointReader.read(file).sockets().get(1).dataOffset();
        bytes[(int) offset] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(() -> CheckpointReader.verify(file, CheckpointReader.Progress.NONE))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining("what waits in socket");
    }

    static Stream<Arguments> damages() {
        int family = CheckpointLayout.Socket.FAMILY;
        int type = CheckpointLayout.Socket.TYPE;
        int state = CheckpointLayout.Socket.STATE;
        return Stream.of(
                Arguments.of("family of the socket is 0x10", SOCKETS, 0, family, 16),
                Arguments.of("type of the socket is 0x3", SOCKETS, 0, type, 3),
                Arguments.of("type of the socket is 0x5", SOCKETS, 0, type, 5),
                Arguments.of("state of the socket 9 is unknown", SOCKETS, 0, state, 9),
                Arguments.of("family of a paired socket", SOCKETS, 0, state, CheckpointLayout.SOCKET_ORPHANED),
                Arguments.of("type of a connected socket", SOCKETS, 0, state, CheckpointLayout.SOCKET_CONNECTED),
                Arguments.of("type of a socket with a dead", SOCKETS, 4, state, CheckpointLayout.SOCKET_RESET),
                Arguments.of("type of a listening socket", SOCKETS, 4, state, CheckpointLayout.SOCKET_LISTENING),
                Arguments.of("what waits in a socket without", SOCKETS, 1, state, CheckpointLayout.SOCKET_OPEN),
                Arguments.of("flags of the socket", SOCKETS, 0, CheckpointLayout.Socket.FLAGS, 8),
                Arguments.of("backlog of the socket", SOCKETS, 0, CheckpointLayout.Socket.BACKLOG, -1),
                Arguments.of("shutdown of the socket", SOCKETS, 0, CheckpointLayout.Socket.SHUTDOWN, 4),
                Arguments.of("is no pair but has", SOCKETS, 0, CheckpointLayout.Socket.PEER, 1),
                Arguments.of("not the other end of socket 1", SOCKETS, 1, CheckpointLayout.Socket.PEER, 1),
                Arguments.of("not the other end of socket 9", SOCKETS, 1, CheckpointLayout.Socket.PEER, 9),
                Arguments.of("not the other end of socket 3", SOCKETS, 1, CheckpointLayout.Socket.PEER, 3),
                Arguments.of("packet count of the socket", SOCKETS, 1, CheckpointLayout.Socket.PACKET_COUNT, 1),
                Arguments.of("packet count of the socket", SOCKETS, 3, CheckpointLayout.Socket.PACKET_COUNT, 0),
                Arguments.of("packet count of the socket", SOCKETS, 3, CheckpointLayout.Socket.PACKET_COUNT, 1000),
                Arguments.of("outside the data area", SOCKETS, 3, CheckpointLayout.Socket.DATA_SIZE, 1 << 24),
                Arguments.of("offset of what waits", SOCKETS, 3, CheckpointLayout.Socket.DATA_OFFSET, 0),
                Arguments.of("string of", SOCKETS, 0, CheckpointLayout.Socket.LOCAL, 1 << 24),
                Arguments.of("number of extents", SOCKETS, 0, CheckpointLayout.Socket.OPTION_COUNT, 3),
                Arguments.of("belongs to none of the sockets", SOCKETS, 0, CheckpointLayout.Socket.OPTION_COUNT, 1),
                Arguments.of("index of the first extent", SOCKETS, 0, CheckpointLayout.Socket.FIRST_OPTION, 1),
                Arguments.of("reserved byte", SOCKETS, 0, CheckpointLayout.Socket.RESERVED, 1),
                Arguments.of("size of the option", OPTIONS, 0, CheckpointLayout.SocketOption.SIZE, 41),
                Arguments.of("reserved byte", OPTIONS, 0, CheckpointLayout.SocketOption.SIZE, 0),
                Arguments.of("flags of the option", OPTIONS, 0, CheckpointLayout.SocketOption.FLAGS, 2),
                Arguments.of("refers to socket 6", CheckpointLayout.SECTION_DESCRIPTIONS, 0,
                        CheckpointLayout.Description.OBJECT, 6),
                Arguments.of("belongs to two open files", CheckpointLayout.SECTION_DESCRIPTIONS, 0,
                        CheckpointLayout.Description.OBJECT, 1),
                Arguments.of("belongs to no open file", CheckpointLayout.SECTION_DESCRIPTIONS, 0,
                        CheckpointLayout.Description.KIND, CheckpointLayout.FILE_REGULAR));
    }

    @ParameterizedTest
    @MethodSource("damages")
    void read_damagedSocket_isRefused(String message, int section, int index, int field, int value) throws IOException {
        CheckpointSurgery surgery = new CheckpointSurgery(SocketSamples.everyKind().build()).recordInt(section, index, field, value);
        Path file = Files.write(folder.resolve("hostile"), surgery.file());

        assertThatThrownBy(() -> CheckpointReader.read(file))
                .isInstanceOf(CheckpointException.class)
                .hasMessageContaining(message);
    }

    @Test
    void address_inWords() {
        assertThat(SocketSamples.inet(80, 192, 168, 1, 2)).hasToString("192.168.1.2:80");
        assertThat(SocketSamples.inet6(80, 0)).hasToString("[::]:80");
        assertThat(SocketSamples.inet6(65535, 1)).hasToString("[::1]:65535");
        assertThat(SocketSamples.mapped(80, 127, 0, 0, 1)).hasToString("[::ffff:127.0.0.1]:80");
        assertThat(SocketSamples.unix("/run/server\0")).hasToString("/run/server");
        assertThat(SocketSamples.unix("\0server")).hasToString("@server");
        assertThat(SocketSamples.unix("\0a\0b\0\0")).hasToString("@a@b");
        assertThat(SocketAddress.NONE).hasToString("");
    }

    @Test
    void address_withPort_isElseTheSame() {
        SocketAddress address = SocketSamples.inet(80, 192, 168, 1, 2);
        assertThat(address.withPort(40001)).isEqualTo(SocketSamples.inet(40001, 192, 168, 1, 2));
        assertThat(address.withPort(40001).port()).isEqualTo(40001);
    }

    @Test
    void address_ofFiveDigits_looksAutomatic() {
        assertThat(SocketSamples.unix("\0" + "0012f").looksAutomatic()).isTrue();
        assertThat(SocketSamples.unix("\0server").looksAutomatic()).isFalse();
        assertThat(SocketSamples.unix("0012f").looksAutomatic()).isFalse();
        assertThat(SocketAddress.NONE.looksAutomatic()).isFalse();
    }
}
