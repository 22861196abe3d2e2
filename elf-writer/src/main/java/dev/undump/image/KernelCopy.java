// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.ptr.LongByReference;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Copies between two files inside the kernel, by copy_file_range(2), which shares blocks where the file system can. Where it is
 * not to be had, by {@link FileChannel#transferTo}. No byte passes through the heap.
 */
final class KernelCopy implements Closeable {

    /** Bytes per call, so that progress shows. */
    private static final long LONGEST = 64 << 20;

    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int O_CLOEXEC = 02000000;

    private static final int SYNC_FILE_RANGE_WRITE = 2;

    private static final int EBADF = 9;
    private static final int EXDEV = 18;
    private static final int EINVAL = 22;
    private static final int ENOSYS = 38;
    private static final int EOPNOTSUPP = 95;
    private static final int EINTR = 4;

    /** What Java lacks of the C library; names and parameters as in its headers. */
    private interface CLibrary extends Library {
        int open(byte[] path, int flags, Object... mode) throws LastErrorException;

        int close(int fd) throws LastErrorException;

        long copy_file_range(
                int from, LongByReference fromOffset, int to, LongByReference toOffset, long length, int flags)
                throws LastErrorException;

        int sync_file_range(int fd, long offset, long bytes, int flags);
    }

    /** Both files opened once more, by number. */
    private record Numbers(CLibrary library, int from, int to) {}

    private final Path source;
    private final FileChannel from;
    private final FileChannel to;
    private Optional<Numbers> numbers;

    /**
     * Prepares copying.
     *
     * @param source file to read, open as {@code from}
     * @param target existing file to write, open as {@code to}
     */
    KernelCopy(Path source, FileChannel from, Path target, FileChannel to) {
        this.source = source;
        this.from = from;
        this.to = to;
        this.numbers = open(source, target);
    }

    /**
     * Copies a range, or a first part of it.
     *
     * @return bytes that were copied, at least one
     * @throws IOException if reading or writing fails or the source ends early
     */
    long copy(long fromOffset, long toOffset, long bytes) throws IOException {
        long wanted = Math.min(bytes, LONGEST);
        long count = numbers.isPresent() ? copyByNumber(fromOffset, toOffset, wanted) : -1;
        if (count < 0) {
            to.position(toOffset);
            count = from.transferTo(fromOffset, wanted, to);
        }
        if (count == 0) {
            throw new IOException(source + " ended at byte " + fromOffset + " while it was being copied");
        }
        return count;
    }

    @Override
    public void close() {
        numbers.ifPresent(both -> {
            both.library().close(both.from());
            both.library().close(both.to());
        });
        numbers = Optional.empty();
    }

    /** Returns -1 when these two files cannot be copied so, and does not try again. */
    private long copyByNumber(long fromOffset, long toOffset, long wanted) throws IOException {
        Numbers both = numbers.orElseThrow();
        while (true) {
            try {
                long count = both.library()
                        .copy_file_range(
                                both.from(),
                                new LongByReference(fromOffset),
                                both.to(),
                                new LongByReference(toOffset),
                                wanted,
                                0);
                // The disk starts now, so that the flush at the end has less to wait for. Only a hint: the result is ignored.
                both.library().sync_file_range(both.to(), toOffset, count, SYNC_FILE_RANGE_WRITE);
                return count;
            } catch (LastErrorException e) {
                switch (e.getErrorCode()) {
                    case EINTR -> {}
                    case EBADF, EXDEV, EINVAL, ENOSYS, EOPNOTSUPP -> {
                        close();
                        return -1;
                    }
                    default -> throw new IOException(e.getMessage(), e);
                }
            }
        }
    }

    private static Optional<Numbers> open(Path source, Path target) {
        try {
            CLibrary library = Native.load("c", CLibrary.class);
            int from = library.open(name(source), O_RDONLY | O_CLOEXEC);
            try {
                return Optional.of(new Numbers(library, from, library.open(name(target), O_WRONLY | O_CLOEXEC)));
            } catch (LastErrorException e) {
                library.close(from);
                return Optional.empty();
            }
        } catch (LastErrorException | UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    private static byte[] name(Path path) {
        Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        return (path + "\0").getBytes(charset);
    }
}
