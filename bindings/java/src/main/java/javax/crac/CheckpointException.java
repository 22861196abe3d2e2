// SPDX-License-Identifier: Apache-2.0
package javax.crac;

/** There was no checkpoint; the process goes on as before. The reasons are the suppressed exceptions. */
public class CheckpointException extends Exception {
    private static final long serialVersionUID = 1;

    /** Without a message. */
    public CheckpointException() {}

    /** @param message sentence for the user */
    public CheckpointException(String message) {
        super(message);
    }
}
