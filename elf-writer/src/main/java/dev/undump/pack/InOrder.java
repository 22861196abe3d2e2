// SPDX-License-Identifier: Apache-2.0
package dev.undump.pack;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/** Several threads work on numbered parts, a bounded number of parts ahead; the caller takes their results in order. */
final class InOrder<T> implements Closeable {

    /** Makes the work on a part; called in order, by the thread that calls {@link #run}. */
    interface Parts<T> {
        Callable<T> part(long number) throws IOException;
    }

    /** Takes what became of a part; called in order, by the thread that calls {@link #run}. */
    interface Results<T> {
        void take(long number, T result) throws IOException;
    }

    private final ExecutorService threads;
    private final int ahead;
    private volatile boolean stopped;

    /**
     * Makes the threads.
     *
     * @param ahead parts that are worked on, or wait, before the first of them is taken
     */
    InOrder(int threadCount, int ahead) {
        this.threads = Executors.newFixedThreadPool(threadCount, InOrder::thread);
        this.ahead = ahead;
    }

    void run(long count, Parts<T> parts, Results<T> results) throws IOException {
        Deque<Future<T>> waiting = new ArrayDeque<>();
        long started = 0;
        for (long number = 0; number < count; number++) {
            while (started < count && waiting.size() < ahead) {
                waiting.add(threads.submit(parts.part(started)));
                started++;
            }
            results.take(number, result(waiting.remove()));
        }
    }

    /** For the threads, now and then: nobody wants the result any more. */
    void checkStopped() {
        if (stopped) {
            throw new CancellationException();
        }
    }

    /** Waits for the threads, which must not write to a file that is no longer there. */
    @Override
    public void close() {
        stopped = true;
        threads.shutdown();
        boolean interrupted = false;
        boolean ended = false;
        while (!ended) {
            try {
                ended = threads.awaitTermination(1, TimeUnit.DAYS);
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private static <T> T result(Future<T> future) throws IOException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            if (e.getCause() instanceof Error cause) {
                throw cause;
            }
            throw new IllegalStateException("a thread failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while threads were at work", e);
        }
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "pack");
        thread.setDaemon(true);
        return thread;
    }
}
