// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.DataPiece;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Copies the page data of an image beside the planning. Closed before its end, it stops. */
final class PageCopy implements Closeable {

    private final Path source;
    private final FileChannel from;
    private final NewFile to;
    private final long dataStart;
    private final WriteProgress progress;
    private final ExecutorService worker = Executors.newSingleThreadExecutor(PageCopy::thread);
    private volatile boolean stopped;
    private Future<?> running;

    /**
     * Prepares copying.
     *
     * @param source the checkpoint, open as {@code from}
     * @param dataStart offset of the page data in the new file
     */
    PageCopy(Path source, FileChannel from, NewFile to, long dataStart, WriteProgress progress) {
        this.source = source;
        this.from = from;
        this.to = to;
        this.dataStart = dataStart;
        this.progress = progress;
    }

    void start(List<DataPiece> pieces) {
        running = worker.submit(() -> {
            copy(pieces);
            return null;
        });
    }

    /** Waits until all is copied; what progress has thrown comes out here. */
    void await() throws IOException {
        try {
            running.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof IOException cause) {
                throw cause;
            }
            if (e.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw new IllegalStateException("copying page data failed", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while page data was being copied", e);
        }
    }

    /** Stops and waits for the copying thread, which must not write to a file that is no longer there. */
    @Override
    public void close() {
        stopped = true;
        worker.shutdown();
        boolean interrupted = false;
        while (running != null && !running.isDone()) {
            try {
                running.get();
            } catch (ExecutionException e) {
                break;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void copy(List<DataPiece> pieces) throws IOException {
        long total = pieces.stream().mapToLong(DataPiece::lengthBytes).sum();
        to.copyFrom(source, from, copies -> {
            long done = 0;
            for (DataPiece piece : pieces) {
                long before = done;
                copies.copy(piece.checkpointOffset(), dataStart + piece.dataOffset(), piece.lengthBytes(), bytes -> {
                    if (stopped) {
                        throw new CancellationException();
                    }
                    progress.copied(before + bytes, total);
                });
                done += piece.lengthBytes();
            }
        });
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "page copy");
        thread.setDaemon(true);
        return thread;
    }
}
