// SPDX-License-Identifier: Apache-2.0
package dev.undump.command;

/** Why there is no image; the message is for the user. */
final class Unprepared extends RuntimeException {
    private static final long serialVersionUID = 1;

    Unprepared(String message) {
        super(message);
    }
}
