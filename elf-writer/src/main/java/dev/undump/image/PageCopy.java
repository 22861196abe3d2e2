// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import dev.undump.plan.DataPiece;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;

/**
 * Copies the page data of an image beside the planning, and has the disk write it meanwhile, so that the flush at the end
 * finds little to do. Closed before its end, it stops.
 */
final class PageCopy implements Closeable {

    /** One reads while the other writes; file systems let one thread at a time write to a file. */
    private static final int COPYING_THREADS = 2;

    /** Below that, one thread is enough and the disk need not begin early. */
    private static final long LARGE = 32 << 20;

    /** Copying without moving bytes takes no time; only progress has to show and an end to be heard of. */
    private static final long KERNEL_PORTION = 64 << 20;

    /** Less is copied: sharing it would leave both files in fragments. */
    private static final long LEAST_SHARED = 256 << 10;

    private final Path source;
    private final FileChannel from;
    private final NewFile to;
    private final long dataStart;
    private final WriteProgress progress;
    private final List<Thread> copying = new ArrayList<>();
    private final List<Thread> flushing = new ArrayList<>();
    private final CountDownLatch kernelTried = new CountDownLatch(1);
    private final Object progressLock = new Object();

    private CopyQueue queue;
    private long copiedBytes;
    private volatile boolean allCopied;
    private volatile boolean stopped;
    private volatile Throwable failure;

    /** What a thread of this class does. */
    private interface Work {
        void run() throws IOException, InterruptedException;
    }

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
        queue = new CopyQueue(pieces);
        copying.add(thread("page copy", this::copyAll));
        if (queue.totalBytes() >= LARGE) {
            for (int i = 1; i < COPYING_THREADS; i++) {
                copying.add(thread("page copy " + i, this::copyThroughBuffer));
            }
            flushing.add(thread("page flush", this::flush));
        }
        copying.forEach(Thread::start);
        flushing.forEach(Thread::start);
    }

    /** Waits until all is copied; what progress has thrown comes out here. */
    void await() throws IOException {
        try {
            join(copying);
            allCopied = true;
            join(flushing);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while page data was being copied", e);
        }
        if (failure instanceof IOException cause) {
            throw cause;
        }
        if (failure instanceof RuntimeException cause) {
            throw cause;
        }
        if (failure != null) {
            throw new IllegalStateException("copying page data failed", failure);
        }
    }

    /** Stops and waits for the threads, which must not write to a file that is no longer there. */
    @Override
    public void close() {
        stopped = true;
        boolean interrupted = false;
        boolean running = true;
        while (running) {
            try {
                join(copying);
                join(flushing);
                running = false;
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void copyAll() throws IOException, InterruptedException {
        try {
            copyInKernel();
        } finally {
            kernelTried.countDown();
        }
        copyThroughBuffer();
    }

    /** Returns when all is copied, or when it turns out that the kernel cannot do it. */
    private void copyInKernel() throws IOException {
        Optional<KernelCopy> sharing = to.kernelCopyFrom(source);
        if (sharing.isEmpty()) {
            return;
        }
        try (KernelCopy kernel = sharing.get()) {
            BufferCopy other = new BufferCopy(source, from, to);
            boolean works = true;
            while (works) {
                List<DataPiece> portion = queue.take(KERNEL_PORTION);
                works = !portion.isEmpty();
                for (DataPiece piece : portion) {
                    works &= copyInKernel(kernel, other, piece);
                    advance(piece.lengthBytes());
                }
            }
        }
    }

    private boolean copyInKernel(KernelCopy kernel, BufferCopy other, DataPiece piece) throws IOException {
        long toOffset = dataStart + piece.dataOffset();
        boolean shared = piece.lengthBytes() >= LEAST_SHARED;
        long done = shared ? kernel.copy(piece.checkpointOffset(), toOffset, piece.lengthBytes()) : 0;
        other.copy(piece.checkpointOffset() + done, toOffset + done, piece.lengthBytes() - done);
        return !shared || done == piece.lengthBytes();
    }

    private void copyThroughBuffer() throws IOException, InterruptedException {
        kernelTried.await();
        BufferCopy copy = new BufferCopy(source, from, to);
        for (List<DataPiece> portion = queue.take(BufferCopy.PORTION);
                !portion.isEmpty();
                portion = queue.take(BufferCopy.PORTION)) {
            copy.copy(portion, dataStart, queue.isAscending());
            advance(portion.stream().mapToLong(DataPiece::lengthBytes).sum());
        }
    }

    /** A failed write is told to the first who asks for it to be on the disk: what is thrown here ends the writing. */
    private void flush() throws IOException, InterruptedException {
        kernelTried.await();
        while (!allCopied && !stopped) {
            to.flush();
        }
    }

    private void advance(long bytes) {
        if (stopped) {
            throw new CancellationException();
        }
        synchronized (progressLock) {
            copiedBytes += bytes;
            progress.copied(copiedBytes, queue.totalBytes());
        }
    }

    private Thread thread(String name, Work work) {
        Thread thread = new Thread(
                () -> {
                    try {
                        work.run();
                    } catch (Throwable e) {
                        fail(e);
                    }
                },
                name);
        thread.setDaemon(true);
        return thread;
    }

    private void fail(Throwable e) {
        synchronized (progressLock) {
            if (failure == null) {
                failure = e;
            }
        }
        stopped = true;
    }

    private static void join(List<Thread> threads) throws InterruptedException {
        for (Thread thread : threads) {
            thread.join();
        }
    }
}
