// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.PendingSignal;
import java.util.OptionalInt;

/**
 * A signal that is pending for the process when it goes on, {@code struct image_pending_signal}.
 *
 * @param timer index of the POSIX timer whose own signal it is, and which is made to fire instead of queueing it
 */
public record PlannedSignal(PendingSignal signal, OptionalInt timer) {

    static PlannedSignal queued(PendingSignal signal) {
        return new PlannedSignal(signal, OptionalInt.empty());
    }
}
