// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.checkpoint.CheckpointException.Kind;
import dev.undump.nativestub.CheckpointLayout;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Words every refusal of one file in the same way: what was being done to it, what is wrong where, what to try. */
final class Faults {

    private static final String TRY_AGAIN = "capture it again, or copy it again from where it came";

    private final String action;
    private final Path file;

    Faults(String action, Path file) {
        this.action = action;
        this.file = file;
    }

    CheckpointException notACheckpoint(String found) {
        return fault(Kind.NOT_A_CHECKPOINT, 0, found, "give a file that ckpt wrote, by default myckpt.dat", null);
    }

    CheckpointException tooOld(int version) {
        return fault(
                Kind.TOO_OLD,
                CheckpointLayout.Header.VERSION,
                "its format version is " + Integer.toUnsignedString(version) + ", the oldest that this undump reads is "
                        + CheckpointLayout.OLDEST_VERSION,
                "capture it again, or use the undump of that time",
                null);
    }

    CheckpointException tooNew(int version) {
        return fault(
                Kind.TOO_NEW,
                CheckpointLayout.Header.VERSION,
                "its format version is " + Integer.toUnsignedString(version) + ", the newest that this undump reads is "
                        + CheckpointLayout.VERSION,
                "use a newer undump",
                null);
    }

    CheckpointException truncated(long foundBytes, long expectedBytes) {
        return fault(
                Kind.TRUNCATED,
                foundBytes,
                "it is truncated: " + foundBytes + " bytes found, " + expectedBytes + " expected",
                TRY_AGAIN,
                null);
    }

    CheckpointException damaged(long offset, String found) {
        return damaged(offset, found, null);
    }

    CheckpointException damaged(long offset, String found, Throwable cause) {
        return fault(Kind.DAMAGED, offset, "it is damaged at byte " + offset + ": " + found, TRY_AGAIN, cause);
    }

    CheckpointException damagedChecksum(long offset, String what, int found, int stated) {
        return damaged(
                offset,
                "the checksum of " + what + " is 0x" + Integer.toHexString(found) + ", 0x" + Integer.toHexString(stated)
                        + " was written");
    }

    Path file() {
        return file;
    }

    /** Turns an error of the system into words; one of ours stays as it is. */
    CheckpointException unreadable(IOException e) {
        if (e instanceof CheckpointException ours) {
            return ours;
        }
        if (e instanceof NoSuchFileException) {
            return fault(Kind.UNREADABLE, 0, "there is no such file", "check the name", e);
        }
        if (e instanceof AccessDeniedException) {
            return fault(Kind.UNREADABLE, 0, "permission denied", "checkpoints belong to the user who captured them", e);
        }
        return fault(Kind.UNREADABLE, 0, e.getMessage() == null ? e.toString() : e.getMessage(), "check the file system", e);
    }

    CheckpointException unreadable(String found) {
        return fault(Kind.UNREADABLE, 0, found, "give a file that ckpt wrote, by default myckpt.dat", null);
    }

    private CheckpointException fault(Kind kind, long offset, String found, String advice, Throwable cause) {
        return new CheckpointException(kind, file, offset, action + " " + file + ": " + found + "; " + advice, cause);
    }
}
