// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.CancellationException;

/** Turns whatever went wrong into one line on standard error. */
public final class FailureReport {

    private FailureReport() {}

    /**
     * Prints the line.
     *
     * @param trace whether the stack trace follows it
     * @return the exit status
     */
    static int print(Throwable failure, PrintWriter err, boolean trace) {
        err.println("undump: " + Printable.line(message(failure)));
        if (trace) {
            failure.printStackTrace(err);
        }
        err.flush();
        return ExitStatus.FAILED;
    }

    /** Returns what a failure is in one sentence. */
    public static String message(Throwable failure) {
        if (failure instanceof OutOfMemoryError) {
            return "out of memory: the Java heap of " + (Runtime.getRuntime().maxMemory() >> 20)
                    + " MiB is too small for this file; give more with UNDUMP_JAVA_OPTIONS=-Xmx1g";
        }
        if (failure instanceof StackOverflowError) {
            return "out of stack space; give more with UNDUMP_JAVA_OPTIONS=-Xss8m";
        }
        if (failure instanceof CancellationException) {
            return "interrupted; nothing was left behind";
        }
        if (failure instanceof FileSystemException system && failure.getClass().getName().startsWith("java.")) {
            return system(system);
        }
        String text = failure.getMessage();
        if (text == null || text.isBlank() || failure instanceof RuntimeException && !(failure instanceof CommandFailure)) {
            return "internal error: " + failure + "; please report it with the output of --stacktrace";
        }
        return text;
    }

    /** The JDK's messages of these often are nothing but the path. */
    private static String system(FileSystemException failure) {
        String path = failure.getFile() == null ? "a file" : failure.getFile();
        if (failure instanceof NoSuchFileException) {
            return path + ": there is no such file";
        }
        if (failure instanceof AccessDeniedException) {
            return path + ": permission denied";
        }
        return path + ": " + (failure.getReason() == null ? failure.getClass().getSimpleName() : failure.getReason());
    }

    /** A failure that a command itself has found; its message is complete. */
    public static final class CommandFailure extends RuntimeException {

        private static final long serialVersionUID = 1;

        public CommandFailure(String message, IOException cause) {
            super(message, cause);
        }

        public CommandFailure(String message) {
            super(message);
        }
    }
}
