// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import dev.undump.nativestub.CheckpointLayout.Header;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/**
 * Reads checkpoints and distrusts every number in them.
 *
 * <p>The order of questions is fixed, so that the answer is the most helpful one: is it ours, is it of a version that we know,
 * is it whole, is it undamaged, does it make sense.
 */
public final class CheckpointReader {

    private CheckpointReader() {}

    /**
     * Reads and checks header and index; page data is neither read nor checked. Heap use is a small multiple of the index.
     *
     * @param file a file that capture wrote
     * @return a checkpoint whose cross references are all valid
     * @throws CheckpointException if it is not a checkpoint, or one that cannot be trusted
     */
    public static Checkpoint read(Path file) throws CheckpointException {
        Faults faults = new Faults("reading the checkpoint", file);
        try (FileChannel channel = CheckpointFile.open(file, faults)) {
            return CheckpointFile.whole(channel, faults).checkpoint();
        } catch (IOException e) {
            throw faults.unreadable(e);
        }
    }

    /**
     * Reads a summary: the header and the index of a checkpoint, one behind the other, inside another file.
     *
     * @param file for instance an image
     * @param position where the summary starts, bytes
     * @param length bytes
     * @return a checkpoint whose offsets into the page data mean the file that it was taken from
     * @throws CheckpointException as for {@link #read}
     */
    public static Checkpoint readSummary(Path file, long position, long length) throws CheckpointException {
        Faults faults = new Faults("reading the summary of the checkpoint in", file);
        try (FileChannel channel = CheckpointFile.open(file, faults)) {
            return CheckpointFile.summary(channel, faults, position, length).checkpoint();
        } catch (IOException e) {
            throw faults.unreadable(e);
        }
    }

    /** Returns the number of bytes that {@link #writeSummary} writes. */
    public static long summarySize(Checkpoint checkpoint) {
        return Header.SIZE_BYTES + checkpoint.header().index().lengthBytes();
    }

    /**
     * Copies header and index of a checkpoint, which is what {@link #readSummary} reads.
     *
     * @param memory of the same checkpoint
     * @throws IOException if reading or writing fails
     */
    public static void writeSummary(Checkpoint checkpoint, CheckpointMemory memory, WritableByteChannel target)
            throws IOException {
        CheckpointFile.transfer(memory.channel(), ByteRange.ofLength(0, Header.SIZE_BYTES), target);
        CheckpointFile.transfer(memory.channel(), checkpoint.header().index(), target);
    }

    /**
     * Reads a checkpoint and all of its page data, and compares every checksum.
     *
     * @param progress is told about each piece; must not block
     * @return the checkpoint
     * @throws CheckpointException if anything is wrong with it
     */
    public static Checkpoint verify(Path file, Progress progress) throws CheckpointException {
        Faults faults = new Faults("verifying the checkpoint", file);
        try (FileChannel channel = CheckpointFile.open(file, faults)) {
            Checkpoint checkpoint = CheckpointFile.whole(channel, faults).checkpoint();
            new DataVerifier(channel, faults, progress).verify(checkpoint);
            return checkpoint;
        } catch (IOException e) {
            throw faults.unreadable(e);
        }
    }

    /** Hears how far a long piece of work has come. */
    @FunctionalInterface
    public interface Progress {

        /** Ignores everything. */
        Progress NONE = (doneBytes, totalBytes) -> {};

        /** Is called again and again with growing {@code doneBytes}, the last time with both equal. */
        void advanced(long doneBytes, long totalBytes);
    }
}
