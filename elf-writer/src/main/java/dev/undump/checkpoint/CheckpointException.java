// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.io.IOException;
import java.nio.file.Path;

/** A file cannot be used as a checkpoint. The message is complete: what was done, found, expected, and what to try. */
public final class CheckpointException extends IOException {

    private static final long serialVersionUID = 1;

    /** Why. */
    public enum Kind {
        /** Something else than a checkpoint. */
        NOT_A_CHECKPOINT,
        /** Written by a release that is older than the oldest that can be read. */
        TOO_OLD,
        /** Written by a newer release. */
        TOO_NEW,
        /** The file ends too early. */
        TRUNCATED,
        /** A checksum or a number in it is wrong. */
        DAMAGED,
        /** The system does not let us read it. */
        UNREADABLE
    }

    private final transient Path path;
    private final long offset;
    private final Kind kind;

    CheckpointException(Kind kind, Path path, long offset, String message, Throwable cause) {
        super(message, cause);
        this.kind = kind;
        this.path = path;
        this.offset = offset;
    }

    /** Returns the file. */
    public Path path() {
        return path;
    }

    /** Returns the byte of the file at which the fault is, or 0 when it has no place. */
    public long offset() {
        return offset;
    }

    /** Returns why. */
    public Kind kind() {
        return kind;
    }
}
