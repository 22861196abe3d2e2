// SPDX-License-Identifier: Apache-2.0
package javax.crac;

/** Behind the checkpoint resources failed. What they threw are the suppressed exceptions. */
public class RestoreException extends Exception {
    private static final long serialVersionUID = 1;

    /** Without a message. */
    public RestoreException() {}

    /** @param message sentence for the user */
    public RestoreException(String message) {
        super(message);
    }
}
