// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Bytes;
import dev.undump.checkpoint.FileStamp;
import dev.undump.checkpoint.InputKind;
import dev.undump.checkpoint.NativeText;
import java.util.List;
import java.util.Optional;

/**
 * An input, of a checkpoint or of an image.
 *
 * @param target of a link, as far as it is known
 * @param digest of an image
 */
record SeenFile(NativeText path, InputKind kind, FileStamp stamp, NativeText target, Optional<Bytes> digest) {

    /** Returns those that the launches of an image look at, or those of a checkpoint. */
    static List<SeenFile> of(Subject subject) {
        if (subject.image().isPresent()) {
            return subject.image().get().inputs().files().stream()
                    .map(input -> new SeenFile(
                            input.path(), input.kind(), input.stamp(), NativeText.EMPTY, Optional.of(input.digest())))
                    .toList();
        }
        return subject.checkpoint().inputs().stream()
                .map(input -> new SeenFile(input.path(), input.kind(), input.stamp(), input.target(), Optional.empty()))
                .toList();
    }
}
