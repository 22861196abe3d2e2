// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import static dev.undump.plan.FileOp.number;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.SocketAddress;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketOption;
import dev.undump.checkpoint.SocketState;
import dev.undump.nativestub.ImageLayout;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Plans sockets: each is made with its options and its name; listening and connecting come when all have their names, since a
 * name may be shared by sockets of which none listens yet.
 */
final class SocketPlanner {

    /** A socket at its lowest descriptor. */
    private record Place(SocketState socket, OpenFile file, Descriptor descriptor) {
        int fd() {
            return descriptor.fd();
        }

        int flags() {
            return file.openFlags() & OpenFiles.REOPEN_FLAGS;
        }
    }

    private final Checkpoint checkpoint;
    private final DataArea data;
    private final Map<Integer, Integer> ports;
    private final Set<Integer> unusedPorts;
    /** Then the other end of a pair may have no descriptor any more, and counts as closed. */
    private final boolean hasPolicies;
    private final Map<Integer, Place> places = new HashMap<>();
    private final List<FileOp> creations = new ArrayList<>();
    private final List<FileOp> connections = new ArrayList<>();

    /**
     * @param ports which port a socket gets instead of its own, 0 for any
     */
    SocketPlanner(Checkpoint checkpoint, OpenFiles openFiles, DataArea data, Map<Integer, Integer> ports) {
        this.checkpoint = checkpoint;
        this.data = data;
        this.ports = ports;
        this.hasPolicies = !openFiles.policies().isEmpty();
        this.unusedPorts = new HashSet<>(ports.keySet());
        openFiles.byIndex().forEach((index, descriptors) -> {
            OpenFile file = checkpoint.openFiles().get(index);
            if (file.kind() == FileKind.SOCKET) {
                SocketState socket = checkpoint.sockets().get(file.object());
                places.put(file.object(), new Place(socket, file, descriptors.get(0)));
            }
        });
    }

    /** Plans the socket of an open file; of a pair, both ends with the first. */
    void plan(OpenFile file) throws PlanException {
        Place place = places.get(file.object());
        switch (place.socket().kind()) {
            case PAIRED -> pair(place, file.object());
            case ORPHANED -> orphan(place);
            case RESET -> {
                creations.add(FileOp.of(
                        FileOp.Kind.SOCKET_RESET,
                        place.fd(),
                        place.flags(),
                        place.descriptor().closeOnExec(),
                        number(place.socket().family()),
                        number(place.socket().hasError() ? 1 : 0)));
                options(place);
            }
            case OPEN, LISTENING, CONNECTED -> single(place);
        }
    }

    /** Returns the steps that make sockets. */
    List<FileOp> creations() {
        return creations;
    }

    /** Returns the steps for when all sockets have their names. */
    List<FileOp> connections() {
        return connections;
    }

    /** Refuses a wish for a port that no socket has. */
    void refuseUnusedPorts() throws PlanException {
        if (!unusedPorts.isEmpty()) {
            int port = unusedPorts.stream().sorted().findFirst().orElseThrow();
            throw new PlanException("--port-map " + port + "=" + ports.get(port) + ": no socket of the program is bound to port "
                    + port + "; \"undump inspect\" lists them");
        }
    }

    private void single(Place place) {
        SocketState socket = place.socket();
        creations.add(FileOp.of(
                FileOp.Kind.SOCKET,
                place.fd(),
                place.flags(),
                place.descriptor().closeOnExec(),
                number(socket.family()),
                number(socket.type()),
                number(socket.protocol())));
        options(place);
        SocketAddress local = bind(place);
        if (socket.kind() == SocketKind.LISTENING) {
            connections.add(FileOp.of(
                    FileOp.Kind.SOCKET_LISTEN, place.fd(), 0, false, number(socket.backlog()), words(local)));
        }
        if (socket.kind() == SocketKind.CONNECTED) {
            connections.add(withAddress(
                    FileOp.of(FileOp.Kind.SOCKET_CONNECT, place.fd(), 0, false, words(socket.remote())), socket.remote()));
        }
        shutdown(place, connections);
    }

    /** Plans both ends when the end with the lower index comes. */
    private void pair(Place first, int index) throws PlanException {
        SocketState socket = first.socket();
        Place second = places.get(socket.peer());
        if (second == null && hasPolicies) {
            orphan(first);
            return;
        }
        if (second == null) {
            throw new PlanException("descriptor " + first.fd() + " is one end of a pair of sockets whose other end has no descriptor");
        }
        if (index > socket.peer()) {
            return;
        }
        creations.add(FileOp.of(
                FileOp.Kind.SOCKET_PAIR,
                first.fd(),
                first.flags(),
                first.descriptor().closeOnExec(),
                number(second.fd()),
                PlanOffset.ZERO,
                PlanOffset.ZERO,
                number(socket.type())));
        creations.add(FileOp.of(
                FileOp.Kind.SOCKET_END,
                second.fd(),
                second.flags(),
                second.descriptor().closeOnExec()));
        waiting(first, second);
        waiting(second, first);
        for (Place end : List.of(first, second)) {
            options(end);
            bindDatagrams(end);
        }
        shutdown(first, creations);
        shutdown(second, creations);
    }

