// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.FileStamp;
import dev.undump.checkpoint.InputKind;
import dev.undump.cli.Printable;
import dev.undump.plan.FallbackCommand;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Files whose state the program has seen, and what a launch does about them. */
final class InputText {

    private static final long NANOSECONDS = 1_000_000_000L;

    private InputText() {}

    static void print(Subject subject, PrintWriter out) {
        List<SeenFile> files = SeenFile.of(subject);
        if (files.isEmpty()) {
            return;
        }
        Map<InputKind, Integer> counts = new EnumMap<>(InputKind.class);
        files.forEach(file -> counts.merge(file.kind(), 1, Integer::sum));
        List<String> parts = new ArrayList<>();
        counts.forEach((kind, count) -> parts.add(count + " " + kind.label()));
        out.println();
        out.println(Sizes.count(files.size(), "input") + ": " + String.join(", ", parts));
        Table table = new Table("KIND", " SIZE", "CHANGED", "PATH");
        for (SeenFile file : files) {
            boolean missing = file.kind() == InputKind.MISSING;
            table.row(
                    file.kind().label(),
                    file.stamp().isRegular() ? Sizes.bytes(file.stamp().sizeBytes()) : "-",
                    missing ? "-" : moment(file.stamp()),
                    file.path() + (file.target().isEmpty() ? "" : " -> " + file.target()));
        }
        table.print(out);
    }

    /** Says what a launch of an image does when one has changed. */
    static void printFallback(FallbackCommand command, PrintWriter out) {
        StringBuilder words = new StringBuilder(command.program().toString());
        command.arguments().stream().skip(1).forEach(argument -> words.append(' ').append(argument));
        out.println(Printable.line("  when an input has changed: runs " + words
                + (command.takesArguments() ? " and the launch's arguments" : "")));
    }

    private static String moment(FileStamp stamp) {
        return Instant.ofEpochSecond(Math.floorDiv(stamp.mtimeNs(), NANOSECONDS)).toString();
    }
}
