// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import java.util.ArrayList;
import java.util.List;

/** Names of signals and of sets of them, signal(7). */
final class SignalNames {

    /** By number from 1, asm/signal.h of x86. */
    private static final List<String> STANDARD = List.of(
            "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
            "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
            "PWR", "SYS");

    private static final int HIGHEST = 64;

    /** The C library keeps 32 and 33 for itself. */
    private static final int FIRST_REAL_TIME = 34;

    private SignalNames() {}

    /** Returns a name like {@code USR1} or {@code RTMIN+2}. */
    static String of(int signal) {
        if (signal >= 1 && signal <= STANDARD.size()) {
            return STANDARD.get(signal - 1);
        }
        if (signal == FIRST_REAL_TIME) {
            return "RTMIN";
        }
        return signal > FIRST_REAL_TIME ? "RTMIN+" + (signal - FIRST_REAL_TIME) : "SIG" + signal;
    }

    /** Returns the members of a mask, where bit n-1 is signal n; large sets by what they lack. */
    static String set(long mask) {
        if (mask == 0) {
            return "none";
        }
        if (Long.bitCount(mask) <= HIGHEST / 2) {
            return String.join(" ", list(mask));
        }
        return mask == -1 ? "all" : "all but " + String.join(" ", list(~mask));
    }

    static List<String> list(long mask) {
        List<String> names = new ArrayList<>();
        for (int signal = 1; signal <= HIGHEST; signal++) {
            if ((mask >>> (signal - 1) & 1) != 0) {
                names.add(of(signal));
            }
        }
        return names;
    }
}
