// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.FileKind;
import dev.undump.checkpoint.OpenFile;
import dev.undump.cli.Printable;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Every descriptor, and what a launch will do with it. */
final class DescriptorText {

    private static final int O_APPEND = 02000;
    private static final int O_NONBLOCK = 04000;
    private static final int O_DIRECT = 040000;

    private DescriptorText() {}

    static void print(Subject subject, PrintWriter out) {
        Checkpoint checkpoint = subject.checkpoint();
        List<Descriptor> descriptors = checkpoint.descriptors();
        LaunchActions actions = LaunchActions.of(subject);
        out.println();
        out.println(Sizes.count(descriptors.size(), "descriptor"));
        actions.refusal().ifPresent(refusal -> out.println(Printable.line("  undump will refuse them: " + refusal)));
        if (descriptors.isEmpty()) {
            return;
        }
        OpenFileDetails details = new OpenFileDetails(checkpoint);
        Table table = new Table(" FD", "KIND", "FLAGS", " OFFSET", "AT LAUNCH", "PATH");
        for (Descriptor descriptor : descriptors) {
            OpenFile file = checkpoint.openFile(descriptor);
            table.row(
                    Integer.toString(descriptor.fd()),
                    kind(file),
                    String.join(" ", flags(descriptor, file)),
                    hasOffset(file) ? Long.toString(file.offset()) : "-",
                    actions.of(descriptor.fd()),
                    path(file, details.of(descriptor.openFile())));
        }
        table.print(out);
    }

    private static String path(OpenFile file, String details) {
        return file.path() + (details.isEmpty() ? "" : " (" + details + ")");
    }

    static String kind(OpenFile file) {
        return file.kind().name().toLowerCase(Locale.ROOT);
    }

    private static boolean hasOffset(OpenFile file) {
        return switch (file.kind()) {
            case REGULAR, DELETED, MEMFD, DIRECTORY -> true;
            default -> false;
        };
    }

    static List<String> flags(Descriptor descriptor, OpenFile file) {
        List<String> words = new ArrayList<>();
        words.add(List.of("r", "w", "rw", "path").get(file.accessMode()));
        addIf(words, (file.openFlags() & O_APPEND) != 0, "append");
        addIf(words, (file.openFlags() & O_NONBLOCK) != 0, "nonblock");
        addIf(words, (file.openFlags() & O_DIRECT) != 0, "direct");
        addIf(words, descriptor.closeOnExec(), "cloexec");
        addIf(words, file.isInherited(), "inherited");
        addIf(words, file.isOutside(), "outside");
        return words;
    }

    private static void addIf(List<String> words, boolean condition, String word) {
        if (condition) {
            words.add(word);
        }
    }
}
