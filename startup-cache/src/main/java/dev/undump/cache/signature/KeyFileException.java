// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.signature;

import java.io.IOException;
import java.nio.file.Path;

/** A file of keys or certificates cannot be used. The message is complete: the file, what was found, what to do. */
public final class KeyFileException extends IOException {

    private static final long serialVersionUID = 1;

    KeyFileException(Path file, String problem, Throwable cause) {
        super("reading " + file + ": " + problem, cause);
    }
}
