// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class FailureReportTest {

    @Test
    void message_ourException_isItsText() {
        assertThat(FailureReport.message(new IOException("reading x: torn"))).isEqualTo("reading x: torn");
        assertThat(FailureReport.message(new FailureReport.CommandFailure("no"))).isEqualTo("no");
    }

    @Test
    void message_systemException_isInWords() {
        assertThat(FailureReport.message(new NoSuchFileException("/x"))).isEqualTo("/x: there is no such file");
        assertThat(FailureReport.message(new AccessDeniedException("/x"))).isEqualTo("/x: permission denied");
        assertThat(FailureReport.message(new FileSystemException("/x", null, "No space left on device")))
                .isEqualTo("/x: No space left on device");
    }

    @Test
    void message_outOfMemory_namesTheHeapAndTheWayOut() {
        assertThat(FailureReport.message(new OutOfMemoryError("Java heap space")))
                .startsWith("out of memory: the Java heap of ")
                .contains("UNDUMP_JAVA_OPTIONS");
    }

    @Test
    void message_bug_asksForAReport() {
        assertThat(FailureReport.message(new IllegalStateException("x")))
                .startsWith("internal error: java.lang.IllegalStateException: x")
                .contains("--stacktrace");
        assertThat(FailureReport.message(new NullPointerException())).startsWith("internal error: ");
    }

    @Test
    void message_interruption_isCalm() {
        assertThat(FailureReport.message(new CancellationException())).isEqualTo("interrupted; nothing was left behind");
    }
}
