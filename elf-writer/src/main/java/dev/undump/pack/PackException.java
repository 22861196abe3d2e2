// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.io.IOException;
import java.nio.file.Path;

/** A file cannot be packed or unpacked. The message is complete: what was done, found, expected, and what to try. */
public final class PackException extends IOException {

    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Kind {
        /** Something else than a packed file. */
        NOT_PACKED,
        /** To be packed, and packed already. */
        PACKED_ALREADY,
        /** Written by a release that is older than the oldest that can be read. */
        TOO_OLD,
        /** Written by a newer release. */
        TOO_NEW,
        /** The file ends too early. */
        TRUNCATED,
        /** A checksum or a number in it is wrong. */
        DAMAGED,
        /** It was written to while it was being packed. */
        CHANGED
    }

    private final transient Path path;
    private final Kind kind;

    PackException(Kind kind, Path path, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.path = path;
    }

    /** Returns the file. */
    public Path path() {
        return path;
    }

    /** Returns why. */
    public Kind kind() {
        return kind;
    }
}
