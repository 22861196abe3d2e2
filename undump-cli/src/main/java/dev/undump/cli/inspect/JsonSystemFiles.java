// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Segment;
import dev.undump.checkpoint.Semaphore;
import dev.undump.checkpoint.Terminal;
import java.io.IOException;

/** What the system keeps and the program used, as JSON: terminals, System V shared memory and semaphores. */
final class JsonSystemFiles {

    private JsonSystemFiles() {}

    static void write(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("terminals");
        for (Terminal terminal : checkpoint.terminals()) {
            terminal(terminal, json);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("segments");
        for (Segment segment : checkpoint.segments()) {
            segment(segment, json);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("semaphores");
        for (Semaphore semaphore : checkpoint.semaphores()) {
            semaphore(semaphore, json);
        }
        json.writeEndArray();
    }

    private static void terminal(Terminal terminal, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("open_file", terminal.openFile());
        json.writeBooleanField("controlling", terminal.isControlling());
        json.writeBooleanField("foreground", terminal.isForeground());
        json.writeStringField("input_flags", flags(terminal.inputFlags()));
        json.writeStringField("output_flags", flags(terminal.outputFlags()));
        json.writeStringField("control_flags", flags(terminal.controlFlags()));
        json.writeStringField("local_flags", flags(terminal.localFlags()));
        json.writeNumberField("line_discipline", terminal.line());
        json.writeStringField("characters", terminal.characters().toString());
        json.writeArrayFieldStart("modes_off");
        for (String mode : TerminalText.modesOff(terminal)) {
            json.writeString(mode);
        }
        json.writeEndArray();
        json.writeNumberField("rows", terminal.rows());
        json.writeNumberField("columns", terminal.columns());
        json.writeStringField(
                "device_number",
                Integer.toUnsignedString(terminal.deviceMajor()) + ":" + Integer.toUnsignedString(terminal.deviceMinor()));
        json.writeEndObject();
    }

    private static void segment(Segment segment, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("memory_file", segment.memoryFile());
        json.writeNumberField("id", segment.id());
        json.writeStringField("key", SystemVText.key(segment.key()));
        json.writeStringField("mode", SystemVText.mode(segment));
        json.writeNumberField("uid", Integer.toUnsignedLong(segment.uid()));
        json.writeNumberField("gid", Integer.toUnsignedLong(segment.gid()));
        json.writeNumberField("creator_uid", Integer.toUnsignedLong(segment.creatorUid()));
        json.writeNumberField("creator_gid", Integer.toUnsignedLong(segment.creatorGid()));
        json.writeNumberField("size_bytes", segment.sizeBytes());
        json.writeNumberField("changed_s", segment.changedS());
        json.writeBooleanField("destroyed", segment.isDestroyed());
        json.writeEndObject();
    }

    private static void semaphore(Semaphore semaphore, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeNumberField("set", semaphore.set());
        json.writeStringField("key", SystemVText.key(semaphore.key()));
        json.writeNumberField("count", semaphore.count());
        json.writeNumberField("creator_uid", Integer.toUnsignedLong(semaphore.creatorUid()));
        json.writeNumberField("number", semaphore.number());
        json.writeNumberField("adjustment", semaphore.adjustment());
        json.writeEndObject();
    }

    private static String flags(int flags) {
        return JsonReport.hex(Integer.toUnsignedLong(flags));
    }
}
