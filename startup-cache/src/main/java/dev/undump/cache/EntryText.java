// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * An entry as JSON. Fields that are not known are passed over, so that a later undump may add some; a change that older ones would
 * misunderstand gets another version.
 */
record EntryText(
        Digest key,
        Digest image,
        long sizeBytes,
        Instant created,
        String command,
        Duration cold,
        String undumpVersion,
        Optional<byte[]> signature) {

    static final int VERSION = 1;

    private static final JsonFactory JSON = JsonFactory.builder().build();

    /** The text is whole, but of another version. */
    static final class OtherVersion extends IOException {
        private static final long serialVersionUID = 1;

        private final transient Optional<Digest> image;

        OtherVersion(String version, Optional<Digest> image) {
            super("it is of version " + version + ", this undump knows " + VERSION);
            this.image = image;
        }

        /** Returns which image it is about, as far as that can be told. */
        Optional<Digest> image() {
            return image;
        }
    }

    Entry entry(Instant lastUsed) {
        return new Entry(key, image, sizeBytes, created, lastUsed, command, cold, signature);
    }

    byte[] write() throws IOException {
        ByteArrayOutputStream text = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("version", VERSION);
            json.writeStringField("key", key.hex());
            json.writeStringField("image", image.hex());
            json.writeNumberField("size_bytes", sizeBytes);
            json.writeStringField("created", created.toString());
            json.writeStringField("command", command);
            json.writeNumberField("cold_milliseconds", cold.toMillis());
            json.writeStringField("undump", undumpVersion);
            if (signature.isPresent()) {
                json.writeStringField("signature", Base64.getEncoder().encodeToString(signature.get()));
            }
            json.writeEndObject();
        }
        text.write('\n');
        return text.toByteArray();
    }

    /**
     * Reads what {@link #write} wrote.
     *
     * @throws IOException if it is damaged
     * @throws OtherVersion if it is whole and of another version
     */
    static EntryText read(byte[] text) throws IOException {
        Map<String, String> fields = fields(text);
        String version = needed(fields, "version");
        if (!version.equals(Integer.toString(VERSION))) {
            throw new OtherVersion(
                    version, Optional.ofNullable(fields.get("image")).filter(Digest::isDigest).map(Digest::new));
        }
        try {
            return new EntryText(
                    new Digest(needed(fields, "key")),
                    new Digest(needed(fields, "image")),
                    Long.parseLong(needed(fields, "size_bytes")),
                    Instant.parse(needed(fields, "created")),
                    needed(fields, "command"),
                    Duration.ofMillis(Long.parseLong(needed(fields, "cold_milliseconds"))),
                    needed(fields, "undump"),
                    Optional.ofNullable(fields.get("signature")).map(Base64.getDecoder()::decode));
        } catch (IllegalArgumentException | DateTimeException e) {
            throw new IOException("it is damaged: " + e.getMessage(), e);
        }
    }

    private static Map<String, String> fields(byte[] text) throws IOException {
        Map<String, String> fields = new HashMap<>();
        try (JsonParser json = JSON.createParser(text)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("it is damaged: no JSON object");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                JsonToken value = json.nextToken();
                if (value.isScalarValue()) {
                    fields.put(name, json.getText());
                } else {
                    json.skipChildren();
                }
            }
            if (json.currentToken() != JsonToken.END_OBJECT) {
                throw new IOException("it is damaged: the JSON object does not end");
            }
        }
        return fields;
    }

    private static String needed(Map<String, String> fields, String name) throws IOException {
        String value = fields.get(name);
        if (value == null) {
            throw new IOException("it is damaged: no field " + name);
        }
        return value;
    }
}
