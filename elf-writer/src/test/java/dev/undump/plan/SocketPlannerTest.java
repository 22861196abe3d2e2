// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointBuilder;
import dev.undump.checkpoint.CheckpointSamples;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.SocketAddress;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketSamples;
import dev.undump.checkpoint.SocketState;
import dev.undump.nativestub.ImageLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SocketPlannerTest {

    private static final int O_RDWR = 2;
    private static final int O_NONBLOCK = 04000;
    private static final SocketAddress LOCAL = SocketSamples.inet(8080, 127, 0, 0, 1);

    @TempDir
    private Path folder;

    private final CheckpointBuilder builder = new CheckpointBuilder();
    private final DataArea data = new DataArea();
    private LaunchPolicies policies = LaunchPolicies.NONE;
    private int sockets;

    @Test
    void listening_getsOptionsAndNameBeforeItListens() throws Exception {
        add(
                SocketSamples.tcp(
                        SocketKind.LISTENING, LOCAL, 7, SocketSamples.option("SO_REUSEADDR", 1, 2, false, 1, 0, 0, 0)),
                new byte[0],
                3,
                5);
        List<FileOp> steps = plan();
        assertThat(kinds(steps))
                .containsExactly("SOCKET 3", "SOCKET_OPTION 3", "SOCKET_BIND 3", "DUPLICATE 5", "SOCKET_LISTEN 3");
        assertThat(numbers(steps.get(0))).containsExactly(2L, 1L, 6L, 0L);
        assertThat(steps.get(0).openFlags()).isEqualTo(O_RDWR | O_NONBLOCK);
        assertThat(steps.get(1).path()).isEqualTo(NativeText.copyOf(new byte[] {1, 0, 0, 0}));
        assertThat(steps.get(1).offset()).isEqualTo(4);
        assertThat(steps.get(2).path()).isEqualTo(LOCAL.bytes());
        assertThat(steps.get(2).values().get(3)).isEqualTo(new PlanOffset.Text(NativeText.of("127.0.0.1:8080")));
        assertThat(numbers(steps.get(4)).get(0)).isEqualTo(7);
    }

    @Test
    void bound_severalSockets_listenWhenAllHaveNames() throws Exception {
        add(SocketSamples.tcp(SocketKind.LISTENING, LOCAL, 7), new byte[0], 3);
        add(SocketSamples.tcp(SocketKind.OPEN, LOCAL, 0), new byte[0], 4);
        assertThat(kinds(plan()))
                .containsExactly("SOCKET 3", "SOCKET_BIND 3", "SOCKET 4", "SOCKET_BIND 4", "SOCKET_LISTEN 3");
    }

    @Test
    void detail_isOptional() throws Exception {
        add(
                SocketSamples.tcp(
                        SocketKind.OPEN, SocketAddress.NONE, 0, SocketSamples.option("TCP_CONGESTION", 6, 13, true, 'x')),
                new byte[0],
                3);
        FileOp option = plan().get(1);
        assertThat(option.values().get(3)).isEqualTo(FileOp.number(ImageLayout.OPTION_DETAIL));
        assertThat(option.values().get(2)).isEqualTo(new PlanOffset.Text(NativeText.of("TCP_CONGESTION")));
    }

    @Test
    void datagrams_connected_mayUseAnyAddress() throws Exception {
        add(SocketSamples.udp(LOCAL, SocketSamples.inet(53, 10, 0, 0, 1)), new byte[0], 3);
        List<FileOp> steps = plan();
        assertThat(kinds(steps)).containsExactly("SOCKET 3", "SOCKET_BIND 3", "SOCKET_CONNECT 3");
        assertThat(numbers(steps.get(1)).get(0)).isEqualTo(ImageLayout.BIND_ANY_ADDRESS);
    }

    @Test
    void unixNames_keepModeAndSayWhenTheyAreAutomatic() throws Exception {
        add(unix(SocketKind.LISTENING, 1, SocketSamples.unix("/run/x")), new byte[0], 3);
        add(unix(SocketKind.OPEN, 2, SocketSamples.unix("\0" + "000a1")), new byte[0], 4);
        List<FileOp> binds =
                plan().stream().filter(op -> op.kind() == FileOp.Kind.SOCKET_BIND).toList();
        assertThat(numbers(binds.get(0)).subList(0, 3)).containsExactly(0L, -1L, 0140640L);
        assertThat(numbers(binds.get(1)).get(0)).isEqualTo(ImageLayout.BIND_AUTOMATIC);
    }

    @Test
    void attachSocketOfHotSpot_isNamedByTheLaunch() throws Exception {
        int pid = PlanSamples.read(new CheckpointBuilder(), folder).process().ids().ownPid();
        long own = ImageLayout.BIND_OWN_PID;
        List<FileOp> steps = List.of(
                bindOf("/tmp/.java_pid" + pid + ".tmp", 0),
                bindOf("/tmp/.java_pid" + pid + ".tmp\0", 0),
                bindOf("/tmp/.java_pid" + pid, AttachSocket.FILE_MODE),
                bindOf("/tmp/.java_pid" + pid + "\0", AttachSocket.FILE_MODE),
                bindOf("/tmp/.java_pid" + pid + ".tmp", AttachSocket.FILE_MODE),
                bindOf("/tmp/.java_pid" + pid, 0),
                bindOf("/tmp/.java_pid" + pid, 0140666),
                bindOf("/tmp/.java_pid1" + pid, AttachSocket.FILE_MODE),
                bindOf("/tmp/.java_pid1" + pid + ".tmp", 0),
                bindOf("/tmp/java_pid" + pid + ".tmp", 0));
        assertThat(steps.stream().map(op -> numbers(op).get(0)))
                .startsWith(own, own, own, own)
                .endsWith(0L, 0L, 0L, 0L, 0L, 0L);
        for (FileOp step : steps.subList(0, 4)) {
            assertThat(step.path()).isEqualTo(SocketSamples.unix("/tmp/.java_pid").bytes());
            assertThat(step.offset()).isEqualTo(step.path().length());
            assertThat(numbers(step).subList(1, 3)).containsExactly(0L, 0140600L);
        }
    }

    private FileOp bindOf(String name, int fileMode) throws Exception {
        SocketState some = unix(SocketKind.LISTENING, 1, SocketSamples.unix(name));
        SocketState socket = SocketSamples.withFileMode(some, fileMode);
        CheckpointBuilder single = new CheckpointBuilder().socket(socket, new byte[0]);
        single.openFile(SocketSamples.file(0, O_RDWR)).descriptor(new Descriptor(3, 0, false));
        return plan(single).stream().filter(op -> op.kind() == FileOp.Kind.SOCKET_BIND).findFirst().orElseThrow();
    }

    @Test
    void pair_isMadeOnceAndFilledFromTheOtherEnd() throws Exception {
        add(SocketSamples.unix(SocketKind.PAIRED, 1, 0, 1, 1, SocketAddress.NONE, 0), new byte[7], 6);
        add(SocketSamples.unix(SocketKind.PAIRED, 1, 0, 2, 0, SocketAddress.NONE, 0), new byte[0], 8);
        List<FileOp> steps = plan();
        assertThat(kinds(steps))
                .containsExactly("SOCKET_PAIR 6", "SOCKET_END 8", "SOCKET_DATA 8", "SOCKET_SHUTDOWN 6", "SOCKET_SHUTDOWN 8");
        assertThat(numbers(steps.get(0))).containsExactly(8L, 0L, 0L, 1L);
        assertThat(steps.get(2).values())
                .containsExactly(FileOp.number(0), new PlanOffset.InData(0), FileOp.number(7), PlanOffset.ZERO);
        assertThat(data.pieces()).hasSize(1);
    }

    @Test
    void orphan_isAPairWithAClosedEndAndWhatWaits() throws Exception {
        add(
                SocketSamples.unix(SocketKind.ORPHANED, SocketState.PACKETS, 1, 3, 0, SocketAddress.NONE, 2),
                SocketSamples.packets(3, 4),
                4);
        List<FileOp> steps = plan();
        assertThat(kinds(steps)).containsExactly("SOCKET_PAIR 4");
        assertThat(steps.get(0).offset()).isEqualTo(2);
        assertThat(steps.get(0).values())
                .containsExactly(
                        FileOp.number(-1),
                        new PlanOffset.InData(0),
                        FileOp.number(15),
                        FileOp.number(SocketState.PACKETS | ImageLayout.PAIR_ERROR));
    }

    @Test
    void dead_isResetAndTakesWhatOptionsItCan() throws Exception {
        add(
                SocketSamples.tcp(
                        SocketKind.RESET, SocketAddress.NONE, 0, SocketSamples.option("SO_KEEPALIVE", 1, 9, false, 1, 0, 0, 0)),
                new byte[0],
                4);
        List<FileOp> steps = plan();
        assertThat(kinds(steps)).containsExactly("SOCKET_RESET 4", "SOCKET_OPTION 4");
        assertThat(numbers(steps.get(0)).subList(0, 2)).containsExactly(2L, 0L);
        assertThat(steps.get(1).values().get(3)).isEqualTo(FileOp.number(ImageLayout.OPTION_UNUSED));
    }

    @Test
    void watches_comeWhenSocketsAreComplete() throws Exception {
        add(SocketSamples.tcp(SocketKind.LISTENING, LOCAL, 7), new byte[0], 3);
        builder.openFile(CheckpointSamples.openFile(FileKind.EPOLL, "anon_inode:[eventpoll]"))
                .descriptor(new Descriptor(4, 1, false))
                .epollItem(new EpollItem(1, 3, 1, 5));
        assertThat(kinds(plan()))
                .containsExactly("EPOLL 4", "SOCKET 3", "SOCKET_BIND 3", "SOCKET_LISTEN 3", "EPOLL_ADD 4");
    }

    @Test
    void portMap_changesThatPortOnly() throws Exception {
        policies = policies.withPorts(Map.of(8080, 9090));
        add(SocketSamples.tcp(SocketKind.LISTENING, LOCAL, 7), new byte[0], 3);
        add(SocketSamples.tcp(SocketKind.LISTENING, SocketSamples.inet6(8080, 1), 7), new byte[0], 4);
        add(SocketSamples.udp(SocketSamples.inet(53, 10, 0, 0, 1), SocketSamples.inet(8080, 10, 0, 0, 2)), new byte[0], 5);
        List<FileOp> steps = plan();
        assertThat(steps)
                .filteredOn(op -> op.kind() == FileOp.Kind.SOCKET_BIND)
                .extracting(op -> new SocketAddress(op.path()).toString())
                .containsExactly("127.0.0.1:9090", "[::1]:9090", "10.0.0.1:53");
        assertThat(steps)
                .filteredOn(op -> op.kind() == FileOp.Kind.SOCKET_LISTEN)
                .extracting(op -> op.values().get(1))
                .contains(new PlanOffset.Text(NativeText.of("127.0.0.1:9090")));
        assertThat(steps)
                .filteredOn(op -> op.kind() == FileOp.Kind.SOCKET_CONNECT)
                .extracting(op -> new SocketAddress(op.path()).port())
                .containsExactly(8080);
    }

    @Test
    void portMap_ofAPortThatNobodyHas_isRefused() {
        policies = policies.withPorts(Map.of(8081, 9090));
        add(SocketSamples.tcp(SocketKind.LISTENING, LOCAL, 7), new byte[0], 3);
        assertThatThrownBy(this::plan)
                .isInstanceOf(PlanException.class)
                .hasMessageContaining("--port-map 8081=9090")
                .hasMessageContaining("undump inspect");
    }

    @Test
    void pair_whoseOtherEndHasNoDescriptor_isRefused() {
        add(SocketSamples.unix(SocketKind.PAIRED, 1, 0, 0, 1, SocketAddress.NONE, 0), new byte[0], 3);
        add(SocketSamples.unix(SocketKind.PAIRED, 1, 0, 0, 0, SocketAddress.NONE, 0), new byte[0]);
        assertThatThrownBy(this::plan).isInstanceOf(PlanException.class).hasMessageContaining("descriptor 3");
    }

    private static SocketState unix(SocketKind kind, int type, SocketAddress local) {
        return SocketSamples.unix(kind, type, 0, 0, 0, local, 0);
    }

    private void add(SocketState socket, byte[] content, int... descriptors) {
        builder.socket(socket, content).openFile(SocketSamples.file(sockets, O_RDWR | O_NONBLOCK));
        for (int fd : descriptors) {
            builder.descriptor(new Descriptor(fd, sockets, false));
        }
        sockets++;
    }

    private List<FileOp> plan() throws Exception {
        return plan(builder);
    }

    private List<FileOp> plan(CheckpointBuilder builder) throws Exception {
        Checkpoint checkpoint = PlanSamples.read(builder, folder);
        OpenFiles openFiles = new OpenFiles(checkpoint, policies);
        MemoryFilePlanner memoryFiles = MemoryFilePlanner.plan(checkpoint, data, openFiles);
        return new FilePlanner(checkpoint, data, openFiles, memoryFiles, policies)
                .plan().stream().filter(op -> op.kind() != FileOp.Kind.CLOSE).toList();
    }

    private static List<String> kinds(List<FileOp> steps) {
        return steps.stream().map(op -> op.kind() + " " + op.fd()).toList();
    }

    private static List<Long> numbers(FileOp step) {
        return step.values().stream()
                .map(value -> value instanceof PlanOffset.Plain number ? number.value() : -1L)
                .toList();
    }
}
