// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStreamNoFinalizer;
import dev.undump.pack.ZstdLibrary;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Turns the compressed bytes that come in into a file, in one pass: no more is read than the entry announced, no more is written
 * than the image is long, and the file is executable only when both digests are right.
 */
final class ImageReceiver {

    private static final int PIECE_BYTES = 1 << 17;
    /** 8 MiB: what level 19 uses at most; a server does not choose how much memory we take. */
    private static final int WINDOW_LOG_LIMIT = 23;

    private final CompressedObject expected;
    private final StoredImage stored;
    private final Path folder;
    private final Faults faults;

    ImageReceiver(CompressedObject expected, StoredImage stored, Path folder, Faults faults) {
        this.expected = expected;
        this.stored = stored;
        this.folder = folder;
        this.faults = faults;
    }

    /**
     * Reads one object.
     *
     * @param compressed read to its end, left open
     * @throws RemoteFailure if what comes is not the image, or there is no room for it
     * @throws IOException if reading the network fails
     */
    RemoteImage receive(InputStream compressed) throws IOException {
        ScratchFile file = create();
        Path kept;
        try (file) {
            expand(new Incoming(compressed), file);
            kept = keep(file);
        }
        return new RemoteImage(kept, stored.image(), stored.sizeBytes(), expected.sizeBytes(), stored.facts());
    }

    private ScratchFile create() throws RemoteFailure {
        try {
            ZstdLibrary.load();
            ScratchFile file = ScratchFile.create(folder, "fetched");
            long room = Files.getFileStore(file.path()).getUsableSpace();
            if (room < stored.sizeBytes()) {
                file.close();
                throw faults.local(
                        "the image has " + stored.sizeBytes() + " bytes, and the disk of " + folder + " has room for " + room
                                + "; undump cache gc makes room",
                        null);
            }
            return file;
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException e) {
            throw faults.local("making a file in " + folder + ": " + Faults.words(e), e);
        }
    }

    private void expand(Incoming incoming, ScratchFile file) throws IOException {
        DigestedBytes image = new DigestedBytes();
        byte[] piece = new byte[PIECE_BYTES];
        try (ZstdInputStreamNoFinalizer zstd = new ZstdInputStreamNoFinalizer(incoming)) {
            zstd.setLongMax(WINDOW_LOG_LIMIT);
            for (int count; (count = zstd.read(piece)) >= 0; ) {
                if (image.count() + count > stored.sizeBytes()) {
                    throw faults.damaged("the image is longer than the " + stored.sizeBytes() + " bytes that its entry says");
                }
                image.add(piece, 0, count);
                write(file, piece, count);
            }
        } catch (ZstdIOException e) {
            incoming.drain(piece);
            incoming.check();
            throw faults.damaged("it cannot be decompressed: " + e.getMessage());
        }
        incoming.drain(piece);
        incoming.check();
        if (image.count() != stored.sizeBytes()) {
            throw faults.damaged("the image has " + image.count() + " bytes, its entry says " + stored.sizeBytes());
        }
        var found = image.finish();
        if (!found.equals(stored.image())) {
            throw faults.damaged("the SHA-256 of the image is " + found + ", its entry says " + stored.image());
        }
    }

    private void write(ScratchFile file, byte[] piece, int count) throws IOException {
        try {
            ByteBuffer buffer = ByteBuffer.wrap(piece, 0, count);
            while (buffer.hasRemaining()) {
                file.channel().write(buffer);
            }
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            throw faults.local("writing the image to " + folder + ": " + Faults.words(e), e);
        }
    }

    private Path keep(ScratchFile file) throws RemoteFailure {
        try {
            return file.keepAsExecutable();
        } catch (IOException e) {
            throw faults.local("writing the image to " + folder + ": " + Faults.words(e), e);
        }
    }

    /** The compressed bytes on their way through the digest. */
    private final class Incoming extends FilterInputStream {

        private final DigestedBytes digest = new DigestedBytes();

        Incoming(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            int count = super.read(bytes, offset, length);
            if (count > 0) {
                digest.add(bytes, offset, count);
                if (digest.count() > expected.sizeBytes()) {
                    throw faults.damaged("the object is longer than the " + expected.sizeBytes() + " bytes that its entry says");
                }
            }
            return count;
        }

        /** The stream is its opener's to close. */
        @Override
        public void close() {}

        /** Takes what the decompressor has no use for, so that the digest tells. */
        void drain(byte[] piece) throws IOException {
            while (read(piece, 0, piece.length) >= 0) {
                // Reading is what feeds the digest.
            }
        }

        void check() throws RemoteFailure {
            if (digest.count() != expected.sizeBytes()) {
                throw faults.damaged("the object has " + digest.count() + " bytes, its entry says " + expected.sizeBytes());
            }
            var found = digest.finish();
            if (!found.equals(expected.digest())) {
                throw faults.damaged("the SHA-256 of the object is " + found + ", its entry says " + expected.digest());
            }
        }
    }
}
