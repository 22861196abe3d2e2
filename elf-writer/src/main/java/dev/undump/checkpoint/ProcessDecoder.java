// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout;
import dev.undump.nativestub.CheckpointLayout.Process;
import java.util.ArrayList;
import java.util.List;

/** Decodes {@code struct ckpt_process}. */
final class ProcessDecoder {

    private static final String DELETED = "deleted";

    private ProcessDecoder() {}

    static CheckpointProcess process(RecordView view) {
        view.reserved(Process.RESERVED0, Integer.BYTES);
        return new CheckpointProcess(
                ids(view),
                settings(view),
                Trigger.ofCode(view.intAt(Process.TRIGGER)),
                view.flagAt(Process.LAUNCHED_BY_CKPT, "launched_by_ckpt"),
                marks(view),
                moment(view),
                view.longAt(Process.RESIDENT_BYTES),
                view.textAt(Process.EXECUTABLE),
                view.textAt(Process.COMMAND_LINE),
                view.textAt(Process.WORKING_DIRECTORY),
                view.textAt(Process.COMMAND_NAME),
                view.textAt(Process.KERNEL_RELEASE),
                view.textAt(Process.KERNEL_VERSION),
                view.textAt(Process.ENGINE),
                workingDirectoryDeleted(view),
                intervalTimers(view),
                rlimits(view),
                view.intAt(Process.NICE),
                view.flagAt(Process.VDSO_SEEN, "vdso_seen"),
                view.longAt(Process.LAUNCH_RECORD));
    }

    private static ProcessIds ids(RecordView view) {
        return new ProcessIds(
                view.intAt(Process.PID),
                view.intAt(Process.OWN_PID),
                view.intAt(Process.PARENT_PID),
                view.intAt(Process.GROUP_ID),
                view.intAt(Process.SESSION_ID),
                view.intAt(Process.UID),
                view.intAt(Process.GID));
    }

    private static ProcessSettings settings(RecordView view) {
        return new ProcessSettings(
                view.intAt(Process.UMASK),
                view.intAt(Process.DUMPABLE),
                view.flagAt(Process.NO_NEW_PRIVS, "no_new_privs"),
                view.flagAt(Process.CHILD_SUBREAPER, "child_subreaper"),
                view.intAt(Process.PERSONALITY),
                view.intAt(Process.THP_DISABLE),
                view.intAt(Process.MEMBARRIER));
    }

    private static MemoryMarks marks(RecordView view) {
        return new MemoryMarks(
                view.longAt(Process.START_CODE),
                view.longAt(Process.END_CODE),
                view.longAt(Process.START_DATA),
                view.longAt(Process.END_DATA),
                view.longAt(Process.START_BRK),
                view.longAt(Process.BRK),
                view.longAt(Process.START_STACK),
                view.longAt(Process.ARG_START),
                view.longAt(Process.ARG_END),
                view.longAt(Process.ENV_START),
                view.longAt(Process.ENV_END));
    }

    private static CaptureMoment moment(RecordView view) {
        return new CaptureMoment(
                view.longAt(Process.REALTIME_NS),
                view.longAt(Process.MONOTONIC_NS),
                view.longAt(Process.BOOTTIME_NS),
                view.longAt(Process.FROZEN_NS),
                view.flagAt(Process.SNAPSHOT, "snapshot"));
    }

    private static boolean workingDirectoryDeleted(RecordView view) {
        NativeText state = view.textAt(Process.WD_STATE);
        boolean deleted = state.equals(NativeText.of(DELETED));
        if (!deleted && !state.isEmpty()) {
            throw new IllegalArgumentException("state of the working directory is " + state);
        }
        return deleted;
    }

    private static List<IntervalTimer> intervalTimers(RecordView view) {
        List<IntervalTimer> timers = new ArrayList<>();
        for (int at = 0; at < Process.ITIMERS_BYTES; at += CheckpointLayout.Itimer.SIZE_BYTES) {
            timers.add(new IntervalTimer(
                    view.longAt(Process.ITIMERS + at + CheckpointLayout.Itimer.INTERVAL_US),
                    view.longAt(Process.ITIMERS + at + CheckpointLayout.Itimer.VALUE_US)));
        }
        return timers;
    }

    private static List<Rlimit> rlimits(RecordView view) {
        List<Rlimit> limits = new ArrayList<>();
        for (int at = 0; at < Process.RLIMITS_BYTES; at += CheckpointLayout.Rlimit.SIZE_BYTES) {
            limits.add(new Rlimit(
                    view.longAt(Process.RLIMITS + at + CheckpointLayout.Rlimit.SOFT),
                    view.longAt(Process.RLIMITS + at + CheckpointLayout.Rlimit.HARD)));
        }
        return limits;
    }
}
