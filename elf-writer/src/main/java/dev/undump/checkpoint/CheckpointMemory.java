// SPDX-License-Identifier: Apache-2.0
package dev.undump.checkpoint;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * The captured memory, read by address. Pages that the checkpoint does not hold read as zero; an address outside every
 * mapping, or in guard pages, has no value. May be used by several threads.
 */
public final class CheckpointMemory implements Closeable {

    private final List<Mapping> mappings;
    private final Path file;
    private final FileChannel channel;

    private CheckpointMemory(List<Mapping> mappings, Path file, FileChannel channel) {
        this.mappings = mappings;
        this.file = file;
        this.channel = channel;
    }

    /**
     * Opens the file of a checkpoint that was read from it.
     *
     * @throws IOException if it cannot be opened, or holds something else by now; a summary has no memory either
     */
    public static CheckpointMemory open(Checkpoint checkpoint) throws IOException {
        FileChannel channel = FileChannel.open(checkpoint.file(), StandardOpenOption.READ);
        try {
            CheckpointFile.requireId(channel, checkpoint);
            return new CheckpointMemory(MemoryFileView.resolve(checkpoint), checkpoint.file(), channel);
        } catch (IOException | RuntimeException e) {
            closeAfter(e, channel);
            throw e;
        }
    }

    private static void closeAfter(Exception failure, FileChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /**
     * Returns the mappings with everything that they show: those of memory files with extents of the file as well, which are
     * of kind PRIVATE where the program shares them.
     */
    public List<Mapping> mappings() {
        return mappings;
    }

    /** Returns the file that holds the bytes of {@link Extent#fileRange()}. */
    public Path file() {
        return file;
    }

    /** Returns the open file, for moving bytes without the heap; it is closed with this object. */
    public FileChannel channel() {
        return channel;
    }

    /**
     * Returns the mapping at an address.
     *
     * @return empty if nothing is mapped there
     */
    public Optional<Mapping> mappingAt(long address) {
        int low = 0;
        int high = mappings.size() - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            Mapping candidate = mappings.get(middle);
            if (address < candidate.range().start()) {
                high = middle - 1;
            } else if (address >= candidate.range().end()) {
                low = middle + 1;
            } else {
                return Optional.of(candidate);
            }
        }
        return Optional.empty();
    }

    /**
     * Reads memory; the range may span mappings that touch.
     *
     * @param length bytes
     * @return a little-endian buffer of that length at position 0; empty if a byte is not mapped, is a guard page, lies behind
     *     the end of its file, or belongs to kernel data that is never stored
     * @throws IOException if the file cannot be read
     */
    public Optional<ByteBuffer> read(long address, int length) throws IOException {
        if (address < 0 || length < 0 || length > Long.MAX_VALUE - address) {
            return Optional.empty();
        }
        ByteBuffer result = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        ByteRange wanted = ByteRange.ofLength(address, length);
        long position = address;
        while (position < wanted.end()) {
            Optional<Mapping> mapping = mappingAt(position);
            if (mapping.isEmpty() || !copy(mapping.get(), wanted, result)) {
                return Optional.empty();
            }
            position = mapping.get().range().end();
        }
        return Optional.of(result);
    }

    /** Reads 8 bytes; empty as in {@link #read}. */
    public OptionalLong readLong(long address) throws IOException {
        Optional<ByteBuffer> bytes = read(address, Long.BYTES);
        return bytes.isPresent() ? OptionalLong.of(bytes.get().getLong(0)) : OptionalLong.empty();
    }

    /** Reads 4 bytes; empty as in {@link #read}. */
    public OptionalInt readInt(long address) throws IOException {
        Optional<ByteBuffer> bytes = read(address, Integer.BYTES);
        return bytes.isPresent() ? OptionalInt.of(bytes.get().getInt(0)) : OptionalInt.empty();
    }

    /**
     * Returns whether a text with a zero byte behind it stands at an address.
     *
     * @param text ASCII characters
     */
    public boolean holdsText(long address, String text) throws IOException {
        byte[] expected = (text + '\0').getBytes(StandardCharsets.US_ASCII);
        Optional<ByteBuffer> bytes = read(address, expected.length);
        return bytes.isPresent() && bytes.get().equals(ByteBuffer.wrap(expected));
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    private boolean copy(Mapping mapping, ByteRange wanted, ByteBuffer result) throws IOException {
        if (mapping.kind() == MappingKind.VVAR) {
            return false;
        }
        List<Extent> extents = mapping.extents();
        for (int i = ByteRange.firstEndingBehind(extents, Extent::range, wanted.start()); i < extents.size(); i++) {
            Extent extent = extents.get(i);
            if (extent.address() >= wanted.end()) {
                break;
            }
            if (!extent.hasBytes()) {
                return false;
            }
            copyExtent(extent, wanted, result);
        }
        return true;
    }

    private void copyExtent(Extent extent, ByteRange wanted, ByteBuffer result) throws IOException {
        long start = Math.max(extent.address(), wanted.start());
        long end = Math.min(extent.range().end(), wanted.end());
        ByteBuffer target =
                result.slice(Math.toIntExact(start - wanted.start()), Math.toIntExact(end - start));
        CheckpointFile.readFully(channel, target, extent.fileOffset() + (start - extent.address()));
    }
}
