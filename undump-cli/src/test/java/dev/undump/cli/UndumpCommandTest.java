// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointReader;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.SocketAddress;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketSamples;
import dev.undump.checkpoint.SocketState;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UndumpCommandTest {

    private static final int SOCKET_FILE = 0140755;

    @Test
    void lostSocketFiles_removedOrMoved_areNamed(@TempDir Path folder) throws Exception {
        CheckpointBuilder builder = new CheckpointBuilder();
        add(builder, 0, SocketSamples.unix("/run/there"), SOCKET_FILE);
        add(builder, 1, SocketSamples.unix("/run/gone"), 0);
        add(builder, 2, SocketSamples.unix("\0abstract"), 0);
        add(builder, 3, SocketSamples.inet(80, 127, 0, 0, 1), 0);
        add(builder, 4, SocketSamples.unix("/run/decided"), 0);
        builder.descriptor(new Descriptor(20, 1, false));
        builder.socket(SocketSamples.withFileMode(accepted("/run/gone"), 0), new byte[0])
                .openFile(SocketSamples.file(5, 2))
                .descriptor(new Descriptor(21, 5, false));
        Path file = builder.write(folder.resolve("checkpoint"));

        assertThat(UndumpCommand.lostSocketFiles(CheckpointReader.read(file), Set.of(14)))
                .singleElement()
                .asString()
                .startsWith("the file of the socket at descriptor 11, /run/gone, was removed, or moved");
    }

    private static SocketState accepted(String name) {
        return SocketSamples.unix(SocketKind.ORPHANED, SocketSamples.STREAM, 0, 0, 0, SocketSamples.unix(name), 0);
    }

    private static void add(CheckpointBuilder builder, int index, SocketAddress local, int fileMode) {
        SocketState socket = local.isInternet()
                ? SocketSamples.tcp(SocketKind.LISTENING, local, 5)
                : SocketSamples.unix(SocketKind.LISTENING, SocketSamples.STREAM, 0, 0, 0, local, 0);
        builder.socket(SocketSamples.withFileMode(socket, fileMode), new byte[0])
                .openFile(SocketSamples.file(index, 2))
                .descriptor(new Descriptor(10 + index, index, false));
    }

    @Test
    void defaultName_ordinaryName_isPrefixed() {
        assertThat(UndumpCommand.defaultName(NativeText.of("python3.11"))).isEqualTo("fast-python3.11");
    }

    @Test
    void defaultName_hostileName_staysInTheDirectory() {
        assertThat(UndumpCommand.defaultName(NativeText.of("../../x y\n"))).isEqualTo("fast-.._.._x_y_");
    }

    @Test
    void defaultName_noName_isApp() {
        assertThat(UndumpCommand.defaultName(NativeText.EMPTY)).isEqualTo("fast-app");
    }
}
