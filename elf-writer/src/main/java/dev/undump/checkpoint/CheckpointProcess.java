// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.util.List;

/**
 * What belongs to the process as a whole.
 *
 * @param launchedByCkpt whether inherited descriptors are known and marked
 * @param residentBytes private resident memory at capture
 * @param executable path of the program, " (deleted)" removed
 * @param commandLine arguments, each followed by a zero byte
 * @param commandName comm of the leader
 * @param kernelRelease {@code uname -r}
 * @param kernelVersion {@code uname -v}
 * @param engine what captured it, like "ckpt 1.0.0"
 * @param workingDirectoryDeleted whether the working directory had no name any more
 * @param intervalTimers {@code ITIMER_REAL}, {@code ITIMER_VIRTUAL}, {@code ITIMER_PROF}
 * @param rlimits by {@code RLIMIT_*} number of asm-generic/resource.h
 * @param nice of the leader, for information
 * @param vdsoSeen whether a vdso was mapped
 * @param launchRecord address of the {@code struct image_launch_record} by which the program hears of a launch; 0: it has none
 */
public record CheckpointProcess(
        ProcessIds ids,
        ProcessSettings settings,
        Trigger trigger,
        boolean launchedByCkpt,
        MemoryMarks marks,
        CaptureMoment moment,
        long residentBytes,
        NativeText executable,
        NativeText commandLine,
        NativeText workingDirectory,
        NativeText commandName,
        NativeText kernelRelease,
        NativeText kernelVersion,
        NativeText engine,
        boolean workingDirectoryDeleted,
        List<IntervalTimer> intervalTimers,
        List<Rlimit> rlimits,
        int nice,
        boolean vdsoSeen,
        long launchRecord) {

    public static final int INTERVAL_TIMERS = 3;
    public static final int RLIMITS = 16;

    public CheckpointProcess {
        intervalTimers = List.copyOf(intervalTimers);
        rlimits = List.copyOf(rlimits);
        Checks.notNegative("resident bytes", residentBytes);
        Checks.check(intervalTimers.size() == INTERVAL_TIMERS, "number of interval timers", intervalTimers.size());
        Checks.check(rlimits.size() == RLIMITS, "number of resource limits", rlimits.size());
        Checks.check(nice >= -20 && nice <= 19, "nice", nice);
    }
}
