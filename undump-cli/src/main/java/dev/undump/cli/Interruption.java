// SPDX-License-Identifier: Apache-2.0
package dev.undump.cli;

import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Lets Ctrl-C and SIGTERM end the work cleanly: the JVM then runs its shutdown hook beside the main thread, which goes on until
 * it asks here, unwinds, and thereby deletes its temporary file. The hook waits for that; the JVM then ends with 130 or 143.
 */
public final class Interruption {

    private static final int PATIENCE_SECONDS = 10;

    private final CountDownLatch finished = new CountDownLatch(1);
    private volatile boolean requested;

    /** Registers with the JVM; call {@link #finished} before it may end. */
    static Interruption install() {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(new Thread(interruption::request, "interruption"));
        return interruption;
    }

    /** Says that nothing is left to be cleaned up. */
    void finished() {
        finished.countDown();
    }

    /**
     * Returns normally unless the work shall end.
     *
     * @throws CancellationException if it shall
     */
    public void check() {
        if (requested) {
            throw new CancellationException();
        }
    }

    void request() {
        requested = true;
        try {
            finished.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
