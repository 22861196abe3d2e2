// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ConsoleProgressTest {

    private static final long SECOND = 1_000_000_000L;

    private final ByteArrayOutputStream shown = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(shown, true, StandardCharsets.UTF_8);
    private final AtomicLong clock = new AtomicLong();
    private final AtomicInteger questions = new AtomicInteger();

    @Test
    void advanced_withinASecond_showsNothing() {
        try (ConsoleProgress progress = progress(80)) {
            progress.advanced(1, 100);
            clock.set(SECOND - 1);
            progress.advanced(99, 100);
        }

        assertThat(shown.size()).isZero();
        assertThat(questions).hasValue(0);
    }

    @Test
    void advanced_overASecondOnATerminal_showsABar() {
        try (ConsoleProgress progress = progress(80)) {
            clock.set(SECOND);
            progress.advanced(50, 100);
            progress.advanced(60, 100);
        }

        assertThat(shown.toString(StandardCharsets.UTF_8)).contains("Writing x");
        assertThat(questions).hasValue(1);
    }

    @Test
    void advanced_overASecondElsewhere_showsNothing() {
        try (ConsoleProgress progress = progress(0)) {
            clock.set(2 * SECOND);
            progress.advanced(50, 100);
        }

        assertThat(shown.size()).isZero();
    }

    @Test
    void advanced_doneAnyway_showsNothing() {
        try (ConsoleProgress progress = progress(80)) {
            clock.set(2 * SECOND);
            progress.advanced(100, 100);
        }

        assertThat(shown.size()).isZero();
    }

    private ConsoleProgress progress(int columns) {
        return new ConsoleProgress("Writing x", out, clock::get, () -> {
            questions.incrementAndGet();
            return columns;
        });
    }
}
