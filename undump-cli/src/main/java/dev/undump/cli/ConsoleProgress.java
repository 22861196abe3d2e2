// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import java.io.PrintStream;
import java.time.Duration;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on standard error, if that is a terminal, and only once the work has lasted over a second. */
final class ConsoleProgress implements AutoCloseable {

    private static final long PATIENCE_NS = Duration.ofSeconds(1).toNanos();
    private static final int STDERR = 2;
    private static final int DEFAULT_COLUMNS = 80;
    private static final int UPDATE_MS = 200;

    private final String task;
    private final PrintStream out;
    private final LongSupplier nanoTime;
    private final Terminal terminal;
    private final long start;
    private boolean decided;
    private ProgressBar bar;

    /** What is known about standard error. */
    interface Terminal {

        /** Returns the width in characters, or 0 when it is no terminal. */
        int columns();
    }

    ConsoleProgress(String task, PrintStream out, LongSupplier nanoTime, Terminal terminal) {
        this.task = task;
        this.out = out;
        this.nanoTime = nanoTime;
        this.terminal = terminal;
        this.start = nanoTime.getAsLong();
    }

    static ConsoleProgress onStandardError(String task) {
        return new ConsoleProgress(task, System.err, System::nanoTime, ConsoleProgress::standardErrorColumns);
    }

    /** Hears how far the work has come, in bytes. */
    void advanced(long doneBytes, long totalBytes) {
        if (!decided && nanoTime.getAsLong() - start >= PATIENCE_NS) {
            decided = true;
            int columns = terminal.columns();
            if (columns > 0 && doneBytes < totalBytes) {
                bar = open(doneBytes, totalBytes, columns);
            }
        }
        if (bar != null) {
            bar.stepTo(doneBytes);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }

    private ProgressBar open(long doneBytes, long totalBytes, int columns) {
        return new ProgressBarBuilder()
                .setTaskName(task)
                .setInitialMax(totalBytes)
                .setUnit(" MiB", 1 << 20)
                .setStyle(ProgressBarStyle.ASCII)
                .startsFrom(doneBytes, Duration.ofNanos(nanoTime.getAsLong() - start))
                .setUpdateIntervalMillis(UPDATE_MS)
                .setConsumer(new ConsoleProgressBarConsumer(out, columns - 1))
                .clearDisplayOnFinish()
                .build();
    }

    private static int standardErrorColumns() {
        CLibrary library = CLibrary.load();
        if (library.isatty(STDERR) != 1) {
            return 0;
        }
        CLibrary.WindowSize size = new CLibrary.WindowSize();
        boolean known = library.ioctl(STDERR, CLibrary.TIOCGWINSZ, size) == 0 && size.columns > 0;
        return known ? size.columns : DEFAULT_COLUMNS;
    }
}
