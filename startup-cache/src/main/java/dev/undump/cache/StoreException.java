// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** A store cannot be used. The message is complete: what was done, found, expected, and what to try. */
public final class StoreException extends IOException {

    private static final long serialVersionUID = 1;

    private final transient Path path;

    StoreException(Path path, String message, Throwable cause) {
        super(message, cause);
        this.path = path;
    }

    /** Returns the file or folder in question. */
    public Path path() {
        return path;
    }

    /** Wraps a failure of one step. */
    static StoreException of(String step, Path path, IOException cause) {
        return new StoreException(path, step + " " + path + ": " + reason(cause), cause);
    }

    /** Says why in few words. */
    static String reason(IOException e) {
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (e instanceof FileSystemException system && system.getReason() != null) {
            return system.getReason();
        }
        return e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    }
}
