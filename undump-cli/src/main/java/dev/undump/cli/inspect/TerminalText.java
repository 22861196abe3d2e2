// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli.inspect;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.Terminal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The modes of a terminal, in the words of stty(1). */
final class TerminalText {

    /**
     * A mode that is on in terminals that read lines, asm-generic/termbits.h.
     *
     * @param bit in the local, input or output flags
     */
    private record Mode(Kind kind, int bit, String name) {}

    private enum Kind {
        LOCAL,
        INPUT,
        OUTPUT
    }

    private static final List<Mode> MODES = List.of(
            new Mode(Kind.LOCAL, 02, "icanon"),
            new Mode(Kind.LOCAL, 010, "echo"),
            new Mode(Kind.LOCAL, 01, "isig"),
            new Mode(Kind.LOCAL, 0100000, "iexten"),
            new Mode(Kind.INPUT, 0400, "icrnl"),
            new Mode(Kind.INPUT, 02000, "ixon"),
            new Mode(Kind.OUTPUT, 01, "opost"));

    private TerminalText() {}

    /** Returns for instance {@code -icanon -echo, 24 x 80, controlling}; empty when the open file is no terminal. */
    static String of(Checkpoint checkpoint, int openFile) {
        Optional<Terminal> found = checkpoint.terminals().stream()
                .filter(terminal -> terminal.openFile() == openFile)
                .findFirst();
        return found.map(TerminalText::describe).orElse("");
    }

    private static String describe(Terminal terminal) {
        List<String> words = new ArrayList<>();
        List<String> off = modesOff(terminal);
        if (!terminal.isForeground()) {
            words.add("in the background");
        } else {
            words.add(off.isEmpty() ? "reads lines" : "-" + String.join(" -", off));
        }
        if (terminal.rows() > 0) {
            words.add(terminal.rows() + " x " + terminal.columns());
        }
        if (terminal.isControlling()) {
            words.add("controlling");
        }
        return String.join(", ", words);
    }

    /** Returns the names of modes that are usually on, and are off. */
    static List<String> modesOff(Terminal terminal) {
        List<String> names = new ArrayList<>();
        for (Mode mode : MODES) {
            int flags = switch (mode.kind()) {
                case LOCAL -> terminal.localFlags();
                case INPUT -> terminal.inputFlags();
                case OUTPUT -> terminal.outputFlags();
            };
            if ((flags & mode.bit()) == 0) {
                names.add(mode.name());
            }
        }
        return names;
    }
}
