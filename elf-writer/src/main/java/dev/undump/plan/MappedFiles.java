// SPDX-License-Identifier: Apache-2.0
package dev.undump.plan;

import dev.undump.checkpoint.Mapping;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The table of files that the program shares with others by mappings; each file once. */
final class MappedFiles {

    private static final int O_RDWR = 2;

    private final Map<MappedFile, Integer> indexes = new LinkedHashMap<>();

    /** Returns the index of the mapping's file. */
    int indexOf(Mapping mapping) {
        MappedFile file = new MappedFile(mapping.name(), mapping.fileSize(), mapping.inode(), O_RDWR);
        return indexes.computeIfAbsent(file, unused -> indexes.size());
    }

    List<MappedFile> inOrder() {
        return List.copyOf(indexes.keySet());
    }
}
