// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

/**
 * Says why no image can be made of a checkpoint: something in it cannot be brought back faithfully.
 *
 * <p>The message names the thing (thread, address, descriptor), what was found and what to do.
 */
public final class PlanException extends Exception {

    private static final long serialVersionUID = 1;

    PlanException(String message) {
        super(message);
    }
}