    /** What an end has not received yet is sent again by the other one. */
    private void waiting(Place receiver, Place sender) {
        SocketState socket = receiver.socket();
        if (socket.dataSize() > 0) {
            creations.add(FileOp.of(
                    FileOp.Kind.SOCKET_DATA,
                    sender.fd(),
                    0,
                    false,
                    number(socket.packetCount()),
                    stored(socket),
                    number(socket.dataSize())));
        }
    }

    private void orphan(Place place) {
        SocketState socket = place.socket();
        boolean error = socket.hasError() && socket.type() != SocketState.DATAGRAM;
        creations.add(FileOp.of(
                        FileOp.Kind.SOCKET_PAIR,
                        place.fd(),
                        place.flags(),
                        place.descriptor().closeOnExec(),
                        number(-1),
                        stored(socket),
                        number(socket.dataSize()),
                        number(socket.type() | (error ? ImageLayout.PAIR_ERROR : 0)))
                .withOffset(socket.packetCount()));
        options(place);
        bindDatagrams(place);
    }

    /** The names of connected streams were those of the connection; a pair has none. */
    private void bindDatagrams(Place place) {
        if (place.socket().type() == SocketState.DATAGRAM) {
            bind(place);
        }
    }

    private PlanOffset stored(SocketState socket) {
        return socket.dataSize() == 0
                ? PlanOffset.ZERO
                : new PlanOffset.InData(data.append(socket.dataOffset(), socket.dataSize()));
    }

    /** A connection that is dead takes the options that it still can. */
    private void options(Place place) {
        for (SocketOption option : place.socket().options()) {
            if (option.value().length() > 0) {
                creations.add(FileOp.of(
                                FileOp.Kind.SOCKET_OPTION,
                                place.fd(),
                                0,
                                false,
                                number(option.level()),
                                number(option.name()),
                                new PlanOffset.Text(option.label()),
                                number(importance(place, option)))
                        .withPath(NativeText.copyOf(option.value().toArray()))
                        .withOffset(option.value().length()));
            }
        }
    }

    private static int importance(Place place, SocketOption option) {
        if (place.socket().kind() == SocketKind.RESET) {
            return ImageLayout.OPTION_UNUSED;
        }
        return option.detail() ? ImageLayout.OPTION_DETAIL : ImageLayout.OPTION_NEEDED;
    }

    /** Returns the address that the socket gets. */
    private SocketAddress bind(Place place) {
        SocketState socket = place.socket();
        SocketAddress local = mapped(socket.local());
        Optional<SocketAddress> attach = AttachSocket.nameWithoutPid(socket, checkpoint.process().ids().ownPid());
        if (attach.isPresent()) {
            creations.add(withAddress(
                    FileOp.of(
                            FileOp.Kind.SOCKET_BIND,
                            place.fd(),
                            0,
                            false,
                            number(ImageLayout.BIND_OWN_PID),
                            number(0),
                            number(AttachSocket.FILE_MODE),
                            words(local)),
                    attach.get()));
        } else if (!local.isEmpty()) {
            boolean anyAddress = local.isInternet() && socket.kind() == SocketKind.CONNECTED;
            creations.add(withAddress(
                    FileOp.of(
                            FileOp.Kind.SOCKET_BIND,
                            place.fd(),
                            0,
                            false,
                            number((anyAddress ? ImageLayout.BIND_ANY_ADDRESS : 0)
                                    | (local.looksAutomatic() ? ImageLayout.BIND_AUTOMATIC : 0)),
                            new PlanOffset.Text(socket.directory()),
                            number(socket.fileMode()),
                            words(local)),
                    local));
        }
        return local;
    }

    private SocketAddress mapped(SocketAddress local) {
        if (!local.isInternet() || !ports.containsKey(local.port())) {
            return local;
        }
        unusedPorts.remove(local.port());
        return local.withPort(ports.get(local.port()));
    }

    private static void shutdown(Place place, List<FileOp> steps) {
        if (place.socket().shutdown() != 0) {
            steps.add(FileOp.of(
                    FileOp.Kind.SOCKET_SHUTDOWN,
                    place.fd(),
                    0,
                    false,
                    number(place.socket().shutdown())));
        }
    }

    private static FileOp withAddress(FileOp step, SocketAddress address) {
        return step.withPath(address.bytes()).withOffset(address.bytes().length());
    }

    private static PlanOffset words(SocketAddress address) {
        return new PlanOffset.Text(NativeText.of(address.toString()));
    }
}
