// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Interrupts the thread that opened it when less than a trickle has moved in a while, or when all of it takes too long. One
 * means for whatever that thread waits in: connecting, an answer's head, a body in either direction, a library.
 */
final class StallWatch implements AutoCloseable {

    private final Timeouts timeouts;
    private final Thread watched = Thread.currentThread();
    private final Thread watcher = new Thread(this::watch, "undump-remote-watch");
    private final long end;

    // All below under this object's monitor.
    private long moved;
    private boolean closed;
    private String verdict;

    private StallWatch(Timeouts timeouts) {
        this.timeouts = timeouts;
        this.end = System.nanoTime() + timeouts.total().toNanos();
    }

    static StallWatch start(Timeouts timeouts) {
        StallWatch watch = new StallWatch(timeouts);
        watch.watcher.setDaemon(true);
        watch.watcher.start();
        return watch;
    }

    /** Says that so many bytes came or went, from any thread. */
    synchronized void moved(long bytes) {
        moved += bytes;
    }

    /** Returns how many bytes came and went so far. */
    synchronized long total() {
        return moved;
    }

    /** Returns what was too slow, or null when nothing was. */
    synchronized String verdict() {
        return verdict;
    }

    /** Ends the watch; the interrupt, if there was one, does not outlive it. */
    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            notifyAll();
            if (verdict != null) {
                Thread.interrupted();
            }
        }
    }

    private void watch() {
        long enough = Math.max(1, timeouts.idle().toMillis() * Timeouts.MINIMUM_BYTES_PER_SECOND / 1000);
        long before = 0;
        synchronized (this) {
            while (sleep(Math.min(System.nanoTime() + timeouts.idle().toNanos(), end))) {
                if (System.nanoTime() - end >= 0) {
                    verdict = "it was not done after " + words(timeouts.total()) + " (total-timeout)";
                } else if (moved - before < enough) {
                    long slow = moved - before;
                    verdict = (slow == 0 ? "nothing came or went" : "no more than " + slow + " bytes came or went") + " in "
                            + words(timeouts.idle()) + " (idle-timeout)";
                } else {
                    before = moved;
                    continue;
                }
                watched.interrupt();
                return;
            }
        }
    }

    /** Waits for a point in time; false when the watch was closed before. */
    private boolean sleep(long until) {
        try {
            for (long left; !closed && (left = until - System.nanoTime()) > 0; ) {
                TimeUnit.NANOSECONDS.timedWait(this, left);
            }
        } catch (InterruptedException e) {
            // Nobody interrupts the watcher but a shutdown.
            return false;
        }
        return !closed;
    }

    static String words(Duration duration) {
        long milliseconds = duration.toMillis();
        return milliseconds % 1000 == 0 ? milliseconds / 1000 + " s" : milliseconds + " ms";
    }
}
