// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.signature;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The objects of a PEM file (RFC 7468) in their order; text between them is passed over.
 *
 * @param path the file, for messages
 * @param objects at least one
 */
public record PemFile(Path path, List<PemObject> objects) {

    private static final long LIMIT_BYTES = 1 << 20;
    private static final Pattern OBJECT =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s+([A-Za-z0-9+/=\\s]+?)\\s*-----END \\1-----");

    /** What stands between a BEGIN and an END line: its label, such as "PUBLIC KEY", and the DER bytes. */
    @SuppressWarnings("ArrayRecordComponent")
    public record PemObject(String label, byte[] der) {}

    /** Copies the list. */
    public PemFile {
        objects = List.copyOf(objects);
    }

    /**
     * Reads a file of at most 1 MiB.
     *
     * @throws KeyFileException if it is missing, too long, cannot be read or holds no PEM object
     */
    public static PemFile read(Path path) throws KeyFileException {
        String text = text(path);
        List<PemObject> objects = new ArrayList<>();
        Matcher matcher = OBJECT.matcher(text);
        while (matcher.find()) {
            try {
                objects.add(new PemObject(matcher.group(1), Base64.getMimeDecoder().decode(matcher.group(2))));
            } catch (IllegalArgumentException e) {
                throw new KeyFileException(path, "its " + matcher.group(1) + " is damaged: " + e.getMessage(), e);
            }
        }
        if (objects.isEmpty()) {
            throw new KeyFileException(
                    path,
                    text.contains("-----BEGIN ")
                            ? "what it holds is encrypted or damaged; keys are read without a pass phrase"
                            : "it is no PEM file, which has a line beginning with -----BEGIN",
                    null);
        }
        return new PemFile(path, objects);
    }

    /** Returns the DER bytes of all objects with a label, in their order; possibly none. */
    public List<byte[]> all(String label) {
        return objects.stream().filter(object -> object.label().equals(label)).map(PemObject::der).toList();
    }

    /** A failure that says what the file holds, for callers that did not find what they need. */
    public KeyFileException lacks(String wanted, String advice) {
        String found = String.join(", ", objects.stream().map(PemObject::label).toList());
        return new KeyFileException(path, "it holds " + found + ", expected " + wanted + "; " + advice, null);
    }

    /** A failure about one of its objects. */
    public KeyFileException unusable(String label, Exception cause) {
        return new KeyFileException(path, "its " + label + " cannot be used: " + cause.getMessage(), cause);
    }

    private static String text(Path path) throws KeyFileException {
        try {
            if (Files.size(path) > LIMIT_BYTES) {
                throw new KeyFileException(path, "it is longer than 1 MiB and so no file of keys", null);
            }
            return new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw new KeyFileException(path, "there is no such file", e);
        } catch (AccessDeniedException e) {
            throw new KeyFileException(path, "permission denied", e);
        } catch (KeyFileException e) {
            throw e;
        } catch (IOException e) {
            throw new KeyFileException(path, e.getMessage(), e);
        }
    }
}
