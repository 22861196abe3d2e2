// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.key;

import java.io.IOException;

/** No key can be made, or a text is none. The message is complete: what was done, found, expected, and what to try. */
public final class KeyException extends IOException {

    private static final long serialVersionUID = 1;

    KeyException(String message) {
        super(message);
    }

    KeyException(String message, Throwable cause) {
        super(message, cause);
    }
}
