// SPDX-License-Identifier: Apache-2.0
package dev.undump.cache.remote;

import com.github.luben.zstd.ZstdOutputStreamNoFinalizer;
import dev.undump.cache.Digest;
import dev.undump.pack.ZstdLibrary;
import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;

/** An image compressed in a file of its own, since its digest must be known before its first byte is sent. */
final class ImageSender implements Closeable {

    private static final int PIECE_BYTES = 1 << 17;
    private static final int LEVEL = 3;

    private final ScratchFile file;
    private final CompressedObject object;
    private final long imageBytes;

    private ImageSender(ScratchFile file, CompressedObject object, long imageBytes) {
        this.file = file;
        this.object = object;
        this.imageBytes = imageBytes;
    }

    /**
     * Compresses.
     *
     * @param folder of the compressed file
     * @throws RemoteFailure if the image has another digest, or reading or writing fails
     */
    static ImageSender compress(Path image, Digest imageDigest, Path folder, Faults faults) throws RemoteFailure {
        try {
            ZstdLibrary.load();
            ScratchFile file = ScratchFile.create(folder, "sent");
            try {
                return compress(image, imageDigest, file, faults);
            } catch (IOException e) {
                file.close();
                throw e;
            }
        } catch (RemoteFailure e) {
            throw e;
        } catch (IOException e) {
            throw faults.local("compressing " + image + " into " + folder + ": " + Faults.words(e), e);
        }
    }

    private static ImageSender compress(Path image, Digest imageDigest, ScratchFile file, Faults faults) throws IOException {
        DigestedBytes original = new DigestedBytes();
        Outgoing compressed = new Outgoing(Channels.newOutputStream(file.channel()));
        byte[] piece = new byte[PIECE_BYTES];
        // Not closed with a stream: the file stays open.
        try (InputStream in = Files.newInputStream(image);
                OutputStream zstd = new ZstdOutputStreamNoFinalizer(new BufferedOutputStream(compressed, PIECE_BYTES), LEVEL)
                        .setChecksum(true)) {
            for (int count; (count = in.read(piece)) >= 0; ) {
                original.add(piece, 0, count);
                zstd.write(piece, 0, count);
            }
        }
        Digest found = original.finish();
        if (!found.equals(imageDigest)) {
            throw faults.local(
                    "the SHA-256 of " + image + " is " + found + ", the local cache says " + imageDigest
                            + "; undump cache verify looks after that",
                    null);
        }
        return new ImageSender(file, compressed.object(), original.count());
    }

    CompressedObject object() {
        return object;
    }

    long imageBytes() {
        return imageBytes;
    }

    Path path() {
        return file.path();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }

    /** The compressed bytes on their way through the digest. */
    private static final class Outgoing extends FilterOutputStream {

        private final DigestedBytes digest = new DigestedBytes();

        Outgoing(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) throws IOException {
            out.write(bytes, offset, length);
            digest.add(bytes, offset, length);
        }

        /** The file is its owner's to close. */
        @Override
        public void close() throws IOException {
            out.flush();
        }

        CompressedObject object() {
            return new CompressedObject(digest.finish(), digest.count());
        }
    }
}
