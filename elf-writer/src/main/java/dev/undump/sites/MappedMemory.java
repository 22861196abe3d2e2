// SPDX-License-Identifier: Apache-2.0
package dev.undump.sites;

import dev.undump.checkpoint.Mapping;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Says of an address whether the program has anything there. */
final class MappedMemory {

    private final TreeMap<Long, Long> ends = new TreeMap<>();

    /** Looks at mappings that are in the order of their addresses. */
    MappedMemory(List<Mapping> mappings) {
        for (Mapping mapping : mappings) {
            Map.Entry<Long, Long> before = ends.lastEntry();
            boolean touches = before != null && before.getValue() == mapping.range().start();
            ends.put(touches ? before.getKey() : mapping.range().start(), mapping.range().end());
        }
    }

    boolean contains(long address) {
        Map.Entry<Long, Long> below = ends.floorEntry(address);
        return below != null && address < below.getValue();
    }
}
