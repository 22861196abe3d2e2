// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.EpollItem;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.FileLock;
import dev.undump.checkpoint.FileOwner;
import dev.undump.checkpoint.MemoryFile;
import dev.undump.checkpoint.OpenFile;
import dev.undump.checkpoint.PipeState;
import dev.undump.checkpoint.SocketKind;
import dev.undump.checkpoint.SocketOption;
import dev.undump.checkpoint.SocketState;
import dev.undump.checkpoint.Watch;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.util.Map;

/** Descriptors, open files, pipes and epoll items as JSON. */
final class JsonFiles {

    private static final Map<Integer, String> LOCK_KINDS = Map.of(
            CheckpointLayout.LOCK_FLOCK, "flock",
            CheckpointLayout.LOCK_PROCESS, "process",
            CheckpointLayout.LOCK_DESCRIPTION, "description");

    private static final Map<Integer, String> OWNER_KINDS = Map.of(
            CheckpointLayout.OWNER_THREAD, "thread",
            CheckpointLayout.OWNER_PROCESS, "process",
            CheckpointLayout.OWNER_GROUP, "group",
            CheckpointLayout.OWNER_NOBODY, "nobody");

    private JsonFiles() {}

    static void write(Subject subject, JsonGenerator json) throws IOException {
        Checkpoint checkpoint = subject.checkpoint();
        LaunchActions actions = LaunchActions.of(subject);
        json.writeArrayFieldStart("descriptors");
        for (Descriptor descriptor : checkpoint.descriptors()) {
            json.writeStartObject();
            json.writeNumberField("fd", descriptor.fd());
            json.writeNumberField("open_file", descriptor.openFile());
            json.writeBooleanField("close_on_exec", descriptor.closeOnExec());
            json.writeStringField("kind", DescriptorText.kind(checkpoint.openFile(descriptor)));
            json.writeStringField("path", checkpoint.openFile(descriptor).path().toString());
            json.writeStringField("at_launch", actions.of(descriptor.fd()));
            json.writeEndObject();
        }
        json.writeEndArray();
        if (actions.refusal().isPresent()) {
            json.writeStringField("refusal", actions.refusal().get());
        }
        json.writeArrayFieldStart("open_files");
        for (OpenFile file : checkpoint.openFiles()) {
            openFile(file, json);
        }
        json.writeEndArray();
        pipes(checkpoint, json);
        memoryFiles(checkpoint, json);
        sockets(checkpoint, json);
        epollItems(checkpoint, json);
        watches(checkpoint, json);
        fileLocks(checkpoint, json);
        fileOwners(checkpoint, json);
    }

    private static void openFile(OpenFile file, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("kind", DescriptorText.kind(file));
        json.writeStringField("path", file.path().toString());
        json.writeStringField("open_flags", JsonReport.hex(Integer.toUnsignedLong(file.openFlags())));
        json.writeStringField("mode", "0" + Integer.toOctalString(file.mode()));
        json.writeNumberField("offset", file.offset());
        json.writeNumberField("size_bytes", file.size());
        json.writeNumberField("mtime_ns", file.mtimeNs());
        json.writeStringField(
                "device", Integer.toUnsignedString(file.deviceMajor()) + ":" + Integer.toUnsignedString(file.deviceMinor()));
        json.writeStringField(
                "device_number", Integer.toUnsignedString(file.rdevMajor()) + ":" + Integer.toUnsignedString(file.rdevMinor()));
        json.writeNumberField("inode", file.inode());
        json.writeBooleanField("inherited", file.isInherited());
        json.writeBooleanField("outside", file.isOutside());
        json.writeNumberField("stored_bytes", file.dataSize());
        json.writeArrayFieldStart("values");
        for (long value : file.values()) {
            json.writeString(JsonReport.hex(value));
        }
        json.writeEndArray();
        json.writeNumberField("expirations", file.valueExtra());
        json.writeNumberField("pipe", file.kind() == FileKind.PIPE || file.kind() == FileKind.FIFO ? file.object() : 0);
        if (file.kind() == FileKind.MEMFD) {
            json.writeNumberField("memory_file", file.object());
        }
        if (file.kind() == FileKind.SOCKET) {
            json.writeNumberField("socket", file.object());
        }
        json.writeEndObject();
    }

