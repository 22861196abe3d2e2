// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import dev.undump.pack.PackException.Kind;
import java.nio.file.Path;

/** Words every refusal of one file in the same way: what was being done to it, what is wrong where, what to try. */
record PackFaults(String action, Path file) {

    private static final String COPY_AGAIN = "copy it again from where it came";

    PackException notPacked(String found, String advice) {
        return fault(Kind.NOT_PACKED, found, advice, null);
    }

    PackException packedAlready() {
        return fault(Kind.PACKED_ALREADY, "it is packed already", "give a checkpoint or an image", null);
    }

    PackException tooOld(int version) {
        return fault(Kind.TOO_OLD, version(version, "oldest"), "use the undump of that time", null);
    }

    PackException tooNew(int version) {
        return fault(Kind.TOO_NEW, version(version, "newest"), "use a newer undump", null);
    }

    PackException truncated(long foundBytes, long expectedBytes) {
        return fault(
                Kind.TRUNCATED,
                "it is truncated: " + foundBytes + " bytes found, " + expectedBytes + " expected",
                COPY_AGAIN,
                null);
    }

    PackException damaged(long offset, String found, Throwable cause) {
        return fault(Kind.DAMAGED, "it is damaged at byte " + offset + ": " + found, COPY_AGAIN, cause);
    }

    PackException damaged(String found) {
        return fault(Kind.DAMAGED, "it is damaged: " + found, COPY_AGAIN, null);
    }

    PackException changed(long offset) {
        return fault(
                Kind.CHANGED,
                "its contents behind byte " + offset + " changed while it was being packed",
                "pack it again when nothing writes to it",
                null);
    }

    private static String version(int version, String which) {
        return "its format version is " + Integer.toUnsignedString(version) + ", the " + which + " that this undump reads is "
                + PackHeader.VERSION;
    }

    private PackException fault(Kind kind, String found, String advice, Throwable cause) {
        return new PackException(kind, file, action + " " + file + ": " + found + "; " + advice, cause);
    }
}
