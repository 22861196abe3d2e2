// SPDX-License-Identifier: Apache-2.0
package dev.undump.image;

import com.sun.jna.LastErrorException;
import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.ptr.LongByReference;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Set;

/**
 * Copies between two files by copy_file_range(2), which shares blocks where the file system can: no byte is moved. Only for file
 * systems that may have that, see {@link BufferCopy}.
 */
final class KernelCopy implements Closeable {

    /** File systems that have no blocks to share, where asking would only cost the time of loading JNA. */
    private static final Set<String> WITHOUT_SHARING = Set.of("ext2", "ext3", "ext4", "tmpfs");

    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int O_CLOEXEC = 02000000;

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
    }

    private final CLibrary library;
    private final int from;
    private final int to;

    private KernelCopy(CLibrary library, int from, int to) {
        this.library = library;
        this.from = from;
        this.to = to;
    }

    /**
     * Prepares copying.
     *
     * @param source file to read
     * @param target existing file to write
     * @return empty if these two certainly share no blocks
     */
    static Optional<KernelCopy> open(Path source, Path target) {
        try {
            FileStore store = Files.getFileStore(target);
            if (WITHOUT_SHARING.contains(store.type()) || !store.equals(Files.getFileStore(source))) {
                return Optional.empty();
            }
            CLibrary library = Native.load("c", CLibrary.class);
            int from = library.open(name(source), O_RDONLY | O_CLOEXEC);
            try {
                return Optional.of(new KernelCopy(library, from, library.open(name(target), O_WRONLY | O_CLOEXEC)));
            } catch (LastErrorException e) {
                library.close(from);
                return Optional.empty();
            }
        } catch (IOException | LastErrorException | UnsatisfiedLinkError e) {
            return Optional.empty();
        }
    }

    /**
     * Copies a range.
     *
     * @return bytes that were copied; fewer than wanted when these files cannot be copied so, or when the source ends
     * @throws IOException if reading or writing fails
     */
    long copy(long fromOffset, long toOffset, long bytes) throws IOException {
        long done = 0;
        while (done < bytes) {
            try {
                long count = library.copy_file_range(
                        from,
                        new LongByReference(fromOffset + done),
                        to,
                        new LongByReference(toOffset + done),
                        bytes - done,
                        0);
                if (count <= 0) {
                    return done;
                }
                done += count;
            } catch (LastErrorException e) {
                switch (e.getErrorCode()) {
                    case EINTR -> {}
                    case EBADF, EXDEV, EINVAL, ENOSYS, EOPNOTSUPP -> {
                        return done;
                    }
                    default -> throw new IOException(e.getMessage(), e);
                }
            }
        }
        return done;
    }

    @Override
    public void close() {
        library.close(from);
        library.close(to);
    }

    private static byte[] name(Path path) {
        Charset charset = Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));
        return (path + "\0").getBytes(charset);
    }
}
