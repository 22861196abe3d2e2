// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.AuxiliaryEntry;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.util.Locale;

/** Mappings with their extents, totals and the auxiliary vector as JSON. */
final class JsonMemory {

    private JsonMemory() {}

    static void write(Checkpoint checkpoint, JsonGenerator json) throws IOException {
        MemoryTotals totals = MemoryTotals.of(checkpoint);
        json.writeObjectFieldStart("memory");
        json.writeNumberField("mapped_bytes", totals.mappedBytes());
        json.writeNumberField("resident_private_bytes", totals.residentBytes());
        json.writeNumberField("stored_bytes", totals.storedBytes());
        json.writeNumberField("zero_bytes", totals.zeroBytes());
        json.writeEndObject();
        json.writeArrayFieldStart("mappings");
        for (Mapping mapping : checkpoint.mappings()) {
            mapping(mapping, json);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("auxiliary_vector");
        for (AuxiliaryEntry entry : checkpoint.auxv()) {
            json.writeStartObject();
            json.writeNumberField("type", entry.type());
            json.writeStringField("value", JsonReport.hex(entry.value()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void mapping(Mapping mapping, JsonGenerator json) throws IOException {
        json.writeStartObject();
        json.writeStringField("start", JsonReport.hex(mapping.range().start()));
        json.writeStringField("end", JsonReport.hex(mapping.range().end()));
        json.writeNumberField("size_bytes", mapping.range().lengthBytes());
        json.writeNumberField("stored_bytes", mapping.storedBytes());
        json.writeStringField("protection", MemoryText.protection(mapping));
        json.writeStringField("kind", mapping.kind().name().toLowerCase(Locale.ROOT));
        json.writeStringField("name", mapping.name().toString());
        json.writeArrayFieldStart("flags");
        for (String flag : MemoryText.flags(mapping)) {
            json.writeString(flag);
        }
        json.writeEndArray();
        json.writeBooleanField("heap", mapping.isHeap());
        json.writeBooleanField("stack", mapping.isStack());
        json.writeNumberField("share_id", mapping.shareId());
        json.writeNumberField("file_offset", mapping.fileOffset());
        json.writeNumberField("file_size_bytes", mapping.fileSize());
        json.writeNumberField("file_mtime_ns", mapping.fileMtimeNs());
        json.writeStringField("device", Integer.toUnsignedString(mapping.deviceMajor()) + ":"
                + Integer.toUnsignedString(mapping.deviceMinor()));
        json.writeNumberField("inode", mapping.inode());
        json.writeArrayFieldStart("extents");
        for (Extent extent : mapping.extents()) {
            json.writeStartObject();
            json.writeStringField("address", JsonReport.hex(extent.address()));
            json.writeNumberField("size_bytes", extent.lengthBytes());
            json.writeStringField("kind", extent.kind().name().toLowerCase(Locale.ROOT));
            json.writeNumberField("checkpoint_offset", extent.fileOffset());
            json.writeStringField("crc32c", JsonReport.hex(Integer.toUnsignedLong(extent.crc())));
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }
}
