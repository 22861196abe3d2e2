// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.ExtentKind;
import dev.undump.checkpoint.Mapping;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Searches the memory that the program can write, window by window, on all processors, so that it needs the same memory for
 * any size.
 */
final class MemoryWindows {

    /** Small enough to stay in a processor's cache between reading and searching. */
    private static final int WINDOW = 256 << 10;

    /** Windows that are searched at the same time, before the next ones are listed. */
    private static final int BATCH = 8192;

    /** What the program has written, or had from somebody else than a file. */
    static final Predicate<Extent> CHANGED = extent -> extent.kind() == ExtentKind.PRIVATE;

    private static final ThreadLocal<ByteBuffer> BUFFER = ThreadLocal.withInitial(
            () -> ByteBuffer.allocateDirect(WINDOW).order(ByteOrder.LITTLE_ENDIAN));

    /** Part of an extent. */
    private record Window(long address, long fileOffset, int lengthBytes) {}

    /**
     * Looks through one window; called by several threads.
     *
     * @param <T> what it finds
     */
    interface Search<T> {

        /**
         * @param bytes of the window, little-endian
         * @param words the same as words of eight bytes
         * @param address where it begins in the program's memory
         */
        List<T> in(ByteBuffer bytes, long[] words, long address) throws IOException;
    }

    private final CheckpointMemory memory;

    MemoryWindows(CheckpointMemory memory) {
        this.memory = memory;
    }

    /** Hands on what the search finds in those of the mappings that the program can write to, by address within each. */
    <T> void search(List<Mapping> mappings, Search<T> search, Consumer<T> found) throws IOException {
        search(mappings, CHANGED, search, found);
    }

    /** The same in what can only be read by now as well, such as tables that the dynamic linker has filled in. */
    <T> void searchReadable(List<Mapping> mappings, Search<T> search, Consumer<T> found) throws IOException {
        searchAny(mappings, CHANGED, search, found);
    }

    /** The same in chosen extents, which have bytes. */
    <T> void search(List<Mapping> mappings, Predicate<Extent> searched, Search<T> search, Consumer<T> found)
            throws IOException {
        List<Mapping> writable = mappings.stream()
                .filter(mapping -> (mapping.protection() & Mapping.WRITE) != 0)
                .toList();
        searchAny(writable, searched, search, found);
    }

    private <T> void searchAny(List<Mapping> mappings, Predicate<Extent> searched, Search<T> search, Consumer<T> found)
            throws IOException {
        List<Window> batch = new ArrayList<>();
        Set<ByteRange> shared = new HashSet<>();
        for (Mapping mapping : mappings) {
            for (Extent extent : mapping.extents()) {
                // Shared memory may be mapped more than once; a word of it is one word.
                if (searched.test(extent) && (!mapping.isShared() || shared.add(extent.fileRange()))) {
                    addWindows(extent, batch);
                }
                if (batch.size() >= BATCH) {
                    searchAll(batch, search, found);
                    batch.clear();
                }
            }
        }
        searchAll(batch, search, found);
    }

    private static void addWindows(Extent extent, List<Window> windows) {
        for (long done = 0; done < extent.lengthBytes(); done += WINDOW) {
            int length = (int) Math.min(WINDOW, extent.lengthBytes() - done);
            windows.add(new Window(extent.address() + done, extent.fileOffset() + done, length));
        }
    }

    private <T> void searchAll(List<Window> windows, Search<T> search, Consumer<T> found) throws IOException {
        try {
            List<T> all = windows.parallelStream()
                    .flatMap(window -> searchOne(window, search).stream())
                    .toList();
            all.forEach(found);
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private <T> List<T> searchOne(Window window, Search<T> search) {
        ByteBuffer buffer = BUFFER.get().clear().limit(window.lengthBytes());
        try {
            while (buffer.hasRemaining()) {
                if (memory.channel().read(buffer, window.fileOffset() + buffer.position()) < 0) {
                    throw new IOException("reading " + memory.file() + ": it ended at byte "
                            + (window.fileOffset() + buffer.position()) + " while it was being read");
                }
            }
            long[] words = new long[window.lengthBytes() / Long.BYTES];
            buffer.flip().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(words);
            return search.in(buffer, words, window.address());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
