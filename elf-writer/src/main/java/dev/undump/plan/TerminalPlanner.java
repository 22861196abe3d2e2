// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Checkpoint;
import dev.undump.checkpoint.CheckpointThread;
import dev.undump.checkpoint.Descriptor;
import dev.undump.checkpoint.NativeText;
import dev.undump.checkpoint.Terminal;
import dev.undump.nativestub.ImageLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Plans what a launch does with its terminal: the modes that the program worked with, and the signal that makes it draw again.
 *
 * <p>A program that reads lines from an ordinary terminal has set no mode: it gets the launch's terminal as its user has it,
 * and where that is not for lines, what makes it so. Another one has set modes of its own, and finds them all again, but for what
 * belongs to the line itself: speed, character size, and how many bytes a character has.
 */
final class TerminalPlanner {

    private static final int SIGWINCH = 28;
    private static final long LAST_SPECIAL_HANDLER = 1;

    /* asm-generic/termbits.h */
    private static final int INLCR_IGNCR = 0100 | 0200;
    private static final int ICRNL = 0400;
    private static final int IUTF8 = 040000;
    private static final int OPOST = 1;
    private static final int ISIG_ECHO_IEXTEN = 1 | 010 | 0100000;
    private static final int ICANON = 2;
    /** FLUSHO, PENDIN, EXTPROC: states, and what the other end of the line decides. */
    private static final int LOCAL_STATES = 010000 | 040000 | 0200000;

    private final Checkpoint checkpoint;
    private final OpenFiles openFiles;

    TerminalPlanner(Checkpoint checkpoint, OpenFiles openFiles) {
        this.checkpoint = checkpoint;
        this.openFiles = openFiles;
    }

    /** One step for each descriptor of the program's terminal: the launch finds it by the first that is one. */
    List<FileOp> steps() {
        List<FileOp> steps = new ArrayList<>();
        ownTerminal().ifPresent(own -> {
            NativeText record = record(own);
            for (int fd : descriptorsOf(own)) {
                steps.add(FileOp.of(FileOp.Kind.TERMINAL_MODES, fd, 0, false)
                        .withPath(record)
                        .withOffset(record.length()));
            }
        });
        return steps;
    }

    /** Whether a launch has to make the program draw, for which TIOCGWINSZ is routed to the stub. */
    boolean isDrawnOn() {
        return ownTerminal().filter(this::drawsOn).isPresent();
    }

    /** The controlling terminal, or else that of the lowest descriptor. */
    private Optional<Terminal> ownTerminal() {
        return checkpoint.terminals().stream()
                .filter(terminal -> !openFiles.sharing(terminal.openFile()).isEmpty())
                .min(Comparator.comparing(Terminal::isControlling, Comparator.reverseOrder())
                        .thenComparing(terminal ->
                                openFiles.sharing(terminal.openFile()).get(0).fd()));
    }

    private List<Integer> descriptorsOf(Terminal own) {
        return checkpoint.terminals().stream()
                .filter(own::isSameDevice)
                .flatMap(terminal -> openFiles.sharing(terminal.openFile()).stream())
                .map(Descriptor::fd)
                .sorted()
                .toList();
    }

    private NativeText record(Terminal own) {
        ByteBuffer record =
                ByteBuffer.allocate(ImageLayout.Terminal.SIZE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        if (own.isForeground()) {
            modes(record, own);
        }
        record.putShort(ImageLayout.Terminal.ROWS, (short) own.rows());
        record.putShort(ImageLayout.Terminal.COLUMNS, (short) own.columns());
        record.putInt(ImageLayout.Terminal.REDRAW, drawsOn(own) ? 1 : 0);
        return NativeText.copyOf(record.array());
    }

    private static void modes(ByteBuffer record, Terminal own) {
        boolean lines = isForLines(own);
        record.putInt(ImageLayout.Terminal.INPUT_MASK, lines ? INLCR_IGNCR | ICRNL : ~IUTF8);
        record.putInt(ImageLayout.Terminal.INPUT_FLAGS, own.inputFlags());
        record.putInt(ImageLayout.Terminal.OUTPUT_MASK, lines ? OPOST : ~0);
        record.putInt(ImageLayout.Terminal.OUTPUT_FLAGS, own.outputFlags());
        record.putInt(ImageLayout.Terminal.LOCAL_MASK, lines ? ICANON | ISIG_ECHO_IEXTEN : ~LOCAL_STATES);
        record.putInt(ImageLayout.Terminal.LOCAL_FLAGS, own.localFlags());
        record.putInt(ImageLayout.Terminal.SET_CHARACTERS, lines ? 0 : 1);
        record.put(ImageLayout.Terminal.LINE, (byte) own.line());
        record.put(ImageLayout.Terminal.CHARACTERS, own.characters().toArray());
    }

    private static boolean isForLines(Terminal own) {
        int local = ICANON | ISIG_ECHO_IEXTEN;
        return (own.localFlags() & local) == local
                && (own.outputFlags() & OPOST) != 0
                && (own.inputFlags() & (ICRNL | INLCR_IGNCR)) == ICRNL;
    }

    /** A program that takes single keys and wants to know of the size has drawn what is on the screen. */
    private boolean drawsOn(Terminal own) {
        return own.isForeground() && (own.localFlags() & ICANON) == 0 && own.rows() > 0 && takesNoteOfSize();
    }

    private boolean takesNoteOfSize() {
        long bit = 1L << (SIGWINCH - 1);
        boolean handled = checkpoint.actions().stream()
                .anyMatch(action -> action.signal() == SIGWINCH
                        && (action.handler() < 0 || action.handler() > LAST_SPECIAL_HANDLER));
        return handled
                || checkpoint.threads().stream()
                        .mapToLong(CheckpointThread::signalMask)
                        .allMatch(mask -> (mask & bit) != 0);
    }
}
