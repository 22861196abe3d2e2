// SPDX-License-Identifier: Apache-2.0
package dev.undump.tune;

import java.io.IOException;
import java.nio.file.Path;

/** An image cannot be tuned. The message is complete; the image is as it was. */
public final class TuneException extends IOException {

    private static final long serialVersionUID = 1;

    private final transient Path path;

    TuneException(Path path, String found, Throwable cause) {
        super("tuning " + path + ": " + found, cause);
        this.path = path;
    }

    /** Returns the image. */
    public Path path() {
        return path;
    }
}
