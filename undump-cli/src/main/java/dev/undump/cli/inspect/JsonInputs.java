// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.NativeText;
import dev.undump.plan.FallbackCommand;
import java.io.IOException;
import java.util.HexFormat;

/** Files whose state the program has seen, as JSON. */
final class JsonInputs {

    private JsonInputs() {}

    static void write(Subject subject, JsonGenerator json) throws IOException {
        json.writeArrayFieldStart("inputs");
        for (SeenFile file : SeenFile.of(subject)) {
            json.writeStartObject();
            json.writeStringField("kind", file.kind().label());
            json.writeStringField("path", file.path().toString());
            if (file.kind() != InputKind.MISSING) {
                json.writeStringField("mode", Integer.toOctalString(file.stamp().mode()));
                json.writeNumberField("size_bytes", file.stamp().sizeBytes());
                json.writeNumberField("inode", file.stamp().inode());
                json.writeNumberField("mtime_ns", file.stamp().mtimeNs());
                json.writeNumberField("ctime_ns", file.stamp().ctimeNs());
            }
            if (!file.target().isEmpty()) {
                json.writeStringField("target", file.target().toString());
            }
            boolean hasContents = file.kind() != InputKind.MISSING && file.kind() != InputKind.STATUS;
            if (file.digest().isPresent() && hasContents) {
                json.writeStringField(
                        "sha256", HexFormat.of().formatHex(file.digest().get().toArray()));
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    static void write(FallbackCommand command, JsonGenerator json) throws IOException {
        json.writeObjectFieldStart("fallback");
        json.writeStringField("program", command.program().toString());
        json.writeArrayFieldStart("arguments");
        for (NativeText argument : command.arguments()) {
            json.writeString(argument.toString());
        }
        json.writeEndArray();
        json.writeBooleanField("takes_arguments_of_launch", command.takesArguments());
        json.writeEndObject();
    }
}
