// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.IntervalTimer;
import dev.undump.checkpoint.PendingSignal;
import dev.undump.checkpoint.PosixTimer;
import dev.undump.checkpoint.SignalAction;
import dev.undump.cli.Printable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** Signal handlers, pending signals and interval timers. */
final class SignalText {

    static final long IGNORE = 1;

    static final List<String> TIMERS = List.of("real", "virtual", "prof");

    /** {@code SA_*} bits with a name, asm/signal.h of x86. */
    private static final List<FlagName> FLAGS = List.of(
            new FlagName(0x1, "nocldstop"),
            new FlagName(0x2, "nocldwait"),
            new FlagName(0x4, "siginfo"),
            new FlagName(0x08000000L, "onstack"),
            new FlagName(0x10000000L, "restart"),
            new FlagName(0x40000000L, "nodefer"),
            new FlagName(0x80000000L, "resethand"));

    private record FlagName(long bit, String name) {}

    private SignalText() {}

    static void print(Subject subject, PrintWriter out) {
        Checkpoint checkpoint = subject.checkpoint();
        actions(checkpoint, out);
        if (!checkpoint.pending().isEmpty()) {
            out.println();
            out.println(Sizes.count(checkpoint.pending().size(), "pending signal"));
            for (PendingSignal signal : checkpoint.pending()) {
                String whom = signal.ownTid() == 0 ? "the process" : "thread " + signal.ownTid();
                out.println("  " + SignalNames.of(signal.signal()) + " for " + whom);
            }
        }
        timers(checkpoint, out);
        posixTimers(checkpoint, out);
    }

    private static void actions(Checkpoint checkpoint, PrintWriter out) {
        out.println();
        out.println(Sizes.count(checkpoint.actions().size(), "signal") + " not at default");
        CodePlaces places = new CodePlaces(checkpoint);
        Table table = new Table("SIGNAL", "FLAGS", "BLOCKS", "HANDLER");
        for (SignalAction action : checkpoint.actions()) {
            table.row(
                    SignalNames.of(action.signal()),
                    String.join(" ", flags(action)),
                    SignalNames.set(action.mask()),
                    handler(action, places));
        }
        if (!checkpoint.actions().isEmpty()) {
            table.print(out);
        }
    }

    private static String handler(SignalAction action, CodePlaces places) {
        if (action.handler() == 0) {
            return "default";
        }
        if (action.handler() == IGNORE) {
            return "ignored";
        }
        return ByteRange.format(action.handler()) + " " + places.describe(action.handler());
    }

    static List<String> flags(SignalAction action) {
        List<String> words = new ArrayList<>();
        for (FlagName flag : FLAGS) {
            if ((action.flags() & flag.bit()) != 0) {
                words.add(flag.name());
            }
        }
        return words;
    }

    private static void timers(Checkpoint checkpoint, PrintWriter out) {
        for (int i = 0; i < TIMERS.size(); i++) {
            IntervalTimer timer = checkpoint.process().intervalTimers().get(i);
            if (timer.isArmed()) {
                out.println();
                out.println(Printable.line("timer " + TIMERS.get(i) + ": expires in " + microseconds(timer.valueUs())
                        + (timer.intervalUs() == 0 ? "" : ", then every " + microseconds(timer.intervalUs()))));
            }
        }
    }

    private static void posixTimers(Checkpoint checkpoint, PrintWriter out) {
        for (PosixTimer timer : checkpoint.posixTimers()) {
            String due = timer.remainingNs() == 0 ? "does not run" : "expires in " + Sizes.nanoseconds(timer.remainingNs());
            String interval = timer.intervalNs() == 0 ? "" : ", then every " + Sizes.nanoseconds(timer.intervalNs());
            out.println();
            out.println(Printable.line("POSIX timer " + timer.id() + ": " + due + interval));
        }
    }

    private static String microseconds(long value) {
        return value > Long.MAX_VALUE / 1000 ? value + " us" : Sizes.nanoseconds(value * 1000);
    }
}
