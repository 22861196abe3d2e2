// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

/** What sched_getattr(2) and {@code PR_GET_TIMERSLACK} said; times in nanoseconds. */
public record Scheduling(
        int policy,
        int policyFlags,
        int nice,
        int priority,
        long runtimeNs,
        long deadlineNs,
        long periodNs,
        long timerSlackNs) {

    public Scheduling {
        Checks.check(nice >= -20 && nice <= 19, "nice", nice);
        Checks.check(priority >= 0 && priority <= 99, "priority", priority);
    }
}
