// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.FileStamp;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.NativeText;

/**
 * A file that a launch looks at: {@code struct image_input}.
 *
 * @param path absolute
 * @param stamp what an unchanged one is like; of a missing one {@link FileStamp#NONE}, or that of the link that leads nowhere
 * @param digest 32 bytes as image_format.h defines them for its kind; zeros where there is none
 */
public record PlannedInput(NativeText path, InputKind kind, FileStamp stamp, Bytes digest) {

    public PlannedInput {
        if (digest.length() != InputDigest.BYTES) {
            throw new IllegalArgumentException("digest of " + path + " has " + digest.length() + " bytes");
        }
    }

    /** Returns the same with another stamp. */
    public PlannedInput withStamp(FileStamp newStamp) {
        return new PlannedInput(path, kind, newStamp, digest);
    }
}
