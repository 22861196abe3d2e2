// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * A timer of getitimer(2), in microseconds.
 *
 * @param valueUs what remained; 0 is disarmed
 */
public record IntervalTimer(long intervalUs, long valueUs) {

    public IntervalTimer {
        Checks.notNegative("timer interval", intervalUs);
        Checks.notNegative("timer value", valueUs);
    }

    /** Returns whether it will expire. */
    public boolean isArmed() {
        return valueUs != 0;
    }
}
