// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;

/** Finds a text in what a program has mapped without the right to write. */
final class TextPlaces {

    private static final int PIECE = 1 << 20;

    private final CheckpointMemory memory;
    private final String text;

    /**
     * @param text ASCII characters, at least one
     */
    TextPlaces(CheckpointMemory memory, String text) {
        this.memory = memory;
        this.text = text;
    }

    /** Returns the files of whose code or constants the text is a part; the empty name stands for all that is no file's. */
    Set<NativeText> modules() throws IOException {
        Set<NativeText> executable = new HashSet<>();
        Set<NativeText> modules = new HashSet<>();
        for (Mapping mapping : memory.mappings()) {
            if ((mapping.protection() & Mapping.EXECUTE) != 0) {
                executable.add(mapping.name());
            }
        }
        for (Mapping mapping : memory.mappings()) {
            if (executable.contains(mapping.name()) && !modules.contains(mapping.name())) {
                find(mapping, place -> modules.add(mapping.name()));
            }
        }
        return modules;
    }

    /** Hands on the addresses of the text in a mapping, by address. */
    void find(Mapping mapping, LongConsumer found) throws IOException {
        if ((mapping.protection() & Mapping.WRITE) != 0) {
            return;
        }
        for (Extent extent : mapping.extents()) {
            if (extent.hasBytes()) {
                find(extent, found);
            }
        }
    }

    /** Pieces overlap, so that no text is cut in two. */
    private void find(Extent extent, LongConsumer found) throws IOException {
        long end = extent.range().end();
        for (long start = extent.address(); start < end; start += PIECE) {
            int length = (int) Math.min(PIECE + text.length() - 1, end - start);
            Optional<ByteBuffer> piece = memory.read(start, length);
            if (piece.isEmpty()) {
                return;
            }
            // The search in a string is what the JVM does fastest.
            String characters = new String(piece.get().array(), StandardCharsets.ISO_8859_1);
            for (int at = characters.indexOf(text); at >= 0; at = characters.indexOf(text, at + 1)) {
                found.accept(start + at);
            }
        }
    }
}
