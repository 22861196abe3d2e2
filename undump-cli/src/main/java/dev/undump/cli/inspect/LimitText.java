// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Rlimit;
import java.io.PrintWriter;
import java.util.List;

/** Resource limits that limit. */
final class LimitText {

    /** By number, asm-generic/resource.h. */
    static final List<String> NAMES = List.of(
            "cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile", "memlock", "as", "locks", "sigpending",
            "msgqueue", "nice", "rtprio", "rttime");

    private LimitText() {}

    static void print(Subject subject, PrintWriter out) {
        List<Rlimit> limits = subject.checkpoint().process().rlimits();
        if (limits.stream().allMatch(LimitText::isUnlimited)) {
            return;
        }
        Table table = new Table("LIMIT", " SOFT", " HARD");
        for (int i = 0; i < NAMES.size(); i++) {
            Rlimit limit = limits.get(i);
            if (!isUnlimited(limit)) {
                table.row(NAMES.get(i), value(limit.soft()), value(limit.hard()));
            }
        }
        out.println();
        out.println("resource limits, as far as they are not unlimited");
        table.print(out);
    }

    private static boolean isUnlimited(Rlimit limit) {
        return limit.soft() == Rlimit.UNLIMITED && limit.hard() == Rlimit.UNLIMITED;
    }

    private static String value(long limit) {
        return limit == Rlimit.UNLIMITED ? "unlimited" : Long.toUnsignedString(limit);
    }
}
