// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.ByteRange;
import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Finds where CPython 3.7 to 3.11 keep the id of the process in which an event loop of asyncio runs: {@code rl_pid} of a
 * {@code PyRunningLoopHolder} for each such thread (Modules/_asynciomodule.c). With the old id, asyncio takes the program for a
 * forked child and knows of no running loop. Later ones reset the loop in the child instead.
 *
 * <p>The objects are known by their type, the type by the name to which it points, the name by its characters in the module.
 */
final class PythonLoops {

    private static final byte[] TYPE_NAME = "_RunningLoopHolder\0".getBytes(StandardCharsets.US_ASCII);

    /** Files that hold the module: an extension of its own, as most builds have it, or the interpreter. */
    private static final List<String> FILES = List.of("_asyncio", "libpython3", "python3");

    /** PyTypeObject and PyRunningLoopHolder on 64-bit machines. */
    private static final int TYPE_OF_OBJECT = 8;

    private static final int NAME_OF_TYPE = 24;
    private static final int SIZE_OF_TYPE = 32;
    private static final int HOLDER_PID = 24;
    private static final int HOLDER_BYTES = 32;
    private static final int PIECE = 1 << 20;

    private final CheckpointMemory memory;
    private final TidPatches patches;

    PythonLoops(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(int pid) throws IOException {
        List<Mapping> files = memory.mappings().stream()
                .filter(mapping -> mapping.kind() == MappingKind.PRIVATE_FILE && mayHoldModule(mapping.name()))
                .toList();
        Set<Long> names = new HashSet<>();
        for (Mapping mapping : files) {
            for (Extent extent : (mapping.protection() & Mapping.WRITE) == 0 ? mapping.extents() : List.<Extent>of()) {
                if (extent.hasBytes()) {
                    findNames(extent.range(), names);
                }
            }
        }
        Set<Long> types = new HashSet<>();
        for (long pointer : pointersTo(names, files)) {
            OptionalLong size = memory.readLong(pointer - NAME_OF_TYPE + SIZE_OF_TYPE);
            if (size.isPresent() && size.getAsLong() == HOLDER_BYTES) {
                types.add(pointer - NAME_OF_TYPE);
            }
        }
        for (long pointer : pointersTo(types, memory.mappings())) {
            long holder = pointer - TYPE_OF_OBJECT;
            OptionalLong references = memory.readLong(holder);
            if (references.isPresent()
                    && references.getAsLong() > 0
                    && memory.readInt(holder + HOLDER_PID).orElse(0) == pid) {
                patches.addInt(holder + HOLDER_PID, pid, 0);
            }
        }
    }

    private static boolean mayHoldModule(NativeText name) {
        String path = name.toString();
        String file = path.substring(path.lastIndexOf('/') + 1);
        return FILES.stream().anyMatch(file::startsWith);
    }

    /** Adds the addresses of the type's name; pieces overlap, so that none is cut in two. */
    private void findNames(ByteRange range, Set<Long> names) throws IOException {
        for (long start = range.start(); start < range.end(); start += PIECE) {
            int length = (int) Math.min(PIECE + TYPE_NAME.length - 1, range.end() - start);
            Optional<ByteBuffer> piece = memory.read(start, length);
            if (piece.isEmpty()) {
                return;
            }
            byte[] bytes = piece.get().array();
            for (int at = 0; at + TYPE_NAME.length <= length; at++) {
                if (bytes[at] == TYPE_NAME[0] && isName(bytes, at)) {
                    names.add(start + at);
                }
            }
        }
    }

    private static boolean isName(byte[] bytes, int at) {
        for (int i = 0; i < TYPE_NAME.length; i++) {
            if (bytes[at + i] != TYPE_NAME[i]) {
                return false;
            }
        }
        return true;
    }

    /** Returns the places in writable memory that hold one of these addresses. */
    private List<Long> pointersTo(Set<Long> targets, List<Mapping> mappings) throws IOException {
        List<Long> places = new ArrayList<>();
        if (targets.isEmpty()) {
            return places;
        }
        long lowest = targets.stream().mapToLong(Long::longValue).min().orElseThrow();
        long highest = targets.stream().mapToLong(Long::longValue).max().orElseThrow();
        new MemoryWindows(memory)
                .<Long>search(
                        mappings,
                        (bytes, words, address) -> {
                            List<Long> found = new ArrayList<>();
                            for (int i = 0; i < words.length; i++) {
                                if (words[i] >= lowest && words[i] <= highest && targets.contains(words[i])) {
                                    found.add(address + (long) i * Long.BYTES);
                                }
                            }
                            return found;
                        },
                        places::add);
        return places;
    }
}
