// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

/** Work on a file for which the user waits: it shows how far it has come, until it is done or the user ends it. */
final class AttendedWork implements AutoCloseable {

    private final Interruption interruption;
    private final ConsoleProgress progress;

    private AttendedWork(Interruption interruption, ConsoleProgress progress) {
        this.interruption = interruption;
        this.progress = progress;
    }

    /**
     * Begins.
     *
     * @param task what is shown, like "Verifying myckpt.dat"
     */
    static AttendedWork begin(String task, Interruption interruption) {
        return new AttendedWork(interruption, ConsoleProgress.onStandardError(task));
    }

    /**
     * Hears how far the work has come, in bytes.
     *
     * @throws java.util.concurrent.CancellationException if it shall end
     */
    void advanced(long doneBytes, long totalBytes) {
        interruption.check();
        progress.advanced(doneBytes, totalBytes);
    }

    @Override
    public void close() {
        progress.close();
    }
}
