// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/**
 * Clocks at the moment all threads had stopped, nanoseconds.
 *
 * @param frozenNs how long the threads stood still; 0 when not known at writing
 * @param snapshot whether private memory was read from a snapshot, when the threads had gone on
 */
public record CaptureMoment(long realtimeNs, long monotonicNs, long boottimeNs, long frozenNs, boolean snapshot) {

    public CaptureMoment {
        Checks.notNegative("monotonic clock", monotonicNs);
        Checks.notNegative("boottime clock", boottimeNs);
        Checks.notNegative("frozen time", frozenNs);
    }
}
