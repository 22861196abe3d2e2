// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.util.Optional;

/** What is packed. */
public enum PackedKind {
    /** A file that ckpt wrote. */
    CHECKPOINT(1),
    /** An executable that undump wrote. */
    IMAGE(2);

    private final int code;

    PackedKind(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    static Optional<PackedKind> ofCode(int code) {
        for (PackedKind kind : values()) {
            if (kind.code == code) {
                return Optional.of(kind);
            }
        }
        return Optional.empty();
    }
}
