// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Registers;
import dev.undump.checkpoint.ThreadRights;
import dev.undump.cli.Printable;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Each thread: what it does, where it stands, what it blocks. */
final class ThreadText {

    private static final List<String> POLICIES = List.of("other", "fifo", "rr", "batch", "iso", "idle", "deadline", "ext");

    private ThreadText() {}

    static void print(Subject subject, PrintWriter out) throws IOException {
        out.println();
        out.println(Sizes.count(subject.checkpoint().threads().size(), "thread"));
        CodePlaces places = new CodePlaces(subject.checkpoint());
        SystemCallText calls = new SystemCallText(subject);
        List<CheckpointThread> threads = subject.checkpoint().threads();
        List<ThreadRights> rights = subject.checkpoint().identity().threads();
        for (int i = 0; i < threads.size(); i++) {
            CheckpointThread thread = threads.get(i);
            out.println("  " + thread.tid() + inside(thread) + "  " + Printable.line(thread.name().toString()) + "  "
                    + Printable.line(calls.state(thread)));
            Registers registers = thread.registers();
            out.println("      rip " + ByteRange.format(registers.rip()) + " "
                    + Printable.line(places.describe(registers.rip())));
            out.println("      rsp " + ByteRange.format(registers.rsp()) + "  fs " + ByteRange.format(registers.fsBase())
                    + (registers.gsBase() == 0 ? "" : "  gs " + ByteRange.format(registers.gsBase())) + "  rax "
                    + ByteRange.format(registers.rax()) + "  blocks " + SignalNames.set(thread.signalMask()));
            List<String> more = particulars(thread);
            if (!rights.isEmpty()) {
                more.addAll(RightsText.particulars(rights.get(i)));
            }
            if (!more.isEmpty()) {
                out.println("      " + String.join("; ", more));
            }
        }
    }

    private static String inside(CheckpointThread thread) {
        return thread.ownTid() == thread.tid() ? "" : " (" + thread.ownTid() + " inside)";
    }

    private static List<String> particulars(CheckpointThread thread) {
        List<String> words = new ArrayList<>();
        if (thread.alternateStack().sizeBytes() != 0) {
            words.add("signal stack " + ByteRange.format(thread.alternateStack().address()) + " of "
                    + Sizes.bytes(thread.alternateStack().sizeBytes()));
        }
        if (thread.scheduling().policy() != 0) {
            words.add("scheduling " + policy(thread.scheduling().policy()) + ", priority " + thread.scheduling().priority());
        }
        if (thread.scheduling().nice() != 0) {
            words.add("nice " + thread.scheduling().nice());
        }
        if (thread.parentDeathSignal() != 0) {
            words.add("parent-death signal " + SignalNames.of(thread.parentDeathSignal()));
        }
        return words;
    }

    static String policy(int policy) {
        return policy >= 0 && policy < POLICIES.size() ? POLICIES.get(policy) : Integer.toUnsignedString(policy);
    }
}