    private static void pipes(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("pipes");
        for (PipeState pipe : checkpoint.pipes()) {
            json.writeStartObject();
            json.writeNumberField("inode", pipe.inode());
            json.writeNumberField("capacity_bytes", pipe.capacity());
            json.writeBooleanField("packets", pipe.packetMode());
            json.writeNumberField("packet_count", pipe.packetCount());
            json.writeNumberField("stored_bytes", pipe.dataSize());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void memoryFiles(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("memory_files");
        for (MemoryFile file : checkpoint.memoryFiles()) {
            json.writeStartObject();
            json.writeStringField("name", file.name().toString());
            json.writeNumberField("inode", file.inode());
            json.writeNumberField("size_bytes", file.sizeBytes());
            json.writeNumberField("stored_bytes", file.storedBytes());
            json.writeStringField("seals", JsonReport.hex(Integer.toUnsignedLong(file.seals())));
            json.writeStringField("mode", "0" + Integer.toOctalString(file.mode()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void sockets(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("sockets");
        for (SocketState socket : checkpoint.sockets()) {
            json.writeStartObject();
            json.writeStringField("protocol", socket.protocolName());
            json.writeStringField("state", SocketText.state(socket));
            json.writeNumberField("inode", socket.inode());
            json.writeStringField("local", socket.local().toString());
            json.writeStringField("remote", socket.remote().toString());
            json.writeNumberField("backlog", socket.backlog());
            json.writeNumberField("shutdown", socket.shutdown());
            if (socket.kind() == SocketKind.PAIRED) {
                json.writeNumberField("other_end", socket.peer());
            }
            json.writeNumberField("stored_bytes", socket.dataSize());
            json.writeNumberField("message_count", socket.packetCount());
            json.writeArrayFieldStart("options");
            for (SocketOption option : socket.options()) {
                json.writeStartObject();
                json.writeStringField("name", option.label().toString());
                json.writeStringField("value", option.value().toString());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void epollItems(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("epoll_items");
        for (EpollItem item : checkpoint.epollItems()) {
            json.writeStartObject();
            json.writeNumberField("open_file", item.openFile());
            json.writeNumberField("fd", item.fd());
            json.writeStringField("events", JsonReport.hex(Integer.toUnsignedLong(item.events())));
            json.writeStringField("data", JsonReport.hex(item.data()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void watches(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("watches");
        for (Watch watch : checkpoint.watches()) {
            json.writeStartObject();
            json.writeNumberField("open_file", watch.openFile());
            json.writeNumberField("number", watch.number());
            json.writeStringField("mask", JsonReport.hex(Integer.toUnsignedLong(watch.mask())));
            json.writeStringField("path", watch.path().toString());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void fileOwners(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("file_owners");
        for (FileOwner owner : checkpoint.fileOwners()) {
            json.writeStartObject();
            json.writeNumberField("open_file", owner.openFile());
            json.writeStringField("kind", OWNER_KINDS.get(owner.kind()));
            if (owner.tid().isPresent()) {
                json.writeNumberField("tid", owner.tid().getAsInt());
            }
            json.writeNumberField("signal", owner.signal());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void fileLocks(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("file_locks");
        for (FileLock lock : checkpoint.fileLocks()) {
            json.writeStartObject();
            json.writeNumberField("open_file", lock.openFile());
            json.writeStringField("kind", LOCK_KINDS.get(lock.kind()));
            json.writeBooleanField("exclusive", lock.exclusive());
            json.writeNumberField("start", lock.start());
            json.writeNumberField("length", lock.length());
            json.writeEndObject();
        }
        json.writeEndArray();
    }
}
