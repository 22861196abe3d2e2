// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.NativeText;
import java.io.ByteArrayOutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * Paths from and to the bytes that the kernel knows, whatever the locale. Java decodes names by the locale, but its URIs of files hold
 * their bytes (sun.nio.fs.UnixUriUtils).
 */
final class NativePaths {

    private static final int HEXADECIMAL = 16;
    private static final String SCHEME = "file:///";

    private NativePaths() {}

    /**
     * Returns the path of an absolute text. A slash at its end, which asks for a directory, would be lost.
     *
     * @throws IllegalArgumentException if it cannot be a path
     */
    static Path path(NativeText text) {
        StringBuilder uri = new StringBuilder(SCHEME.substring(0, SCHEME.length() - 1));
        byte[] bytes = text.bytes();
        for (byte one : bytes) {
            uri.append(one == '/' ? "/" : String.format("%%%02X", one));
        }
        if (bytes.length > 1 && bytes[bytes.length - 1] == '/') {
            uri.append('.');
        }
        return Path.of(URI.create(uri.toString()));
    }

    /** Returns the bytes of a path or of a name. */
    static NativeText text(Path path) {
        // Of a relative one the URI would be that of the absolute one: a root makes it one.
        boolean relative = !path.isAbsolute();
        String raw = (relative ? path.getFileSystem().getPath("/").resolve(path) : path).toUri().getRawPath();
        // Java puts a slash behind what is a directory at the moment.
        boolean added = raw.length() > 1 && raw.endsWith("/") && !path.toString().endsWith("/");
        int end = added ? raw.length() - 1 : raw.length();
        ByteArrayOutputStream bytes = new ByteArrayOutputStream(end);
        for (int at = relative ? 1 : 0; at < end; at++) {
            if (raw.charAt(at) == '%') {
                bytes.write(Integer.parseInt(raw.substring(at + 1, at + 3), HEXADECIMAL));
                at += 2;
            } else {
                bytes.writeBytes(raw.substring(at, at + 1).getBytes(StandardCharsets.US_ASCII));
            }
        }
        return NativeText.copyOf(bytes.toByteArray());
    }
}
