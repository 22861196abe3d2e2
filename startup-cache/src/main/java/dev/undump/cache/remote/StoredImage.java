// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.undump.cache.Digest;
import dev.undump.cache.EntryFacts;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What a remote entry says of the image itself, as the JSON object that both protocols carry.
 *
 * @param key that it was stored under
 * @param image SHA-256 of the uncompressed image
 * @param sizeBytes of the uncompressed image
 * @param facts the rest
 */
record StoredImage(Digest key, Digest image, long sizeBytes, EntryFacts facts) {

    private static final JsonFactory JSON = new JsonFactory();
    private static final int VERSION = 1;

    String toJson() {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeNumberField("undump-remote", VERSION);
            json.writeStringField("key", key.hex());
            json.writeStringField("image", image.hex());
            json.writeNumberField("size", sizeBytes);
            json.writeStringField("command", facts.command());
            json.writeNumberField("cold-ms", facts.cold().toMillis());
            json.writeStringField("undump", facts.undumpVersion());
            if (facts.signature().isPresent()) {
                json.writeStringField(
                        "signature", Base64.getEncoder().encodeToString(facts.signature().get()));
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return text.toString();
    }

    /**
     * Reads what a server gave.
     *
     * @throws IOException if it is not that object or lacks a field; the message says what it is
     */
    static StoredImage parse(String text) throws IOException {
        Map<String, String> values = values(text);
        String version = values.get("undump-remote");
        if (!Integer.toString(VERSION).equals(version)) {
            throw new IOException(
                    version == null ? "it is no entry of undump" : "it is an entry of version " + version + ", this undump reads " + VERSION);
        }
        try {
            Optional<byte[]> signature =
                    Optional.ofNullable(values.get("signature")).map(Base64.getDecoder()::decode);
            long size = Long.parseLong(value(values, "size"));
            if (size < 0) {
                throw new IOException("its size is " + size);
            }
            return new StoredImage(
                    new Digest(value(values, "key")),
                    new Digest(value(values, "image")),
                    size,
                    new EntryFacts(
                            value(values, "command"),
                            Duration.ofMillis(Long.parseLong(value(values, "cold-ms"))),
                            value(values, "undump"),
                            signature));
        } catch (IllegalArgumentException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    private static Map<String, String> values(String text) throws IOException {
        Map<String, String> values = new HashMap<>();
        try (JsonParser json = JSON.createParser(text)) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw new IOException("it is no entry of undump");
            }
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String name = json.currentName();
                if (json.nextToken().isStructStart()) {
                    json.skipChildren();
                } else {
                    values.put(name, json.getText());
                }
            }
        }
        return values;
    }

    private static String value(Map<String, String> values, String name) throws IOException {
        String value = values.get(name);
        if (value == null) {
            throw new IOException("it lacks \"" + name + '"');
        }
        return value;
    }
}
