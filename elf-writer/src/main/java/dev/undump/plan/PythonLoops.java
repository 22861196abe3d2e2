// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.CheckpointMemory;
import dev.undump.checkpoint.ExportedSymbols;
import dev.undump.checkpoint.Extent;
import dev.undump.checkpoint.Mapping;
import dev.undump.checkpoint.MappingKind;
import dev.undump.checkpoint.NativeText;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Finds where CPython 3.7 to 3.11 keep the id of the process in which an event loop of asyncio runs: {@code rl_pid} of a
 * {@code PyRunningLoopHolder} for each such thread (Modules/_asynciomodule.c). With the old id, asyncio takes the program for a
 * forked child and knows of no running loop. Later ones reset the loop in the child instead.
 *
 * <p>The objects are known by their type, the type by the name to which it points, the name by its characters in the module,
 * and the module by its name or by what it exports: in a launched image that is captured again, all names are the image's.
 */
final class PythonLoops {

    private static final String TYPE_NAME = "_RunningLoopHolder\0";

    private static final String MODULE = "PyInit__asyncio";

    /** Files that hold the module: an extension of its own, as most builds have it, or the interpreter. */
    private static final List<String> FILES = List.of("_asyncio", "libpython3", "python3");

    /** PyTypeObject and PyRunningLoopHolder on 64-bit machines. */
    private static final int TYPE_OF_OBJECT = 8;

    private static final int NAME_OF_TYPE = 24;
    private static final int SIZE_OF_TYPE = 32;
    private static final int HOLDER_PID = 24;
    private static final int HOLDER_BYTES = 32;

    private final CheckpointMemory memory;
    private final TidPatches patches;

    PythonLoops(CheckpointMemory memory, TidPatches patches) {
        this.memory = memory;
        this.patches = patches;
    }

    void find(int pid, List<ExportedSymbols> modules) throws IOException {
        List<ExportedSymbols> holders = new ArrayList<>();
        for (ExportedSymbols module : modules) {
            if (module.variable(MODULE).isPresent()) {
                holders.add(module);
            }
        }
        List<Mapping> files = memory.mappings().stream()
                .filter(mapping -> mapping.kind() == MappingKind.PRIVATE_FILE && mayHoldModule(mapping.name())
                        || holders.stream().anyMatch(module -> module.contains(mapping.range().start())))
                .toList();
        Set<Long> names = new HashSet<>();
        TextPlaces places = new TextPlaces(memory, TYPE_NAME);
        for (Mapping mapping : files) {
            places.find(mapping, names::add);
        }
        Set<Long> types = new HashSet<>();
        for (long pointer : pointersTo(names, files, Extent::hasBytes)) {
            OptionalLong size = memory.readLong(pointer - NAME_OF_TYPE + SIZE_OF_TYPE);
            if (size.isPresent() && size.getAsLong() == HOLDER_BYTES) {
                types.add(pointer - NAME_OF_TYPE);
            }
        }
        for (long pointer : pointersTo(types, memory.mappings(), MemoryWindows.CHANGED)) {
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

    /** Returns the places in writable memory that hold one of these addresses. */
    private List<Long> pointersTo(Set<Long> targets, List<Mapping> mappings, Predicate<Extent> searched) throws IOException {
        List<Long> places = new ArrayList<>();
        if (targets.isEmpty()) {
            return places;
        }
        long lowest = targets.stream().mapToLong(Long::longValue).min().orElseThrow();
        long highest = targets.stream().mapToLong(Long::longValue).max().orElseThrow();
        new MemoryWindows(memory)
                .<Long>search(
                        mappings,
                        searched,
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
