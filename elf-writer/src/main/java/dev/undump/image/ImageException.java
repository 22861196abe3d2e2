// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import java.io.IOException;
import java.nio.file.Path;

/** Says why an image could not be written: no such folder, no space left, no permission. Nothing of it is left behind. */
public final class ImageException extends IOException {

    private static final long serialVersionUID = 1;

    private final transient Path path;

    ImageException(Path path, String message, Throwable cause) {
        super(message, cause);
        this.path = path;
    }

    /** The image that was to be written. */
    public Path path() {
        return path;
    }
}
